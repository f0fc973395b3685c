// Fastify, Hono (on Node and bare), fetch-style handlers and a bare listener give the same facts as Express.
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createMcpFastifyApp } from '@modelcontextprotocol/fastify'
import { createMcpHonoApp } from '@modelcontextprotocol/hono'
import { hostHeaderValidation, originValidation, toNodeHandler } from '@modelcontextprotocol/node'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  originValidationResponse,
  requireBearerAuth,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditFastify } from '../../collector/instrument/fastify.ts'
import { auditFetch } from '../../collector/instrument/fetch.ts'
import { auditHono } from '../../collector/instrument/hono.ts'
import { auditHttp } from '../../collector/instrument/http.ts'
import { instrumentMcpServer } from '../../collector/instrument/index.ts'
import {
  type Audit,
  asMcp,
  atEnd,
  audit,
  BAD,
  bearer,
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
  WEAK,
} from './edge-servers.ts'

afterEach(closeAll)

/** The modern entry behind the gate of the SDK, fetch-style. */
function modern(trail: Audit) {
  const handler = createMcpHandler(instrumentMcpServer(serverV2, trail.options))
  atEnd(() => handler.close())
  const gate = requireBearerAuth({ verifier: verifierV2(trail.options) })
  return async (request: Request): Promise<Response> => {
    const caller = await gate(request)
    return caller instanceof Response ? caller : handler.fetch(request, { authInfo: caller })
  }
}

type Start = (trail: Audit) => Promise<URL>
const overHono =
  (app: (trail: Audit) => Hono): Start =>
  (trail) =>
    listenOn(getRequestListener(app(trail).fetch, { overrideGlobalObjects: false }) as never)

const starts: Record<string, Start> = {
  async fastify(trail) {
    const app = Fastify()
    await app.register(auditFastify(trail.options))
    const serve = modern(trail)
    app.all('/mcp', async (request, reply) => {
      reply.hijack()
      await toNodeHandler({ fetch: serve })(request.raw as never, reply.raw, request.body)
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    atEnd(() => app.close())
    return new URL(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/mcp`)
  },
  hono: overHono((trail) => {
    const serve = modern(trail)
    const app = new Hono()
    app.use(auditHono(trail.options))
    app.all('/mcp', (context) => serve(context.req.raw))
    return app
  }),
  'a fetch-style handler': (trail) =>
    listenOn(
      getRequestListener(auditFetch(modern(trail), { ...trail.options, sourceAddress: () => '127.0.0.1' }), {
        overrideGlobalObjects: false,
      }) as never,
    ),
  'a bare listener': (trail) => {
    const serve = toNodeHandler({ fetch: modern(trail) })
    return listenOn(auditHttp((request: never, response: never) => serve(request, response), trail.options))
  },
}

describe.each(Object.entries(starts))('%s', (_name, start) => {
  it('tells each refusal once and each call once', async () => {
    const trail = audit()
    const url = await start(trail)
    expect((await post(url, modernCall(), modernHeaders())).status).toBe(401)
    expect((await post(url, modernCall(), { ...modernHeaders(), ...bearer(BAD) })).status).toBe(401)
    expect((await post(url, modernCall('refund'), { ...modernHeaders('refund'), ...bearer(WEAK) })).status).toBe(403)
    expect((await post(url, modernCall(), { ...modernHeaders('other'), ...bearer(GOOD) })).status).toBe(400)
    expect((await post(url, modernCall(), { ...modernHeaders(), ...bearer(GOOD) })).status).toBe(200)
    expect((await post(url, undefined, bearer(GOOD), 'GET')).status).toBe(405)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(5))
    const seen = trail
      .of('http.request')
      .map(({ status, refusal, method, processed }) => ({ status, refusal, method, processed }))
    expect(seen).toEqual([
      { status: 401, refusal: 'authorization', method: 'tools/call', processed: false },
      { status: 401, refusal: 'authorization', method: 'tools/call', processed: false },
      { status: 403, refusal: 'scope', method: 'tools/call', processed: false },
      { status: 400, refusal: 'header_mismatch', method: 'tools/call', processed: false },
      { status: 405, refusal: 'method', method: '', processed: false },
    ])
    expect(trail.of('auth.challenge.sent').map(({ status }) => status)).toEqual([401, 401, 403])
    expect(trail.of('tool.result').filter(({ outcome }) => outcome === 'ok')).toHaveLength(1)
    for (const event of trail.of('http.request', 'tool.call', 'auth.challenge.sent', 'auth.token.validated'))
      expect(event).toMatchObject({ addressClass: 'loopback' })
    const verified = new Set(
      trail.of('auth.token.validated').flatMap((event) => (event['decision'] === 'allow' ? [event['requestUid']] : [])),
    )
    for (const { requestUid } of trail.of('tool.result').filter(({ outcome }) => outcome === 'ok'))
      expect(verified).toContain(requestUid)
    sound(trail)
  })

  it('other methods give one http.request with the status that went out', async () => {
    const trail = audit()
    const url = await start(trail)
    const list = { ...modernCall(), method: 'tools/list' }
    const unknown = { ...modernCall(), method: 'no/such' }
    expect((await post(url, list, { ...bearer(GOOD), ...modernHeaders('', 'tools/list') })).status).toBe(200)
    expect((await post(url, unknown, { ...bearer(GOOD), ...modernHeaders('', 'no/such') })).status).toBe(404)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('http.request')).toMatchObject([
      { method: 'tools/list', status: 200, processed: true, clientKey: 'shop' },
      { method: 'no/such', status: 404, processed: false },
    ])
    sound(trail)
  })
})

describe('middleware that comes with an app', () => {
  it('createMcpFastifyApp: its Host and Origin hooks are seen, and the body of a refused call', async () => {
    const trail = audit()
    const app = createMcpFastifyApp()
    await app.register(auditFastify(trail.options))
    app.addHook('preHandler', async (_request, reply) =>
      reply.code(401).header('www-authenticate', 'DPoP, Bearer').send({}),
    )
    app.post('/mcp', async () => ({}))
    await app.listen({ port: 0, host: '127.0.0.1' })
    atEnd(() => app.close())
    const url = new URL(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/mcp`)
    expect((await post(url, call(), { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post(url, call())).status).toBe(401)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('http.request')).toMatchObject([{ refusal: 'origin' }, { refusal: 'authorization' }])
    expect(trail.of('auth.challenge.sent')).toMatchObject([{ challengeSchemes: ['dpop', 'bearer'] }])
    expect(trail.of('tool.result')).toMatchObject([{ toolName: 'order', outcome: 'denied' }])
    sound(trail)
  })

  it('createMcpHonoApp: watched from outside; a middleware inside lends the body it has read', async () => {
    const trail = audit()
    const app = createMcpHonoApp()
    app.use(auditHono(trail.options))
    app.all('/mcp', (context) =>
      context.json({ error: 'invalid_token' }, 401, { 'www-authenticate': 'Bearer realm="x"' }),
    )
    const serve = auditFetch(app.fetch as (request: Request) => Promise<Response>, trail.options)
    const head = { method: 'POST', headers: { 'content-type': 'application/json', host: 'localhost' } }
    const foreign = { ...head, headers: { ...head.headers, origin: 'https://evil.example' } }
    expect(
      (await serve(new Request('http://localhost/mcp', { ...foreign, body: JSON.stringify(call()) }))).status,
    ).toBe(403)
    expect((await serve(new Request('http://localhost/mcp', { ...head, body: JSON.stringify(call()) }))).status).toBe(
      401,
    )
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('http.request')).toMatchObject([
      { refusal: 'origin', method: '' },
      { refusal: 'authorization', toolName: 'order' },
    ])
    expect(trail.of('tool.call')).toHaveLength(1)
    sound(trail)
  })

  it('guards of node:http and of web-standard handlers are told by what they answer', async () => {
    const trail = audit()
    const guards = [hostHeaderValidation(['localhost']), originValidation(['localhost'])]
    const url = await listenOn(
      auditHttp((request: never, response: never) => {
        if (guards.every((guard) => guard(request, response))) (response as { end(): void }).end()
      }, trail.options),
    )
    expect((await post(url, call(), { origin: 'https://evil.example' })).status).toBe(403)
    const handle = auditFetch(
      (request: Request) =>
        hostHeaderValidationResponse(request, ['ok.example']) ??
        originValidationResponse(request, ['ok.example']) ??
        new Response(),
      trail.options,
    )
    const headers = { origin: 'https://evil.example', 'content-type': 'application/json' }
    await handle(new Request('https://ok.example/mcp', { method: 'POST', headers: { ...headers, host: 'ok.example' } }))
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('http.request')).toMatchObject([{ refusal: 'host' }, { refusal: 'origin' }])
    sound(trail)
  })
})

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

describe('HTTP with sessions on a bare listener', () => {
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
