/** Real SDK servers over Streamable HTTP, both eras, OAuth-protected: identity, sessions and rounds end to end. */
import { Client as ClientV2, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { inputRequired } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  AUDIENCE,
  audit,
  closeAll,
  type Fields,
  headers,
  startV1,
  startV2,
  tokenFor,
  valid,
} from './protected-servers.ts'

afterEach(closeAll)

describe('SDK v1, Streamable HTTP with sessions', () => {
  it('ties each call to the verification that let it in, and to person, client and session', async () => {
    const recorded = audit()
    const { url, sessions } = await startV1(recorded)
    const alice = new ClientV1({ name: 'cli', version: '2' })
    await alice.connect(new HttpClientV1(url, headers(await tokenFor({ sub: 'alice' }))) as never)
    await alice.callTool({ name: 'order', arguments: { sku: 'a' } })
    await alice.callTool({ name: 'order', arguments: { sku: 'b' } })
    const bob = new ClientV1({ name: 'cli', version: '2' })
    await bob.connect(new HttpClientV1(url, headers(await tokenFor({ sub: 'bob' }))) as never)
    await bob.callTool({ name: 'order', arguments: { sku: 'c' } })
    const calls = recorded.of('tool.call')
    expect(calls).toHaveLength(3)
    const auths = recorded.of('auth.token.validated')
    for (const call of calls) {
      const own = auths.filter((auth) => auth['requestUid'] === call['requestUid'])
      expect(own).toHaveLength(1)
      expect(own[0]).toMatchObject({
        decision: 'allow',
        iss: 'https://id.example',
        aud: [AUDIENCE],
        expectedAud: [AUDIENCE],
        scopes: ['orders:read'],
        tokenKind: 'jwt',
        jtiKind: 'jti',
        joseAlg: 'HS256',
      })
      expect(own[0]!['principalKey']).toBe(call['principalKey'])
      expect(call).toMatchObject({
        transport: 'http',
        era: 'legacy',
        clientKey: 'shop',
        clientName: 'cli',
        principalKind: 'user',
      })
      expect(call['correlationKey']).toBe(call['sessionFp'])
      expect((own[0]!['producerSeq'] as number) < (call['producerSeq'] as number)).toBe(true)
    }
    expect(calls[0]!['principalKey']).toBe(calls[1]!['principalKey'])
    expect(calls[0]!['principalKey']).not.toBe(calls[2]!['principalKey'])
    expect(calls[0]!['sessionFp']).not.toBe(calls[2]!['sessionFp'])
    const created = recorded.of('session.created')
    expect(
      created.map((event) => [event['idLength'], event['idAlphabet'], event['idUuidVersion'], event['idBits']]),
    ).toEqual([
      [36, 'uuid', 4, 122],
      [36, 'uuid', 4, 122],
    ])
    const listed = recorded
      .of('http.request')
      .map((event) => [event['method'], event['status'], event['verb'], event['credentialLocation']])
    expect(listed).toEqual([
      ['initialize', 200, 'POST', 'header'],
      ['initialize', 200, 'POST', 'header'],
    ])
    await [...sessions.values()][0]!.close()
    expect(recorded.of('session.terminated').map((event) => event['sessionFp'])).toEqual([created[0]!['sessionFp']])
    expect(recorded.of('server.started')).toHaveLength(1)
    expect(recorded.of('tools.registry')).toHaveLength(1)
    expect(recorded.of('server.identity')).toHaveLength(1)
    valid(recorded.sink.events)
  })
  it('records a refused token with decision deny and no verified identity', async () => {
    const recorded = audit()
    const { url } = await startV1(recorded)
    const token = await tokenFor({ sub: 'mallory' })
    const client = new ClientV1({ name: 'x', version: '1' })
    await expect(client.connect(new HttpClientV1(url, headers(token)) as never)).rejects.toThrow()
    const [denied] = recorded.of('auth.token.validated') as [Fields]
    expect(denied).toMatchObject({ decision: 'deny', iss: 'https://id.example', flags: ['claims_unverified'] })
    expect(denied['principalKey']).toBeUndefined()
    expect(denied['reason']).toBe('invalid_token: token [redacted] is not good')
    expect(recorded.of('tool.call')).toHaveLength(0)
    valid(recorded.sink.events)
  })
})

describe('SDK v2, a server per request', () => {
  it('gives one call per call, one registry and one start for many servers', async () => {
    const recorded = audit()
    const stage = startV2(recorded)
    const client = new ClientV2({ name: 'm', version: '3' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new HttpClientV2(await stage.start(), headers(await tokenFor({ sub: 'alice' }))))
    for (let i = 0; i < 5; i++) await client.callTool({ name: 'note', arguments: { text: 'x' } })
    await client.callTool({ name: 'nobody' }).catch(() => undefined)
    await client.listTools()
    expect(stage.built()).toBeGreaterThanOrEqual(7)
    const calls = recorded.of('tool.call')
    const results = recorded.of('tool.result')
    expect(calls).toHaveLength(6)
    expect(new Set(results.map((event) => event['requestUid']))).toEqual(
      new Set(calls.map((event) => event['requestUid'])),
    )
    expect(results.map((event) => event['outcome'])).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'protocol_error'])
    expect(calls[0]).toMatchObject({
      era: 'modern',
      protocolVersion: '2026-07-28',
      transport: 'http',
      clientName: 'm',
      clientKey: 'shop',
    })
    expect(calls[0]!['sessionFp']).toBeUndefined()
    expect(calls[0]!['correlationKey']).toMatch(/^[0-9a-f]{32}$/)
    expect(calls.slice(0, 5).every((call) => /^[0-9a-f]{64}$/.test(String(call['definitionHash'])))).toBe(true)
    expect(recorded.of('server.started')).toHaveLength(1)
    expect(recorded.of('tools.registry')).toHaveLength(1)
    const allowed = new Set(recorded.of('auth.token.validated').map((event) => event['requestUid']))
    expect(calls.every((call) => allowed.has(call['requestUid']))).toBe(true)
    expect(recorded.of('http.request').map((event) => event['method'])).toEqual(['server/discover', 'tools/list'])
    valid(recorded.sink.events)
  })
  it('joins the rounds of a multi-round-trip call', async () => {
    const recorded = audit()
    const stage = startV2(recorded, (server) =>
      server.registerTool('confirm', { description: 'Asks back', inputSchema: z.object({}) }, (_args, ctx) =>
        ctx.mcpReq.inputResponses === undefined
          ? inputRequired({
              inputRequests: {
                sure: inputRequired.elicit({
                  message: 'Sure?',
                  requestedSchema: { type: 'object', properties: { password: { type: 'string' } } },
                }),
              },
              requestState: 'state-of-round-1',
            })
          : { content: [{ type: 'text', text: 'done' }] },
      ),
    )
    const client = new ClientV2(
      { name: 'm', version: '3' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: 'auto' } },
    )
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { password: 'p' } }))
    await client.connect(new HttpClientV2(await stage.start(), headers(await tokenFor({ sub: 'alice' }))))
    await client.callTool({ name: 'confirm', arguments: {} })
    const calls = recorded.of('tool.call')
    expect(calls.map((call) => call['round'])).toEqual([1, 2])
    expect(calls[0]!['requestUid']).not.toBe(calls[1]!['requestUid'])
    expect(calls[1]!['logicalCallId']).toBe(calls[0]!['requestUid'])
    expect(recorded.of('tool.result').map((event) => event['resultType'])).toEqual(['input_required', 'complete'])
    const [asked] = recorded.of('mrtr.input_required') as [Fields]
    const [retried] = recorded.of('mrtr.retry') as [Fields]
    expect(asked).toMatchObject({
      requestKinds: ['elicitation'],
      stateFp: retried['stateFp'],
      logicalCallId: retried['logicalCallId'],
    })
    expect(recorded.of('elicitation.requested')[0]).toMatchObject({ mode: 'form', fieldClasses: ['credential'] })
    valid(recorded.sink.events)
  })
  it('ends a call as cancelled when the client leaves', async () => {
    const recorded = audit()
    let started: () => void = () => undefined
    const running = new Promise<void>((resolve) => {
      started = resolve
    })
    const stage = startV2(recorded, (server) =>
      server.registerTool('slow', { description: 'Waits' }, async (ctx) => {
        started()
        await new Promise<void>((resolve) => ctx.mcpReq.signal.addEventListener('abort', () => resolve()))
        return { content: [] }
      }),
    )
    const client = new ClientV2({ name: 'm', version: '3' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new HttpClientV2(await stage.start(), headers(await tokenFor({ sub: 'alice' }))))
    const abort = new AbortController()
    const call = client.callTool({ name: 'slow' }, { signal: abort.signal }).catch(() => undefined)
    await running
    abort.abort()
    await call
    await expect.poll(() => recorded.of('tool.result').map((event) => event['outcome'])).toEqual(['cancelled'])
  })
  it('sees the legacy era through the same factory', async () => {
    const recorded = audit()
    const stage = startV2(recorded)
    const client = new ClientV1({ name: 'old', version: '1' })
    await client.connect(new HttpClientV1(await stage.start(), headers(await tokenFor({ sub: 'alice' }))) as never)
    await client.callTool({ name: 'note', arguments: { text: 'x' } })
    expect(recorded.of('tool.call')[0]).toMatchObject({
      era: 'legacy',
      protocolVersion: '2025-11-25',
      transport: 'http',
    })
    expect(recorded.of('tool.result')).toHaveLength(1)
  })
})
