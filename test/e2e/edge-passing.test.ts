// An edge is in nobody's way: streams, errors, departures and answers pass as they are, and old transports are told once.
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  createMcpHandler,
  requireBearerAuth,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditFetch } from '../../collector/instrument/fetch.ts'
import { auditHttp } from '../../collector/instrument/http.ts'
import { instrumentMcpServer } from '../../collector/instrument/index.ts'
import {
  asMcp,
  atEnd,
  audit,
  call,
  closeAll,
  GOOD,
  listenOn,
  modernCall,
  modernHeaders,
  post,
  serverV1,
  serverV2,
  sessionsOfV1,
  sound,
  verifierV2,
} from './edge-servers.ts'

afterEach(closeAll)

describe('what passes through', () => {
  it('a stream of a fetch-style server arrives message by message, and its end by the client is seen', async () => {
    const trail = audit()
    const transports = new Map<string, WebStandardStreamableHTTPServerTransport>()
    const gate = requireBearerAuth({ verifier: verifierV2(trail.options) })
    const handle = auditFetch(async (request: Request) => {
      const caller = await gate(request)
      if (caller instanceof Response) return caller
      let transport = transports.get(request.headers.get('mcp-session-id') ?? '')
      if (transport === undefined) {
        const made = new WebStandardStreamableHTTPServerTransport({
          sessionIdGenerator: () => crypto.randomUUID(),
          onsessioninitialized: (id) => void transports.set(id, made),
        })
        transport = made
        await instrumentMcpServer(serverV2(), trail.options).connect(made)
      }
      return transport.handleRequest(request, { authInfo: caller })
    }, trail.options)
    const url = await listenOn(getRequestListener(handle, { overrideGlobalObjects: false }) as never)
    const client = new ClientV1({ name: 'c', version: '1' })
    let changes = 0
    client.setNotificationHandler(
      (await import('@modelcontextprotocol/sdk/types.js')).ToolListChangedNotificationSchema,
      () => void changes++,
    )
    await client.connect(new TransportV1(...asMcp(url, GOOD)))
    await vi.waitFor(() => expect(trail.of('stream.opened')).toHaveLength(1))
    const [transport] = transports.values()
    await transport!.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    await vi.waitFor(() => expect(changes).toBe(1))
    await client.close()
    await vi.waitFor(() => expect(trail.of('stream.closed')).toHaveLength(1))
    expect(trail.of('stream.closed')).toMatchObject([
      { closedBy: 'client', early: true, messages: 1, clientKey: 'shop' },
    ])
    sound(trail)
  })

  it('what a handler throws is the same error, and the request a server error', async () => {
    const trail = audit()
    const fault = new Error('mine')
    const failing = auditFetch((_request: Request) => Promise.reject(fault), trail.options)
    const head = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(call()) }
    await expect(failing(new Request('http://localhost/mcp', head))).rejects.toBe(fault)
    const throwing = auditHttp(
      (() => {
        throw fault
      }) as (request: never, response: never) => void,
      trail.options,
    )
    expect(() => throwing({ headers: {}, socket: {} } as never, {} as never)).toThrow(fault)
    expect(trail.of('http.request')).toMatchObject([{ status: 500, outcome: 'protocol_error', decision: 'error' }])
  })

  it('a handler without a promise stays one, a strange answer stays strange, and another handler in its course is told apart', async () => {
    const trail = audit()
    const answer = new Response('ok')
    expect(auditFetch((_request: Request) => answer, trail.options)(new Request('http://localhost/mcp'))).toBe(answer)
    const strange = auditFetch((_request: Request) => undefined as unknown as Response, trail.options)
    expect(strange(new Request('http://localhost/mcp'))).toBeUndefined()
    const refusing = auditFetch((_request: Request) => new Response(null, { status: 401 }), trail.options)
    const calling = auditFetch(async (_request: Request) => {
      await refusing(new Request('http://localhost/other', { method: 'POST' }))
      return new Response('ok')
    }, trail.options)
    await calling(new Request('http://localhost/mcp', { method: 'POST' }))
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(trail.of('http.request')).toMatchObject([{ status: 401, refusal: 'authorization' }])
  })

  it('a client that leaves before the answer is cancelled, and no failure', async () => {
    const trail = audit()
    let isCalled = (): void => undefined
    const arrived = new Promise<void>((resolve) => {
      isCalled = resolve
    })
    const url = await listenOn(auditHttp(() => isCalled(), { ...trail.options, endpoint: '/mcp' }))
    const request = httpRequest(url, { method: 'POST' })
    request.on('error', () => undefined)
    request.end('{}')
    await arrived
    request.destroy()
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(trail.of('http.request')).toMatchObject([{ status: 499, outcome: 'cancelled', processed: false }])
  })

  it('answers are byte for byte what they were: parts, trailers, HEAD', async () => {
    const trail = audit()
    const answer = ({ method }: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, 'Fine', method === 'HEAD' ? ['X-One', '1'] : ['X-One', '1', 'Trailer', 'X-End'])
      response.write('a', () => response.write(Buffer.from('b'), 'utf8', () => response.end('c')))
      if (method !== 'HEAD') response.addTrailers({ 'X-End': 'z' })
    }
    const bare = await listenOn(answer as never)
    const watched = await listenOn(auditHttp(answer as never, trail.options))
    const whole = async (url: URL, method: string) => {
      const response = await fetch(url, { method })
      const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'date'))
      return { status: response.status, text: response.statusText, headers, body: await response.text() }
    }
    for (const method of ['GET', 'HEAD']) expect(await whole(watched, method)).toEqual(await whole(bare, method))
    expect(trail.told()).toEqual([])
  })

  it('an edge inside an edge tells nothing twice', async () => {
    const trail = audit()
    const handler = createMcpHandler(instrumentMcpServer(serverV2, trail.options))
    atEnd(() => handler.close())
    const inner = auditFetch((request: Request) => handler.fetch(request), trail.options)
    const serve = auditHttp(toNodeHandler({ fetch: inner }), trail.options)
    const url = await listenOn(auditHttp(createServer(serve as never), trail.options).listeners('request')[0] as never)
    await post(url, modernCall(), modernHeaders('other'))
    await post(url, { ...modernCall(), method: 'tools/list' }, modernHeaders('', 'tools/list'))
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('http.request').map(({ status }) => status)).toEqual([400, 200])
  })

  it('nothing that is not MCP is told, whatever it asks for', async () => {
    const trail = audit()
    const url = await listenOn(
      auditHttp((_request: never, response: never) => {
        ;(response as { writeHead(status: number): { end(): void } }).writeHead(404).end()
      }, trail.options),
    )
    for (const path of ['/favicon.ico', '/', '/a%00b', '/%'])
      await fetch(new URL(path, url), { headers: { accept: 'image/*' } }).catch(() => undefined)
    expect(trail.told()).toEqual([])
  })
})

describe('an application with more than MCP', () => {
  it('once it is known where MCP is served, refusals elsewhere are not told; the endpoint can be named from the start', async () => {
    const trail = audit()
    const handler = createMcpHandler(instrumentMcpServer(serverV2, trail.options))
    atEnd(() => handler.close())
    const app = (request: Request): Promise<Response> =>
      request.url.endsWith('/mcp')
        ? handler.fetch(request)
        : Promise.resolve(Response.json({ error: 'wrong password' }, { status: 401 }))
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    }
    const login = () =>
      new Request('http://localhost/api/login', {
        ...init,
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
    const call = () =>
      new Request('http://localhost/mcp', {
        ...init,
        headers: { ...init.headers, ...modernHeaders() },
        body: JSON.stringify(modernCall()),
      })
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const named = auditFetch(app, { ...trail.options, endpoint: '/mcp' })
    await named(login())
    await turn()
    expect(trail.of('http.request')).toEqual([])
    const learning = auditFetch(app, { ...trail.options })
    await learning(login())
    await turn()
    expect(trail.of('http.request')).toMatchObject([{ status: 401 }])
    expect((await learning(call())).status).toBe(200)
    await learning(login())
    await turn()
    expect(trail.of('http.request')).toHaveLength(1)
    // What a client of MCP would send is told wherever it goes.
    await learning(new Request('http://localhost/other', { ...init, body: '{}' }))
    await turn()
    expect(trail.of('http.request')).toHaveLength(2)
    sound(trail)
  })
})

describe('HTTP with sessions on a bare listener', () => {
  it('the old SSE transport: its stream and its requests are told once, and the session in its query is no credential', async () => {
    const trail = audit()
    const { SSEServerTransport } = await import('@modelcontextprotocol/sdk/server/sse.js')
    const { SSEClientTransport } = await import('@modelcontextprotocol/sdk/client/sse.js')
    const transports = new Map<string, InstanceType<typeof SSEServerTransport>>()
    const url = await listenOn(
      auditHttp(async (request: IncomingMessage, response: ServerResponse) => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
        if (pathname === '/messages') {
          await transports.get(searchParams.get('sessionId') ?? '')?.handlePostMessage(request, response)
          return
        }
        const transport = new SSEServerTransport('/messages', response)
        transports.set(transport.sessionId, transport)
        await instrumentMcpServer(serverV1(), trail.options).connect(transport)
      }, trail.options) as never,
    )
    const client = new ClientV1({ name: 'c', version: '1' })
    await client.connect(new SSEClientTransport(url))
    await client.listTools()
    await client.callTool({ name: 'order', arguments: { sku: 'A' } })
    await client.close()
    await vi.waitFor(() => expect(trail.of('stream.closed')).toHaveLength(1))
    const requests = trail.of('http.request').map(({ verb, method, status }) => `${verb} ${method} ${status}`)
    expect(requests.sort()).toEqual(['GET  200', 'POST initialize 202', 'POST tools/list 202'])
    expect(trail.of('http.request').map((event) => event['credentialLocation'])).toEqual(['none', 'none', 'none'])
    expect(trail.of('stream.closed')).toMatchObject([{ closedBy: 'client' }])
    expect((trail.of('stream.closed')[0]!['messages'] as number) >= 3).toBe(true)
    expect(trail.of('tool.result')).toHaveLength(1)
    const sessionId = [...transports.keys()][0]!
    expect(JSON.stringify(trail.events)).not.toContain(sessionId)
    sound(trail)
  })

  it('options that no context can be made of leave the server as it is', async () => {
    const url = await listenOn(
      auditHttp((_request: never, response: ServerResponse) => void response.writeHead(401).end('no'), {
        serverId: 'x',
        keys: 'ab',
      }) as never,
    )
    expect(await post(url, call())).toMatchObject({ status: 401, text: 'no' })
  })

  it('one session of SDK v1 is told once over every way in', async () => {
    const trail = audit()
    const serve = sessionsOfV1(trail.options)
    const url = await listenOn(auditHttp(serve as never, trail.options))
    const client = new ClientV1({ name: 'c', version: '1' })
    await client.connect(new TransportV1(url))
    await Promise.all(['A', 'B', 'C'].map((sku) => client.callTool({ name: 'order', arguments: { sku } })))
    await client.close()
    expect(trail.of('tool.call')).toHaveLength(3)
    expect(new Set(trail.of('tool.call').map(({ requestUid }) => requestUid)).size).toBe(3)
    expect(trail.of('http.request').filter(({ method }) => method === 'initialize')).toMatchObject([{ status: 200 }])
    expect(serverV1()).toBeDefined()
    sound(trail)
  })
})
