// MCP servers behind every kind of HTTP edge, with planted secrets that may stand in no event: shared by the tests of the edge.
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { McpServer as McpServerV2, OAuthError, OAuthErrorCode, requireScopes } from '@modelcontextprotocol/server'
import { expect } from 'vitest'
import { z } from 'zod'
import {
  auditTokenVerifier,
  type InstrumentOptions,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../collector/instrument/index.ts'
import { parseEvent } from '../../schemas/event.ts'

export type Fields = Readonly<Record<string, unknown>>
const key = randomBytes(32)
/** Opaque tokens: what they are worth stands here and nowhere in an event. */
export const GOOD = 'good-Zq8v3LmT0pXw7RbN2kYc'
export const WEAK = 'weak-Hs5d9QjF4uVe1GaM6oPi'
export const BAD = 'bad-Kr7c2WnB8tYx3LdS5mQe'
export const SECRETS = [GOOD, WEAK, BAD, 'sess-cookie-9f8e7d6c5b4a']

const open: (() => unknown)[] = []
export const atEnd = (close: () => unknown): void => void open.push(close)
export async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close()
  await shutdownAudit()
}

let next = 0
export function audit() {
  const sink = memorySink()
  const options = { sink, serverId: `edge-${next++}`, keys: key, authRequired: true, heartbeatMs: 0 }
  return {
    options,
    events: sink.events as unknown as Fields[],
    of: (...types: string[]) => sink.events.filter(({ eventType }) => types.includes(eventType)) as unknown as Fields[],
    /** What is not about the server itself. */
    told: () =>
      sink.events.filter(({ eventType }) => !/^(server\.|tools\.registry)/.test(eventType)) as unknown as Fields[],
  }
}
export type Audit = ReturnType<typeof audit>

/** Every event is admitted as it is, and none of them holds a secret in any usual form. */
export function sound({ events }: Audit): void {
  for (const event of events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
  const text = JSON.stringify(events)
  for (const secret of SECRETS)
    for (const form of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')])
      expect(text).not.toContain(form)
}

const authInfo = (token: string) => ({
  token,
  clientId: 'shop',
  scopes: token === GOOD ? ['orders:read', 'orders:write'] : ['orders:read'],
  expiresAt: Math.floor(Date.now() / 1000) + 3600,
  extra: { iss: 'https://id.example', sub: 'alice' },
})
const verifierThat = (refuse: (reason: string) => Error) => ({
  async verifyAccessToken(token: string) {
    if (token !== GOOD && token !== WEAK) throw refuse(`the token ${token} is not known`)
    return authInfo(token)
  },
})
export const verifierV1 = (options: InstrumentOptions) =>
  auditTokenVerifier(
    verifierThat((reason) => new InvalidTokenError(reason)),
    options,
  )
export const verifierV2 = (options: InstrumentOptions) =>
  auditTokenVerifier(
    verifierThat((reason) => new OAuthError(OAuthErrorCode.InvalidToken, reason)),
    options,
  )

export async function listen(server: Server): Promise<URL> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
}
export const listenOn = (listener: (request: never, response: never) => unknown): Promise<URL> =>
  listen(createServer(listener as never))

/** SDK v1 with sessions, as its documentation writes it; unknown sessions get 404. */
export function sessionsOfV1(options: InstrumentOptions) {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  return async (request: never, response: never, body?: unknown): Promise<void> => {
    const { headers, method } = request as { headers: Record<string, string>; method: string }
    let transport = sessions.get(headers['mcp-session-id'] ?? '')
    if (transport === undefined) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => void sessions.set(id, made),
        onsessionclosed: (id) => void sessions.delete(id),
      })
      transport = made
      if (headers['mcp-session-id'] !== undefined && method !== 'GET') {
        ;(response as { writeHead(status: number): { end(text: string): void } })
          .writeHead(404)
          .end('{"error":"no session"}')
        return
      }
      await instrumentMcpServer(serverV1(), options).connect(made as never)
    }
    await transport.handleRequest(request, response, body)
  }
}
export function serverV1(): McpServerV1 {
  const server = new McpServerV1({ name: 'orders', version: '1.0.0' })
  server.registerTool('order', { description: 'Order', inputSchema: { sku: z.string() } }, ({ sku }) => ({
    content: [{ type: 'text', text: `ordered ${sku}` }],
  }))
  return server
}
export function serverV2(): McpServerV2 {
  const server = new McpServerV2({ name: 'orders', version: '2.0.0' })
  const inputSchema = z.object({ sku: z.string() })
  server.registerTool('order', { description: 'Order', inputSchema }, ({ sku }) => ({
    content: [{ type: 'text', text: `ordered ${sku}` }],
  }))
  server.registerTool('refund', { inputSchema, scopeChallenge: requireScopes('orders:write') }, () => ({ content: [] }))
  return server
}

export const call = (name = 'order', id: number | string = 7) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: { sku: 'A-1' } },
})
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
export const modernCall = (name = 'order') => ({ ...call(name), params: { ...call(name).params, _meta: META } })
export const modernHeaders = (name = 'order', method = 'tools/call') => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  'mcp-name': name,
})

/** A raw request as a careless or hostile client makes it. */
export async function post(url: URL, body: unknown, headers: Record<string, string> = {}, method = 'POST') {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'user-agent': 'probe/1.2 (test)',
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
export const asMcp = (url: URL, token: string) =>
  [url, { requestInit: { headers: bearer(token) } }] as [URL, { requestInit: { headers: Record<string, string> } }]
