/** HTTP MCP servers that nobody instrumented, for the proxy: sessions (SDK v1), stateless (SDK v2), two endpoints (SSE), protected. */
import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import express from 'express'
import { z } from 'zod'

export interface Listening {
  readonly url: string
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}
export async function listen(listener: RequestListener | Server): Promise<Listening> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What the slow tools wait for. */
export interface Gate {
  open: () => void
  readonly opened: Promise<void>
  readonly aborted: string[]
}
export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, opened: promise, aborted: [] }
}

function toolsV1(server: McpServerV1, slow: Gate): McpServerV1 {
  server.registerTool('echo', { description: 'Echo', inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }))
  server.registerTool('slow', { description: 'Waits' }, async ({ signal }) => {
    signal.addEventListener('abort', () => slow.aborted.push('slow'))
    await slow.opened
    return { content: [{ type: 'text', text: 'at last' }] }
  })
  return server
}

/** Stateful sessions with an event store, JSON or SSE answers; with `isProtected` behind requireBearerAuth. */
export function sessionsV1(slow: Gate, { json = false, isProtected = false } = {}): Promise<Listening> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const app = express()
  app.use(express.json({ limit: '64mb' }))
  if (isProtected)
    app.use(
      '/mcp',
      requireBearerAuth({
        resourceMetadataUrl: 'https://orders.example/.well-known/oauth-protected-resource',
        requiredScopes: ['orders:read'],
        verifier: {
          async verifyAccessToken(token) {
            const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}') as Record<
              string,
              unknown
            >
            if (claims['sub'] === 'mallory') throw new InvalidTokenError('not good')
            const scopes = String(claims['scope'] ?? '').split(' ')
            return { token, clientId: 'shop', scopes, expiresAt: Number(claims['exp']) }
          },
        },
      }),
    )
  app.get('/.well-known/oauth-protected-resource', (_request, response) => {
    response.json({ resource: 'https://orders.example/mcp', authorization_servers: ['https://id.example'] })
  })
  app.all('/mcp', async (request, response) => {
    const id = request.headers['mcp-session-id']
    let transport = sessions.get(String(id))
    if (transport === undefined) {
      if (id !== undefined) {
        response.status(404).json({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null })
        return
      }
      const made: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        enableJsonResponse: json,
        eventStore: new InMemoryEventStore() as never,
        onsessioninitialized: (session) => void sessions.set(session, made),
        onsessionclosed: (session) => void sessions.delete(session),
      })
      transport = made
      await toolsV1(new McpServerV1({ name: 'orders', version: '1.0.0' }), slow).connect(made as never)
    }
    await transport.handleRequest(request, response, request.body)
  })
  return listen(createServer(app))
}

/** The transport of 2024: a stream, and an address to post to. */
export function legacySse(slow: Gate): Promise<Listening> {
  const transports = new Map<string, SSEServerTransport>()
  const app = express()
  app.get('/sse', async (_request, response) => {
    const transport = new SSEServerTransport('/messages', response)
    transports.set(transport.sessionId, transport)
    await toolsV1(new McpServerV1({ name: 'old', version: '1.0.0' }), slow).connect(transport as never)
  })
  app.post('/messages', async (request, response) => {
    await transports.get(String(request.query['sessionId']))?.handlePostMessage(request, response)
  })
  return listen(createServer(app))
}

/** Both eras, a server per request. */
export function statelessV2(slow: Gate): Promise<Listening> {
  const handler = createMcpHandler(() => {
    const server = new McpServerV2({ name: 'notes', version: '1.0.0' })
    server.registerTool('note', { description: 'Note', inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
      content: [{ type: 'text', text }],
    }))
    server.registerTool('slow', { description: 'Waits' }, async (ctx) => {
      ctx.mcpReq.signal.addEventListener('abort', () => slow.aborted.push('slow'))
      await Promise.race([
        slow.opened,
        new Promise<void>((resolve) => ctx.mcpReq.signal.addEventListener('abort', () => resolve())),
      ])
      return { content: [{ type: 'text', text: 'at last' }] }
    })
    return server
  })
  const serve = toNodeHandler(handler)
  return listen((request, response) => void serve(request as never, response))
}
