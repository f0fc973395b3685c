/** Whatever a caller, a handler or a callback does: one call and one result, all events fit for admission, work bounded. */
import { InMemoryTransport as MemoryV1 } from '@modelcontextprotocol/sdk/inMemory.js'
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js'
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { InMemoryTransport as MemoryV2, Server as ServerV2 } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { admit } from '../../../../collector/admit.ts'
import {
  auditTokenVerifier,
  type InstrumentOptions,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../../../collector/instrument/index.ts'

afterEach(() => shutdownAudit())
const caller = { tenant: 'default', producer: 'p', claimed: true }
const done = { content: [] }
const turn = () => new Promise((resolve) => setTimeout(resolve, 5))
let next = 0

interface Side {
  onmessage?: ((message: never) => void) | undefined
  start(): Promise<void>
  send(message: unknown, options?: unknown): Promise<void>
}
function stageOf(sdk: string): { server: ServerV1; pair: [Side, MemoryV1] } {
  const facts = [{ name: 'hostile', version: '1' }, { capabilities: { tools: {} } }] as const
  return sdk === 'SDK v1'
    ? { server: new ServerV1(...facts), pair: MemoryV1.createLinkedPair() as [Side, MemoryV1] }
    : { server: new ServerV2(...facts) as never, pair: MemoryV2.createLinkedPair() as never }
}

/** Calls a tool once or more; answers the pairs of call and result and the number of answers the client got. */
async function called(
  sdk: string,
  { params = { name: 't' }, result = () => done, authInfo, options, times = 1 }: Partial<Attack>,
) {
  const { server, pair } = stageOf(sdk)
  const [client, serverSide] = pair
  if (sdk === 'SDK v1') server.setRequestHandler(CallToolRequestSchema, async () => result() as typeof done)
  else (server as unknown as ServerV2).setRequestHandler('tools/call', async () => result() as typeof done)
  const sink = (options?.sink ?? memorySink()) as ReturnType<typeof memorySink>
  instrumentMcpServer(server, { sink, serverId: `hostile-${next++}`, heartbeatMs: 0, ...options })
  let answers = 0
  client.onmessage = () => void answers++
  await client.start()
  await server.connect(serverSide)
  for (let time = 0; time < times; time++)
    await client.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, { authInfo })
  await turn()
  await server.close()
  for (const event of sink.events) {
    const admitted = admit(JSON.parse(JSON.stringify(event)), caller, Date.now())
    expect('refused' in admitted ? [event.eventType, admitted.refused.field, admitted.refused.reason] : []).toEqual([])
  }
  const of = (type: string) => sink.events.filter(({ eventType }) => eventType === type)
  const [calls, results] = [of('tool.call'), of('tool.result')]
  expect(results.map(({ requestUid }) => requestUid)).toEqual(calls.map(({ requestUid }) => requestUid))
  expect(calls).toHaveLength(times)
  return { answers, call: calls[0]!, result: results[0]! as (typeof results)[0] & Record<string, unknown>, results, of }
}
interface Attack {
  params: unknown
  result: () => unknown
  authInfo: unknown
  options: InstrumentOptions
  times: number
}
const trap = () => {
  throw new Error('trap')
}
let nested: Record<string, unknown> = { id: 'a9f3c7d2e8b14f60a9f3c7d2e8b14f61' }
for (let level = 0; level < 13; level++) nested = { ['k'.repeat(60)]: nested }
const tokenOf = (claims: string) => `e30.${Buffer.from(claims).toString('base64url')}.x`
const oddClaims = '{"sub":{"toString":1},"iss":{"toString":null,"valueOf":null},"jti":"j","act":{"sub":"a"}}'

describe.each(['SDK v1', 'SDK v2'])('%s: a call is one call and one result', (sdk) => {
  it.each<[string, Partial<Attack>]>([
    ['a BigInt in the arguments', { params: { name: 't', arguments: { a: 1n } } }],
    ['a toJSON in the arguments that throws', { params: { name: 't', arguments: { a: { toJSON: trap } } } }],
    ['a BigInt in the result', { result: () => ({ ...done, structuredContent: { a: 1n } }) }],
    ['a toJSON in the result that throws', { result: () => ({ ...done, structuredContent: { a: { toJSON: trap } } }) }],
  ])('with %s, and says that content was not read', async (_, attack) => {
    const { answers, call, result } = await called(sdk, attack)
    expect(answers).toBe(1)
    expect([...(call.flags ?? []), ...(result.flags ?? [])]).toEqual(['content_bounded'])
  })
  it.each<[string, Partial<Attack>]>([
    ['a handle below a path longer than a name', { params: { name: 't', arguments: nested } }],
    ['a minted handle below such a path', { result: () => ({ ...done, structuredContent: nested }) }],
    ['hosts that are none', { result: () => ({ content: [{ type: 'text', text: 'http://a\0b/ http://\ud800x/' }] }) }],
    ['times of a task beyond any integer', { result: () => ({ ...done, task: { taskId: 'x', ttl: 1e300 } }) }],
    ['an authInfo that is a text', { authInfo: 'me' }],
    ['claims that have no text', { authInfo: { token: tokenOf(oddClaims), clientId: 'c', expiresAt: Infinity } }],
    ['a principal callback that throws', { authInfo: { token: 't' }, options: { principal: trap } }],
    [
      'a principal callback that answers null',
      { authInfo: { token: 't' }, options: { principal: () => null as never } },
    ],
  ])('with %s', async (_, attack) => {
    expect((await called(sdk, attack)).answers).toBe(1)
  })
})

it('a principal callback that throws leaves the claims to say who it was', async () => {
  const authInfo = { token: tokenOf('{"iss":"https://a","sub":"alice"}') }
  const { call, of } = await called('SDK v1', { authInfo, options: { principal: trap } })
  expect(call.principalKey).toMatch(/^[0-9a-f]{32}$/)
  expect(of('auth.token.validated').map(({ requestUid }) => requestUid)).toEqual([call.requestUid])
})

it('twelve thousand open calls of one id end each, the oldest as too many', async () => {
  const { results } = await called('SDK v1', { result: () => new Promise(() => undefined), times: 12_000 })
  expect(results.filter(({ errorCode }) => errorCode === 'too_many_open')).toHaveLength(2_000)
})

it('a refused token whose claims have no text is recorded as refused', async () => {
  const sink = memorySink()
  const refusing = { verifyAccessToken: async () => Promise.reject(new Error('no')) }
  const verifier = auditTokenVerifier(refusing as never, { sink, serverId: 'refusing' }) as {
    verifyAccessToken(token: string): Promise<object>
  }
  await expect(verifier.verifyAccessToken(tokenOf(oddClaims))).rejects.toThrow('no')
  expect(sink.events).toMatchObject([{ eventType: 'auth.token.validated', decision: 'deny', jtiKind: 'jti' }])
})

it('messages of one batch say that the verifier let them in, each with its own event', async () => {
  const sink = memorySink()
  const options = { sink, serverId: 'batch', heartbeatMs: 0 }
  const verifier = auditTokenVerifier({ verifyAccessToken: async (token: string) => ({ token, scopes: [] }) }, options)
  const authInfo = await verifier.verifyAccessToken('opaque')
  await called('SDK v1', { authInfo, options, times: 3 })
  const told = sink.events.filter(({ eventType }) => eventType === 'auth.token.validated')
  const again = 'accepted by the verifier, with another message'
  expect(told).toMatchObject([{ reason: 'accepted by the verifier' }, { reason: again }, { reason: again }])
})

it('a wrapped verifier keeps its class', () => {
  class Verifier {
    verifyAccessToken = async (token: string) => ({ token })
  }
  const wrapped = auditTokenVerifier(new Verifier(), { sink: memorySink() })
  expect(wrapped.constructor).toBe(Verifier)
  expect(wrapped).toBeInstanceOf(Verifier)
})

it.each(['SDK v1', 'SDK v2'])('%s: a server that is already connected is observed from then on', async (sdk) => {
  const { server, pair } = stageOf(sdk)
  const [client, serverSide] = pair
  const answer = async () => done
  if (sdk === 'SDK v1') server.setRequestHandler(CallToolRequestSchema, answer)
  else (server as unknown as ServerV2).setRequestHandler('tools/call', answer)
  await client.start()
  await server.connect(serverSide)
  const sink = memorySink()
  for (let twice = 0; twice < 2; twice++) instrumentMcpServer(server, { sink, serverId: 'late', heartbeatMs: 0 })
  await client.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 't' } })
  await turn()
  await server.close()
  expect(sink.events.map(({ eventType }) => eventType)).toEqual(['server.started', 'tool.call', 'tool.result'])
})
