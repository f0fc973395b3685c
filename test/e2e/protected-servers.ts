/** OAuth-protected servers of SDK v1 (sessions) and v2 (a server per request) with real JWTs, instrumented: shared by the e2e tests. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, requireBearerAuth as gateOf, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import express from 'express'
import { SignJWT } from 'jose'
import { expect } from 'vitest'
import { z } from 'zod'
import {
  auditTokenVerifier,
  type InstrumentOptions,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../collector/instrument/index.ts'
import { type AuditEvent, parseEvent } from '../../schemas/event.ts'

export type Fields = Readonly<Record<string, unknown>>
const key = randomBytes(32)
export const AUDIENCE = 'https://orders.example/mcp'
const open: { close(): unknown }[] = []
/** For afterEach: ends what was started, newest first. */
export async function closeAll(): Promise<void> {
  for (const thing of open.splice(0).reverse()) await thing.close()
  await shutdownAudit()
}

export const tokenFor = (claims: Record<string, unknown>) =>
  new SignJWT({ aud: AUDIENCE, scope: 'orders:read', client_id: 'shop', jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('https://id.example')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(randomBytes(32))

/** Accepts every JWT but those of Mallory: what is tested is what is recorded, not the verifier. */
const verifier = {
  async verifyAccessToken(token: string) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}')
    if (claims.sub === undefined || claims.sub === 'mallory') throw new InvalidTokenError(`token ${token} is not good`)
    return {
      token,
      clientId: claims.client_id,
      scopes: String(claims.scope).split(' '),
      expiresAt: claims.exp,
      extra: { sub: claims.sub },
    }
  },
}
let next = 0
export function audit() {
  const sink = memorySink()
  return {
    sink,
    options: { sink, serverId: `http-${next++}`, keys: key, authRequired: true, expectedAudiences: [AUDIENCE] },
    of: (type: string) => sink.events.filter((event) => event.eventType === type) as unknown as Fields[],
  }
}
const listen = async (server: Server): Promise<URL> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
}
export const headers = (token: string) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } })
export const valid = (events: readonly AuditEvent[]) => {
  for (const event of events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
}

export async function startV1({ options }: { options: InstrumentOptions }) {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const app = express()
  app.use(express.json())
  app.use(requireBearerAuth({ verifier: auditTokenVerifier(verifier, options) }))
  app.all('/mcp', async (request, response) => {
    let transport = sessions.get(String(request.headers['mcp-session-id']))
    if (transport === undefined) {
      const server = new McpServerV1({ name: 'orders', version: '1.0.0' })
      server.registerTool('order', { description: 'Order', inputSchema: { sku: z.string() } }, ({ sku }) => ({
        content: [{ type: 'text', text: `ordered ${sku}` }],
      }))
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => void sessions.set(id, made),
      })
      transport = made
      instrumentMcpServer(server, options)
      await server.connect(made as never)
    }
    await transport.handleRequest(request, response, request.body)
  })
  return { url: await listen(createServer(app)), sessions }
}

export function startV2(
  { options }: { options: InstrumentOptions },
  more: (server: McpServerV2) => void = () => undefined,
) {
  let built = 0
  const factory = () => {
    built++
    const server = new McpServerV2({ name: 'notes', version: '1.0.0' })
    server.registerTool('note', { description: 'Note', inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
      content: [{ type: 'text', text }],
    }))
    more(server)
    return server
  }
  const handler = createMcpHandler(instrumentMcpServer(factory, options))
  open.push(handler)
  const gate = gateOf({ verifier: auditTokenVerifier(verifier, options) })
  const serve = toNodeHandler({
    async fetch(request, given) {
      const caller = await gate(request)
      return caller instanceof Response ? caller : handler.fetch(request, { ...given, authInfo: caller })
    },
  })
  return {
    start: () => listen(createServer((request, response) => void serve(request as never, response))),
    built: () => built,
  }
}
