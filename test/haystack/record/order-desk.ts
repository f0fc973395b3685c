/** The protected server of the recording: an order desk on both SDKs, behind each edge, with tokens of an issuer. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { getRequestListener } from '@hono/node-server'
import { createMcpFastifyApp } from '@modelcontextprotocol/fastify'
import { createMcpHonoApp } from '@modelcontextprotocol/hono'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  createMcpHandler,
  requireBearerAuth as gateOf,
  McpServer as McpServerV2,
  OAuthError,
  OAuthErrorCode,
  requireScopes,
} from '@modelcontextprotocol/server'
import express from 'express'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { auditDecision } from '../../../collector/instrument/authz.ts'
import { auditExpress } from '../../../collector/instrument/express.ts'
import { auditFastify } from '../../../collector/instrument/fastify.ts'
import { auditHono } from '../../../collector/instrument/hono.ts'
import { auditHttp } from '../../../collector/instrument/http.ts'
import { auditTokenVerifier, type InstrumentOptions, instrumentMcpServer } from '../../../collector/instrument/index.ts'

export const ISSUER = 'https://login.corp.example'
export const AUDIENCE = 'https://orders.corp.example/mcp'
const SIGNING = Buffer.alloc(32, 7)
export const PEOPLE = ['u-1001', 'u-1002', 'u-1003'] as const

const exec = promisify(execFile)
export const tokenFor = (
  sub: string,
  scope = 'orders:read orders:write',
  seconds = 3600,
  more: object = {},
): Promise<string> =>
  new SignJWT({ scope, client_id: 'desk', jti: randomUUID(), ...more })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setSubject(sub)
    .setAudience(AUDIENCE)
    .setIssuedAt(Math.floor(Date.now() / 1000) - (seconds < 0 ? 7200 : 0))
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(SIGNING)
const verifierThat = (refuse: (reason: string) => Error) => ({
  async verifyAccessToken(token: string) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}')
    if (claims.sub === undefined) throw refuse('not a token of ours')
    if (claims.exp * 1000 < Date.now()) throw refuse('the token has expired')
    if (claims.aud !== AUDIENCE) throw refuse('the token is for another service')
    const { client_id, scope, exp, sub, iss } = claims
    return { token, clientId: client_id, scopes: String(scope).split(' '), expiresAt: exp, extra: { sub, iss } }
  },
})
const verifierV1 = (options: InstrumentOptions) =>
  auditTokenVerifier(
    verifierThat((reason) => new InvalidTokenError(reason)),
    options,
  )
const verifierV2 = (options: InstrumentOptions) =>
  auditTokenVerifier(
    verifierThat((reason) => new OAuthError(OAuthErrorCode.InvalidToken, reason)),
    options,
  )

export interface Bed {
  readonly options: InstrumentOptions
  readonly folder: string
  /** A service inside that a tool asks. */
  readonly inner: string
  listen(server: Server): Promise<URL>
}
/** What an order desk offers: reads, writes, asks a service inside, starts a program, writes a file, hands out a handle. */
function orderTools(
  register: (name: string, config: object, run: (args: never) => unknown) => void,
  { folder, inner }: Bed,
): void {
  const text = (value: unknown) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] })
  const sku = { sku: z.string() }
  register('get_order', { description: 'Reads an order', inputSchema: sku, annotations: { readOnlyHint: true } }, () =>
    auditDecision({ tool: 'get_order', policyId: 'orders', requiredScopes: ['orders:read'] }, () => true)
      ? text({ state: 'open', contact: 'ada@example.org', phone: '+49 30 1234567' })
      : text('no'),
  )
  register(
    'place_order',
    { description: 'Places an order', inputSchema: { ...sku, note: z.string().optional() } },
    () => text({ placed: true }),
  )
  register('stock', { description: 'Asks the warehouse how many are left', inputSchema: sku }, async () =>
    text(await (await fetch(`${inner}/stock`)).json()),
  )
  register('export_orders', { description: 'Writes the orders of today into a file', inputSchema: {} }, () => {
    writeFileSync(join(folder, 'orders.csv'), 'id,total\n1,12.5\n')
    return text('orders.csv')
  })
  register('version', { description: 'Version of the program', inputSchema: {} }, async () =>
    text((await exec(process.execPath, ['--version'])).stdout.trim()),
  )
  register(
    'delete_order',
    { description: 'Deletes an order for good', inputSchema: sku, annotations: { destructiveHint: true } },
    () => text({ deleted: true }),
  )
}
const serverV1 = (bed: Bed): McpServerV1 => {
  const server = new McpServerV1({ name: 'orders', version: '1.3.0' })
  orderTools(
    ((name: string, config: object, run: never) => server.registerTool(name, config as never, run)) as never,
    bed,
  )
  return server
}
const serverV2 = (bed: Bed): McpServerV2 => {
  const server = new McpServerV2({ name: 'orders', version: '2.3.0' })
  const register = (name: string, { inputSchema, ...config }: { inputSchema: Record<string, z.ZodType> }, run: never) =>
    server.registerTool(name, { ...config, inputSchema: z.object(inputSchema) } as never, run)
  orderTools(register as never, bed)
  server.registerTool(
    'refund',
    {
      description: 'Pays an order back',
      inputSchema: z.object({ sku: z.string() }),
      scopeChallenge: requireScopes('orders:refund'),
    },
    () => ({ content: [] }),
  )
  return server
}
function sessionsV1(bed: Bed) {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  return async (request: express.Request, response: express.Response): Promise<void> => {
    const id = request.headers['mcp-session-id']
    let transport = sessions.get(String(id))
    if (transport === undefined) {
      if (id !== undefined) return void response.status(404).json({ error: 'no such session' })
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (session) => void sessions.set(session, made),
        onsessionclosed: (session) => void sessions.delete(session),
      })
      transport = made
      await instrumentMcpServer(serverV1(bed), bed.options).connect(made as never)
    }
    await transport.handleRequest(request, response, request.body)
  }
}
export async function expressOf(bed: Bed): Promise<URL> {
  const app = express()
  app.use(auditExpress(bed.options))
  app.use(express.json())
  app.use('/mcp', requireBearerAuth({ verifier: verifierV1(bed.options) }))
  app.all('/mcp', sessionsV1(bed))
  return bed.listen(createServer(app))
}
function modernFetch(bed: Bed) {
  const handler = createMcpHandler(instrumentMcpServer(() => serverV2(bed), bed.options))
  const gate = gateOf({ verifier: verifierV2(bed.options) })
  return async (request: Request): Promise<Response> => {
    const caller = await gate(request)
    return caller instanceof Response ? caller : handler.fetch(request, { authInfo: caller })
  }
}
export const modernOver: Record<string, (bed: Bed) => Promise<URL>> = {
  fastify: async (bed) => {
    const app = createMcpFastifyApp()
    await app.register(auditFastify(bed.options) as never)
    const serve = toNodeHandler({ fetch: modernFetch(bed) })
    app.all('/mcp', async (request, reply) => {
      reply.hijack()
      await serve(request.raw as never, reply.raw, request.body)
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    closers.push(() => app.close())
    return new URL(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/mcp`)
  },
  hono: async (bed) => {
    const app = createMcpHonoApp()
    app.use('*', auditHono(bed.options) as never)
    const serve = modernFetch(bed)
    app.all('/mcp', (context) => serve(context.req.raw))
    return bed.listen(createServer(getRequestListener(app.fetch) as never))
  },
  http: (bed) =>
    bed.listen(createServer(auditHttp(toNodeHandler({ fetch: modernFetch(bed) }) as never, bed.options) as never)),
}
export const closers: (() => unknown)[] = []
