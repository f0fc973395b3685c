/** Whatever a hostile client sends, the server answers the same with and without instrumentation, and every event is one the service takes. */
import { setImmediate } from 'node:timers/promises'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  createMcpHandler,
  McpServer as McpServerV2,
  InMemoryTransport as MemoryV2,
  ResourceTemplate as ResourceTemplateV2,
} from '@modelcontextprotocol/server'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  instrumentMcpHandler,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../../../collector/instrument/index.ts'
import { SDKS, type Sdk, valid } from './observed-servers.ts'

afterAll(() => shutdownAudit())

const METHODS = [
  'initialize',
  'ping',
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'completion/complete',
  'logging/setLevel',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
  'tasks/list',
  'tasks/update',
  'server/discover',
  'subscriptions/listen',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
  'constructor',
  '__proto__',
  '',
]
const MEMBERS = [
  'name',
  'arguments',
  'uri',
  'ref',
  'argument',
  'cursor',
  'requestId',
  'reason',
  'taskId',
  'requestState',
  'inputResponses',
  'notifications',
  'resourceSubscriptions',
  'protocolVersion',
  'clientInfo',
  'capabilities',
  'extensions',
  'level',
  'task',
  'type',
  'value',
  'action',
  'roots',
  'text',
  '__proto__',
  'toString',
]
const META = ['protocolVersion', 'clientInfo', 'clientCapabilities'].map((key) => `io.modelcontextprotocol/${key}`)
const TEXTS = [
  'echo',
  'ask',
  'greet',
  'docs://a',
  'docs://n/../x',
  '2026-07-28',
  '2025-11-25',
  'ref/prompt',
  'x'.repeat(70_000),
]
const { garbage } = fc.letrec((tie) => ({
  garbage: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, '', '\u0000', '\ud800', ...TEXTS),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.array(tie('garbage'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...MEMBERS), fc.string({ maxLength: 8 })), tie('garbage'), { maxKeys: 4 }),
  ),
}))
const envelope = fc.record({
  [META[0]!]: fc.oneof(fc.constant('2026-07-28'), garbage),
  [META[1]!]: garbage,
  [META[2]!]: garbage,
})
const params = fc.oneof(
  garbage,
  fc.record(
    Object.fromEntries([...MEMBERS.slice(0, 16), '_meta'].map((key) => [key, key === '_meta' ? envelope : garbage])),
    {
      requiredKeys: [],
    },
  ),
  fc.record({ name: fc.constantFrom('echo', 'ask', 'greet'), arguments: garbage, _meta: fc.oneof(envelope, garbage) }),
)
const id = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom<unknown>('a', '', null, -1, 1.5, 'x'.repeat(600)))
const message = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      { jsonrpc: fc.constant('2.0'), id, method: fc.constantFrom(...METHODS), params },
      { requiredKeys: ['jsonrpc', 'method'] },
    ),
  },
  { weight: 2, arbitrary: fc.record({ jsonrpc: fc.constant('2.0'), id, result: garbage }) },
  { weight: 1, arbitrary: fc.record({ jsonrpc: fc.constant('2.0'), id, error: garbage }) },
  { weight: 1, arbitrary: garbage },
)

function offering(sdk: Sdk, server: McpServer): void {
  const Template = (sdk === 'SDK v1' ? ResourceTemplate : ResourceTemplateV2) as typeof ResourceTemplate
  server.registerTool('echo', { inputSchema: { text: z.string().optional() } }, ({ text }) => ({
    content: [{ type: 'text', text: text ?? '' }],
    structuredContent: { rows: [text] },
  }))
  server.registerTool('ask', {}, async () => {
    await server.server.listRoots()
    return { content: [] }
  })
  server.registerPrompt('greet', { argsSchema: { who: z.string().optional() } }, ({ who }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: who ?? '' } }],
  }))
  server.registerResource('a', 'docs://a', {}, (uri) => ({ contents: [{ uri: uri.href, text: 'a' }] }))
  server.registerResource('n', new Template('docs://n/{+id}', { list: undefined }), {}, (uri) => ({
    contents: [{ uri: uri.href, blob: 'AAAA' }],
  }))
}

let next = 0
const HANDSHAKE = [
  {
    jsonrpc: '2.0',
    id: 'hello',
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: { roots: {} }, clientInfo: { name: 'c', version: '1' } },
  },
  { jsonrpc: '2.0', method: 'notifications/initialized' },
]

/** What a server sends to a client that sends all this, in order. */
async function answers(sdk: Sdk, messages: readonly unknown[], isObserved: boolean) {
  const sink = memorySink()
  const info = { name: 'hostile', version: '1' }
  const server = sdk === 'SDK v1' ? new McpServer(info) : (new McpServerV2(info) as unknown as McpServer)
  offering(sdk, server)
  if (isObserved)
    instrumentMcpServer(server, { sink, serverId: `hostile-${next++}`, keys: 'ab'.repeat(32), heartbeatMs: 0 })
  const [near, far] = (sdk === 'SDK v1' ? InMemoryTransport : MemoryV2).createLinkedPair() as ReturnType<
    typeof InMemoryTransport.createLinkedPair
  >
  const got: string[] = []
  near.onmessage = (answer) => void got.push(JSON.stringify(answer))
  server.server.onerror = () => undefined
  await server.connect(far)
  await near.start()
  for (const each of [...HANDSHAKE, ...structuredClone(messages)]) {
    // As text would come off a wire; what the SDK throws at a sender that is no transport is not ours.
    await near.send(each as never).catch(() => undefined)
    await setImmediate()
  }
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  await server.close().catch(() => undefined)
  return { got, events: sink.events }
}

describe.each(SDKS)('messages of a hostile client, %s', (sdk) => {
  it('are answered the same, message by message, and give events that the service takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async (messages) => {
        const sent = JSON.parse(JSON.stringify(messages)) as unknown[]
        const [plain, observed] = [await answers(sdk, sent, false), await answers(sdk, sent, true)]
        expect(observed.got).toEqual(plain.got)
        valid(observed.events)
        const of = (type: string) => observed.events.filter(({ eventType }) => eventType === type)
        expect(of('tool.result').length).toBe(of('tool.call').length)
      }),
      { numRuns: 60 },
    )
  })
})

describe('bodies of a hostile client, createMcpHandler', () => {
  const handlerOf = (isObserved: boolean) => {
    const sink = memorySink()
    const options = { sink, serverId: `hostile-${next++}`, keys: 'ab'.repeat(32), heartbeatMs: 0 }
    const factory = () => {
      const server = new McpServerV2({ name: 'hostile', version: '1' })
      offering('SDK v2', server as unknown as McpServer)
      return server
    }
    const handler = createMcpHandler(isObserved ? instrumentMcpServer(factory, options) : factory, {
      onerror: () => undefined,
    })
    return { sink, handler: isObserved ? instrumentMcpHandler(handler, options) : handler }
  }
  const requests = fc.array(
    fc.record({
      body: fc.oneof(
        message.map((each) => JSON.stringify(each) ?? ''),
        fc.string({ maxLength: 40 }),
      ),
      honest: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  it('are answered byte for byte the same, and give events that the service takes', async () => {
    const ask = async (handler: ReturnType<typeof handlerOf>['handler'], body: string, honest: boolean) => {
      const { method = 'x', params: given } = safeParse(body)
      const leave = new AbortController()
      const response = await handler.fetch(
        new Request('http://localhost/mcp', {
          method: 'POST',
          signal: leave.signal,
          headers: {
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...(honest && {
              'mcp-protocol-version': '2026-07-28',
              'mcp-method': encodeURIComponent(String(method).toWellFormed()).slice(0, 100),
            }),
            ...(honest &&
              typeof given?.name === 'string' &&
              /^\w{1,20}$/.test(given.name) && { 'mcp-name': given.name }),
          },
          body,
        }),
      )
      // A stream that stays open says its first word and is left.
      const first = response.body === null ? '' : await firstText(response.body)
      leave.abort()
      return [response.status, [...response.headers], first]
    }
    await fc.assert(
      fc.asyncProperty(requests, async (all) => {
        const [plain, observed] = [handlerOf(false), handlerOf(true)]
        for (const { body, honest } of all)
          expect(await ask(observed.handler, body, honest)).toEqual(await ask(plain.handler, body, honest))
        await Promise.all([plain.handler.close(), observed.handler.close()])
        valid(observed.sink.events)
      }),
      { numRuns: 60 },
    )
  })
})

function safeParse(body: string): { readonly method?: unknown; readonly params?: { readonly name?: unknown } | null } {
  try {
    const value = JSON.parse(body) as object | null
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {}
  } catch {
    return {}
  }
}

async function firstText(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader()
  const { value } = await reader.read()
  await reader.cancel()
  return new TextDecoder().decode(value)
}
