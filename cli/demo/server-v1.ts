/** The file server: SDK v1, Streamable HTTP with sessions (legacy era), OAuth-protected. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer, type RegisteredTool } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type NextFunction, type Request, type Response } from 'express'
import { auditExpress } from '../../collector/instrument/express.ts'
import { auditTokenVerifier, type InstrumentOptions, instrumentMcpServer } from '../../collector/instrument/index.ts'
import { closeServer, listen } from './identity-provider.ts'
import { sound, tokenVerifier, type Weaknesses } from './token-verifier.ts'
import { type DemoTool, fileTools, reply } from './tool.ts'

export const FILES_SERVER = 'demo-files-v1'
export const FILES_AUDIENCE = 'https://files.demo.example/mcp'
/** What the audit trail is told about this server. Sink, keys and build come from the stage. */
export const FILES_AUDIT = {
  serverId: FILES_SERVER,
  authRequired: true,
  expectedAudiences: [FILES_AUDIENCE],
  requiredScopes: Object.fromEntries(fileTools().map(({ name, scope }) => [name, [scope]])),
  handles: [
    { path: 'basket', policy: 'private' },
    { path: 'structuredContent.basket', policy: 'private' },
  ],
  posture: { audienceCheck: true, sessionMode: 'stateful', originCheck: false, tls: false },
} as const

export interface DemoServer {
  readonly url: URL
  readonly weaknesses: Weaknesses
  /** Change a definition in the running server, as an attacker who reached it would. Answers the one before. */
  redefine(name: string, change: Partial<DemoTool>): DemoTool
  add(tool: DemoTool): void
  remove(name: string): void
  close(): Promise<void>
}

interface Session {
  readonly server: McpServer
  readonly transport: StreamableHTTPServerTransport
  readonly tools: Map<string, RegisteredTool>
  readonly scopes: readonly string[]
}

export async function startFilesServer(jwksUrl: URL, audit: InstrumentOptions): Promise<DemoServer> {
  const catalogue = new Map(fileTools().map((tool) => [tool.name, tool]))
  const weaknesses = sound()
  const sessions = new Map<string, Session>()
  const verifier = tokenVerifier(jwksUrl, FILES_AUDIENCE, weaknesses, (reason) => new InvalidTokenError(reason))
  const bearer = requireBearerAuth({ verifier: auditTokenVerifier(verifier, audit) })

  const app = express()
  app.use(auditExpress({ ...audit, endpoint: '/mcp' }))
  app.use(express.json({ limit: '1mb' }))
  app.use('/mcp', (request: Request, response: Response, next: NextFunction) => {
    if (weaknesses.servesWithoutToken && request.headers.authorization === undefined) next()
    else bearer(request, response, next)
  })
  app.use('/mcp', (request: Request, response: Response, next: NextFunction) => {
    const scope = scopeNeeded(catalogue, request.body)
    if (scope === undefined || request.auth === undefined || request.auth.scopes.includes(scope)) next()
    else challenge(response, scope)
  })
  app.all('/mcp', async (request: Request, response: Response) => {
    const id = request.headers['mcp-session-id']
    const session = typeof id === 'string' ? sessions.get(id) : await openSession(request)
    if (session === undefined) response.status(404).json({ error: 'no such session' })
    else await session.transport.handleRequest(request, response, request.body)
  })

  /** One McpServer for each session, as the SDK asks; only an `initialize` opens one. */
  async function openSession(request: Request): Promise<Session | undefined> {
    if (request.body?.method !== 'initialize') return undefined
    const server = new McpServer(
      { name: 'demo-files', version: '1.4.0' },
      { capabilities: { tools: { listChanged: true } } },
    )
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, session),
      onsessionclosed: (id) => void sessions.delete(id),
    })
    const session: Session = { server, transport, tools: new Map(), scopes: request.auth?.scopes ?? [] }
    for (const tool of catalogue.values()) register(session, tool)
    instrumentMcpServer(server, audit)
    // SDK v1 types its transport for a looser compiler setting: `onclose?: T` there, `T | undefined` here.
    await server.connect(transport as Parameters<McpServer['connect']>[0])
    return session
  }

  const httpServer = createServer(app)
  const origin = await listen(httpServer)
  return {
    url: new URL('/mcp', origin),
    weaknesses,
    redefine(name, change) {
      const before = catalogue.get(name)
      if (before === undefined) throw new Error(`demo-files: no tool ${name}`)
      const after = { ...before, ...change }
      catalogue.set(name, after)
      for (const { tools } of sessions.values())
        tools.get(name)?.update({ description: after.description, title: after.title, annotations: after.annotations })
      return before
    },
    add(tool) {
      catalogue.set(tool.name, tool)
      for (const session of sessions.values()) register(session, tool)
    },
    remove(name) {
      catalogue.delete(name)
      for (const { tools } of sessions.values()) {
        tools.get(name)?.remove()
        tools.delete(name)
      }
    },
    async close() {
      await Promise.all([...sessions.values()].map(({ server }) => server.close()))
      await closeServer(httpServer)
    },
  }
}

function register(session: Session, tool: DemoTool): void {
  if (tool.listedByScope === true && !session.scopes.includes(tool.scope)) return
  const { title, description, annotations, input } = tool
  session.tools.set(
    tool.name,
    session.server.registerTool(tool.name, { title, description, annotations, inputSchema: input.shape }, (args) =>
      reply(tool.run(args)),
    ),
  )
}

/** The scope that a `tools/call` in this body needs. */
function scopeNeeded(catalogue: ReadonlyMap<string, DemoTool>, body: unknown): string | undefined {
  const { method, params } = (body ?? {}) as { method?: unknown; params?: { name?: unknown } }
  return method === 'tools/call' ? catalogue.get(String(params?.name))?.scope : undefined
}

function challenge(response: Response, scope: string): void {
  response
    .status(403)
    .set('WWW-Authenticate', `Bearer error="insufficient_scope", scope="${scope}"`)
    .json({ error: 'insufficient_scope', error_description: `the operation needs ${scope}` })
}
