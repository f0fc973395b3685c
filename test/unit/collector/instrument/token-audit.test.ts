/** Tokens as they are recorded: Entra v1 and v2, plain OAuth, opaque, cached, refused, and with a verifier nobody wrapped. */
import { randomBytes, randomUUID } from 'node:crypto'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import {
  auditTokenVerifier,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../../../collector/instrument/index.ts'
import { parseEvent } from '../../../../schemas/event.ts'

type Fields = Readonly<Record<string, unknown>>
afterEach(() => shutdownAudit())
const keys = randomBytes(32)
const signed = (claims: Record<string, unknown>) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(randomBytes(32))
const TENANT = '11111111-2222-4333-8444-555555555555'
const OID = '99999999-8888-4777-8666-555555555555'

let next = 0
function stage(more: object = {}) {
  const sink = memorySink()
  const options = { sink, serverId: `tokens-${next++}`, keys, ...more }
  const of = (type: string) => sink.events.filter(({ eventType }) => eventType === type) as unknown as Fields[]
  return { sink, options, of }
}
async function recorded(claims: Record<string, unknown>, authInfo: object = {}): Promise<Fields> {
  const { options, of } = stage({ expectedAudiences: ['api://orders'] })
  const verifier = auditTokenVerifier(
    { verifyAccessToken: async (token: string) => ({ token, clientId: 'c', scopes: [], ...authInfo }) },
    options,
  )
  await verifier.verifyAccessToken(await signed(claims))
  const [event] = of('auth.token.validated') as [Fields]
  expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
  return event
}

describe('claims', () => {
  it.each([
    [{ typ: 'at+jwt' }, {}, 'access'],
    [{ typ: 'application/at+jwt' }, {}, 'access'],
    [{ typ: 'JWT' }, { scp: 'a' }, 'access'],
    [{ typ: 'JWT' }, { nonce: 'n', scp: 'a' }, 'access'],
    [{ typ: 'JWT' }, { nonce: 'n' }, 'id'],
    [{}, { at_hash: 'x', scope: 'openid' }, 'id'],
    [{ typ: 'oauth-id-jag+jwt' }, { scope: 'a' }, 'id_jag'],
    [{ typ: 'JWT' }, { typ: 'Refresh' }, 'refresh'],
    [{ typ: 'JWT' }, { sub: 'alice' }, 'unknown'],
    [{ typ: 7 }, { typ: { toString: 'x' }, token_use: null }, 'unknown'],
  ] as const)('a token with %j and %j is of class %s', async (header, claims, tokenType) => {
    const { options, of } = stage()
    const token = `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.x`
    const verifier = { verifyAccessToken: async (given: string) => ({ token: given, clientId: 'c', scopes: [] }) }
    await auditTokenVerifier(verifier, options).verifyAccessToken(token)
    expect(of('auth.token.validated')).toMatchObject([{ tokenType, decision: 'allow' }])
  })

  it('says who may act for the subject by the keys of principals, and what the client is capable of', async () => {
    const actor = { iss: 'https://id.example', sub: 'agent' }
    const event = await recorded({
      sub: 'alice',
      iss: 'https://id.example',
      may_act: { sub: 'agent' },
      xms_cc: ['cp1'],
    })
    const itself = await recorded({ ...actor, may_act: [null, 7, { sub: 9 }, actor] })
    expect(event).toMatchObject({ mayActSubs: [itself['principalKey']], clientCapabilities: ['cp1'] })
    expect(itself['mayActSubs']).toEqual([itself['principalKey']])
  })

  it('reads Entra v2 and v1 tokens of one person in two applications as one principal', async () => {
    const common = { tid: TENANT, oid: OID, aud: 'api://orders', uti: 'uti-1', scp: 'Orders.Read Orders.Write' }
    const v2 = await recorded({
      ...common,
      ver: '2.0',
      iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
      sub: 'pairwise-a',
      azp: 'app-2',
    })
    const v1 = await recorded({
      ...common,
      ver: '1.0',
      iss: `https://sts.windows.net/${TENANT}/`,
      sub: 'pairwise-b',
      appid: 'app-1',
    })
    expect(v2).toMatchObject({
      ver: '2.0',
      tid: TENANT,
      clientKey: 'app-2',
      jtiKind: 'uti',
      principalKind: 'user',
      scopes: [],
    })
    expect(v1).toMatchObject({ ver: '1.0', clientKey: 'app-1', aud: ['api://orders'], expectedAud: ['api://orders'] })
    expect(v1['principalKey']).toBe(v2['principalKey'])
    expect(v1['tenantKey']).toBe(v2['tenantKey'])
    expect(JSON.stringify([v1, v2])).not.toContain(OID)
  })
  it('takes scopes from the authInfo, else from scp or scope, and roles of an application token', async () => {
    const app = await recorded(
      { tid: TENANT, oid: OID, sub: OID, idtyp: 'app', appid: 'daemon', roles: ['Orders.All'], aud: 'x' },
      { scopes: undefined },
    )
    expect(app).toMatchObject({ principalKind: 'workload', roles: ['Orders.All'], idtyp: 'app' })
    expect(await recorded({ sub: 'a', iss: 'i', scope: 'r w' }, { scopes: undefined })).toMatchObject({
      scopes: ['r', 'w'],
      aud: [],
    })
    expect(await recorded({ sub: 'a', iss: 'i', scope: 'r w' }, { scopes: ['r'] })).toMatchObject({ scopes: ['r'] })
    expect(await recorded({ sub: 'svc', client_id: 'svc', iss: 'i' })).toMatchObject({
      principalKind: 'workload',
      clientKey: 'svc',
    })
  })
  it('keys the same person on another token, and another issuer apart', async () => {
    const first = await recorded({ iss: 'https://a', sub: 'alice', jti: randomUUID() })
    const refreshed = await recorded({ iss: 'https://a', sub: 'alice', jti: randomUUID() })
    const elsewhere = await recorded({ iss: 'https://b', sub: 'alice', jti: randomUUID() })
    expect(refreshed['principalKey']).toBe(first['principalKey'])
    expect(refreshed['tokenFp']).not.toBe(first['tokenFp'])
    expect(elsewhere['principalKey']).not.toBe(first['principalKey'])
  })
  it('records times, binding, actors and a URL as client', async () => {
    const event = await recorded({
      iss: 'https://a',
      sub: 'alice',
      exp: 2_000_000_000,
      iat: 1_900_000_000,
      nbf: 1_900_000_000,
      auth_time: 1_899_999_000,
      acr: 'aal2',
      amr: ['pwd', 'otp'],
      client_id: 'https://app.example/client.json',
      cnf: { jkt: 'thumb' },
      act: { sub: 'agent', act: { sub: 'inner' } },
    })
    expect(event).toMatchObject({
      expAt: 2_000_000_000,
      issuedAt: 1_900_000_000,
      notBefore: 1_900_000_000,
      authTime: 1_899_999_000,
      acr: 'aal2',
      amr: ['pwd', 'otp'],
      clientKind: 'cimd',
      cnfKind: 'jkt',
      joseAlg: 'HS256',
    })
    expect(event['actorKeys']).toHaveLength(2)
  })
  it('takes an opaque token by what the verifier says of it', async () => {
    const { options, of } = stage()
    const verifier = auditTokenVerifier(
      {
        verifyAccessToken: async (token: string) => ({
          token,
          clientId: 'cli',
          scopes: ['r'],
          expiresAt: 2e9,
          resource: new URL('https://r.example/'),
          extra: { sub: 'alice', iss: 'https://a', aud: 'x' },
        }),
      },
      { ...options, introspected: true },
    )
    const opaque = randomBytes(32).toString('base64url')
    await verifier.verifyAccessToken(opaque)
    const [event] = of('auth.token.validated') as [Fields]
    expect(event).toMatchObject({
      tokenKind: 'opaque',
      iss: 'https://a',
      aud: ['x'],
      resource: ['https://r.example/'],
      introspected: true,
      clientKey: 'cli',
      expAt: 2e9,
      jtiKind: 'none',
    })
    expect(event['principalKey']).toBe((await recorded({ iss: 'https://a', sub: 'alice' }))['principalKey'])
    expect(JSON.stringify(event)).not.toContain(opaque)
  })
  it('survives claims of any shape', async () => {
    for (const claims of [
      { sub: 7, aud: { a: 1 }, exp: 'soon', scp: 5, act: 'x', cnf: null, tid: [], oid: {} },
      { act: { act: { act: {} } } },
      { aud: Array.from({ length: 999 }, (_, i) => `a${i}`), iss: 'x'.repeat(9_999) },
    ])
      expect(await recorded(claims)).toHaveProperty('decision', 'allow')
  })
})

describe('the wrapped verifier', () => {
  it('passes results and errors through unchanged, private fields and other members too', async () => {
    class Provider {
      #count = 0
      readonly name = 'provider'
      count() {
        return this.#count
      }
      async verifyAccessToken(token: string): Promise<object> {
        this.#count++
        if (token === 'bad') throw new TypeError('bad one')
        return { token, clientId: 'c', scopes: [] }
      }
    }
    const { options, of } = stage()
    const wrapped = auditTokenVerifier(new Provider(), options)
    expect(await wrapped.verifyAccessToken('good')).toEqual({ token: 'good', clientId: 'c', scopes: [] })
    await expect(wrapped.verifyAccessToken('bad')).rejects.toThrow(new TypeError('bad one'))
    expect([wrapped.count(), wrapped.name]).toEqual([2, 'provider'])
    expect(of('auth.token.validated').map((event) => event['decision'])).toEqual(['allow', 'deny'])
  })
})

/** A server over a transport whose client side can carry authInfo, as HTTP transports do. */
async function serve(options: object) {
  const server = new McpServer({ name: 'auth', version: '1' })
  server.registerTool('t', {}, () => ({ content: [] }))
  instrumentMcpServer(server, options)
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  await server.connect(serverSide)
  await new Client({ name: 'c', version: '1' }).connect(clientSide)
  let id = 100
  return (authInfo?: object) =>
    clientSide.send(
      { jsonrpc: '2.0', id: id++, method: 'tools/call', params: { name: 't' } },
      authInfo === undefined ? {} : ({ authInfo } as never),
    )
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 10))

describe('requests', () => {
  it('claim their verification, also when a verifier caches one authInfo for many requests', async () => {
    const { options, of } = stage()
    const cached = { token: await signed({ sub: 'alice', iss: 'i' }), clientId: 'c', scopes: [] }
    const verifier = auditTokenVerifier({ verifyAccessToken: async (_token: string) => cached }, options)
    const call = await serve(options)
    const infos = [
      await verifier.verifyAccessToken('x'),
      await verifier.verifyAccessToken('x'),
      await verifier.verifyAccessToken('x'),
    ]
    await Promise.all(infos.reverse().map((info) => call(info)))
    await settled()
    const auths = of('auth.token.validated').map((event) => event['requestUid'])
    expect(auths).toHaveLength(3)
    expect(of('tool.call').map((event) => event['requestUid'])).toEqual(auths.reverse())
  })
  it('claim their verification by the token where middleware hands on a copy of the authInfo', async () => {
    const { options, of } = stage()
    const verifier = auditTokenVerifier(
      { verifyAccessToken: async (token: string) => ({ token, clientId: 'c', scopes: [] }) },
      options,
    )
    const call = await serve(options)
    const token = await signed({ sub: 'alice', iss: 'i' })
    for (let i = 0; i < 3; i++) await call({ ...(await verifier.verifyAccessToken(token)) })
    await settled()
    const auths = of('auth.token.validated').map((event) => event['requestUid'])
    expect(auths).toHaveLength(3)
    expect(of('tool.call').map((event) => event['requestUid'])).toEqual(auths)
  })
  it('without a wrapped verifier the authInfo of each request is the evidence, once a request', async () => {
    const { options, of } = stage()
    const call = await serve(options)
    const authInfo = { token: await signed({ sub: 'alice', iss: 'i', aud: 'x' }), clientId: 'c', scopes: ['r'] }
    await call(authInfo)
    await call(authInfo)
    await call()
    await settled()
    const auths = of('auth.token.validated')
    expect(auths).toHaveLength(2)
    expect(auths[0]).toMatchObject({
      aud: ['x'],
      decision: 'allow',
      reason: expect.stringContaining('not instrumented'),
    })
    const calls = of('tool.call')
    expect(calls.map((event) => event['principalKind'])).toEqual(['user', 'user', 'anonymous'])
    expect(calls.slice(0, 2).map((event) => event['requestUid'])).toEqual(auths.map((event) => event['requestUid']))
    expect(calls[2]!['principalKey']).toBeUndefined()
  })
  it('a verifier without a server id waits for the request to learn which server it was', async () => {
    const sink = memorySink()
    const verifier = auditTokenVerifier(
      { verifyAccessToken: async (token: string) => ({ token, clientId: 'c', scopes: [] }) },
      { sink, keys },
    )
    const authInfo = await verifier.verifyAccessToken(await signed({ sub: 'alice', iss: 'i' }))
    expect(sink.events).toHaveLength(0)
    await (await serve({ sink, keys }))(authInfo)
    await settled()
    const [auth] = sink.events.filter(({ eventType }) => eventType === 'auth.token.validated')
    const [call] = sink.events.filter(({ eventType }) => eventType === 'tool.call')
    expect([auth?.serverId, auth?.requestUid]).toEqual(['auth', call?.requestUid])
  })
  it('a principal callback decides where claims are not standard, and never sees the token', async () => {
    let seen: Fields = {}
    const { options, of } = stage({
      principal: (info: Fields) => {
        seen = info
        return { issuer: 'corp', subject: 'u-7', kind: 'agent' as const, clientId: 'bot' }
      },
    })
    await (await serve(options))({ token: 'opaque', clientId: 'c', scopes: [], extra: { user: 7 } })
    await settled()
    expect(of('tool.call')[0]).toMatchObject({ principalKind: 'agent', clientKey: 'bot' })
    expect(seen).not.toHaveProperty('token')
  })
})
