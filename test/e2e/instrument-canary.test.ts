/** Secrets planted in everything a client can send are in no byte that leaves the process. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createSink } from '../../collector/instrument/index.ts'
import { audit, closeAll, startV1, tokenFor } from './protected-servers.ts'

afterEach(closeAll)

describe('no secret leaves the process', () => {
  it('holds in every emitted byte, raw and encoded, for tokens, session ids, arguments, results, states and headers', async () => {
    const chunks: Buffer[] = []
    const sink = createSink({
      export: async (batch) => {
        chunks.push(...batch.parts.map((part) => Buffer.from(part.bytes)))
        return { kind: 'sent' as const }
      },
      shutdown: async () => undefined,
    })
    const options = { ...audit().options, sink }
    const canary = () => `${randomBytes(8).toString('hex')}Canary${randomBytes(12).toString('base64url')}`
    const planted = {
      argument: canary(),
      argumentKey: canary(),
      tool: canary(),
      method: canary(),
      client: canary(),
      state: canary(),
      header: canary(),
      meta: canary(),
      result: canary(),
    }
    const { url, sessions } = await startV1({ options })
    const good = await tokenFor({ sub: 'alice@private.example', email: planted.client })
    const bad = await tokenFor({ sub: 'mallory' })
    await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${bad}`, cookie: `sid=${planted.header}` } })
    const post = (body: object, session?: string) =>
      fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${good}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          cookie: `sid=${planted.header}`,
          origin: `https://${planted.header}.example`,
          'last-event-id': planted.header,
          ...(session !== undefined && { 'mcp-session-id': session }),
        },
        body: JSON.stringify({ jsonrpc: '2.0', ...body }),
      }).then((response) => response.text())
    await post({
      id: planted.meta,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: planted.client, version: planted.client },
      },
    })
    const [session] = [...sessions.keys()]
    const _meta = {
      progressToken: planted.meta,
      baggage: `a=${planted.meta}`,
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    }
    await post(
      {
        id: 2,
        method: 'tools/call',
        params: { name: 'order', arguments: { sku: planted.argument, [planted.argumentKey]: 1 }, _meta },
      },
      session,
    )
    await post(
      {
        id: 3,
        method: 'tools/call',
        params: { name: planted.tool, arguments: { deep: [{ x: `a ${planted.argument} b` }] } },
      },
      session,
    )
    await post({ id: 4, method: planted.method, params: { requestState: planted.state } }, session)
    await post(
      {
        id: 5,
        method: 'tools/call',
        params: { name: 'order', requestState: planted.state, inputResponses: { a: planted.argument } },
      },
      session,
    )
    expect(await sink.flush()).toBe(true)
    expect(sink.stats.sent).toBeGreaterThan(10)
    const bytes = Buffer.concat(chunks)
    const text = bytes.toString('latin1').toLowerCase()
    const secrets = [
      ...Object.values(planted),
      ...good.split('.').slice(1),
      ...bad.split('.').slice(1),
      session!,
      'alice@private.example',
    ]
    for (const secret of secrets) {
      const forms = [
        secret,
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        Buffer.from(secret).toString('hex'),
        encodeURIComponent(secret),
        [...Buffer.from(secret)].map((octet) => `%${octet.toString(16)}`).join(''),
      ]
      for (const form of forms) expect(text.includes(form.toLowerCase()), `${secret} as ${form}`).toBe(false)
    }
    // The search is not idle: what is recorded stands there in clear.
    for (const known of ['mcp_audit.tool.call', 'tools/call', 'order', 'https://id.example'])
      expect(text).toContain(known)
  })
})
