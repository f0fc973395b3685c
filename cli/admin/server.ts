/** The admin address: health and metrics for everybody on it, and the routes of routes/ for the owner of the data folder. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import swagger from '@fastify/swagger'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchema,
} from 'fastify'
import { z } from 'zod'
import type { TargetState } from '../../connectors/webhook/delivery/target-state.ts'
import { isLoopback, splitAddress } from '../configuration.ts'
import { type AdminContext, type Route, statusOf } from './route.ts'
import { loadRoutes } from './routes/load.ts'
import { announce, withdraw } from './running-service.ts'

/** Name of a check and, when it fails, why. */
export type Checks = () => Promise<Readonly<Record<string, true | string>>>
export interface AdminParts {
  readonly address: string
  readonly context: AdminContext
  readonly ready: Checks
  /** How alert targets stand, where this process delivers. Shown beside the checks and never counted: a chat that is down is no reason to restart. */
  readonly targets?: () => Promise<Readonly<Record<string, TargetState>>>
}
export interface Admin {
  readonly url: string
  /** A Unix socket that only the owner of the data folder may open, so that it asks for no token. */
  readonly socketPath: string
  close(): Promise<void>
}
/** A Unix socket path may hold so many bytes (sun_path, less its NUL). */
const SOCKET_PATH_BYTES = 107
const SOCKET = 'admin.sock'

/** `/livez`, `/readyz` and `/metrics` are open; everything else needs the token of the data folder, or comes through its socket. */
export async function startAdmin({ address, context, ready, targets }: AdminParts): Promise<Admin> {
  const { dataDir, telemetry } = context
  const token = randomBytes(24).toString('hex')
  const owned = new WeakSet<Socket>()
  const server = fastify({ logger: false, bodyLimit: 1024 * 1024 })
  // Zod checks what is asked; the JSON Schemas are for OpenAPI.
  server.setValidatorCompiler(() => () => true)
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'mcp-auditd', version: '1' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
  })
  // A web page can give its own name this address (DNS rebinding), but then the request carries that name.
  if (isLoopback(address))
    server.addHook('onRequest', async (request, reply) => {
      if (!owned.has(request.raw.socket) && !isLoopback(request.headers.host ?? ''))
        await reply.code(403).send({ error: 'admin: host: must be loopback' })
    })
  server.get('/livez', () => ({ status: 'alive' }))
  const readiness = async (_request: FastifyRequest, reply: FastifyReply) => {
    const checks = await ready()
    const failed = Object.values(checks).some((check) => check !== true)
    const states = await targets?.().catch(() => undefined)
    return reply
      .code(failed ? 503 : 200)
      .send({ status: failed ? 'not ready' : 'ready', checks, ...(states && { targets: states }) })
  }
  server.get('/readyz', readiness)
  server.get('/healthz', readiness)
  server.get('/metrics', (request, reply) => {
    reply.hijack()
    telemetry.scrape(request.raw, reply.raw)
  })
  // Routes answer their own errors: what comes here is a body that is no JSON, too large, or of another type.
  server.setErrorHandler((error: FastifyError, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: `admin: body: ${error.message}` }),
  )
  const owner = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!owned.has(request.raw.socket) && !sameToken(request.headers.authorization, token))
      await reply.code(401).send({ error: 'admin: authorization: the token of the data folder is required' })
  }
  for (const one of await loadRoutes()) addRoute(server, one, owner, context)
  server.get('/v1/openapi.json', { onRequest: owner, schema: { hide: true } }, () => server.swagger())
  const { host, port } = splitAddress(address)
  const url = await server.listen({ host, port })
  const local = await listenLocally(server, join(dataDir, SOCKET), owned)
  announce(dataDir, { url, token })
  return {
    url,
    socketPath: local === undefined ? '' : join(dataDir, SOCKET),
    async close() {
      withdraw(dataDir)
      local?.closeAllConnections()
      local?.close()
      await server.close()
    },
  }
}

function addRoute(
  server: FastifyInstance,
  { method, path, summary, asked, answers, answer }: Route,
  owner: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
  context: AdminContext,
): void {
  const { $schema: _, ...shape } = z.toJSONSchema(asked, { io: 'input', unrepresentable: 'any' })
  const schema: FastifySchema & Record<string, unknown> = {
    summary,
    [method === 'GET' ? 'querystring' : 'body']: shape,
    response: { 200: { description: answers } },
    security: [{ bearer: [] }],
  }
  server.route({
    method,
    url: path,
    onRequest: owner,
    schema,
    // What a route answers goes out as it is: the schema above only describes it.
    serializerCompiler: () => JSON.stringify,
    async handler(request, reply) {
      const given = { ...(request.params as object), ...((method === 'GET' ? request.query : request.body) as object) }
      const checked = asked.safeParse(given)
      if (!checked.success) {
        const issue = checked.error.issues[0]
        return reply.code(400).send({ error: `admin: ${issue?.path.join('.')}: ${issue?.message}` })
      }
      try {
        const { status = 200, type, body } = await answer(checked.data, context)
        if (type !== undefined) void reply.type(type)
        return await reply.code(status).send(body)
      } catch (error) {
        return reply.code(statusOf(error)).send({ error: (error as Error).message })
      }
    },
  })
}

/** Undefined where the path is too long for a socket: the token still works. */
async function listenLocally(
  server: FastifyInstance,
  path: string,
  owned: WeakSet<Socket>,
): Promise<Server | undefined> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES || process.platform === 'win32') return undefined
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  const local = createServer((request, response) => server.routing(request, response))
  local.on('connection', (socket) => owned.add(socket))
  await new Promise<void>((resolve, reject) => {
    // The path is bound before listen() returns, so nothing else is made under this mask.
    const before = process.umask(0o177)
    local.once('error', reject).listen(path, resolve)
    process.umask(before)
  })
  return local
}

function sameToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
