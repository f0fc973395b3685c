import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createMcpFastifyApp } from '@modelcontextprotocol/fastify'
import { createMcpHonoApp } from '@modelcontextprotocol/hono'
import { hostHeaderValidation, originValidation, toNodeHandler } from '@modelcontextprotocol/node'
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  originValidationResponse,
  requireBearerAuth,
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
  serverV2,
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
