/** The notes server: SDK v2, modern era (2026-07-28), stateless: a server for each request, state in handles. */
import { createServer } from 'node:http'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import {
  type AuthInfo,
  acceptedContent,
  createMcpHandler,
  createRequestStateCodec,
  inputRequired,
  type McpRequestContext,
  McpServer,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth,
  requireScopes,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { auditHttp } from '../../collector/instrument/http.ts'
import { auditTokenVerifier, type InstrumentOptions, instrumentMcpServer } from '../../collector/instrument/index.ts'
import { closeServer, listen } from './identity-provider.ts'
import type { DemoServer } from './server-v1.ts'
import { sound, tokenVerifier } from './token-verifier.ts'
import { type DemoTool, noteTools, reply } from './tool.ts'

export const NOTES_SERVER = 'demo-notes-v2'
export const NOTES_AUDIENCE = 'https://notes.demo.example/mcp'

/** What the audit trail is told about this server. Sink, keys and build come from the stage. */
export const NOTES_AUDIT = {
  serverId: NOTES_SERVER,
  authRequired: true,
  expectedAudiences: [NOTES_AUDIENCE],
  anonymousMethods: ['server/discover'],
  handles: [
    { path: 'draft', policy: 'private' },
    { path: 'structuredContent.draft', policy: 'private' },
  ],
  posture: { audienceCheck: true, sessionMode: 'stateless', requestStateProtected: true, tls: false },
} as const

const confirmation = z.object({ publish: z.boolean() })

/** `changes` are what this build defines otherwise than the first one. */
export async function startNotesServer(
  jwksUrl: URL,
  audit: InstrumentOptions,
  changes: Readonly<Record<string, Partial<DemoTool>>> = {},
): Promise<DemoServer> {
  const catalogue = new Map(noteTools().map((tool) => [tool.name, { ...tool, ...changes[tool.name] }]))
  const weaknesses = sound()
  const refuse = (reason: string) => new OAuthError(OAuthErrorCode.InvalidToken, reason)
  const verifier = tokenVerifier(jwksUrl, NOTES_AUDIENCE, weaknesses, refuse)
  const gate = requireBearerAuth({ verifier: auditTokenVerifier(verifier, audit) })
  const state = createRequestStateCodec<{ draft: string }>({
    key: 'demo key of the request state, 32 bytes or more',
    bind: (ctx) => (weaknesses.leavesStateUnbound ? '' : String(ctx.http?.authInfo?.extra?.['subject'] ?? '')),
  })

  const offer = ({ authInfo }: McpRequestContext): McpServer => {
    const server = new McpServer(
      { name: 'demo-notes', version: '2.1.0' },
      { capabilities: { tools: { listChanged: true } }, requestState: { verify: state.verify } },
    )
    for (const tool of catalogue.values()) register(server, tool, authInfo)
    registerPublish(server, state)
    return server
  }
  const handler = createMcpHandler(instrumentMcpServer(offer, audit))
  const serve = toNodeHandler({
    async fetch(request, options) {
      // Policy: a client may ask what this server speaks before it logs in.
      const isOpen = request.headers.get('mcp-method') === 'server/discover'
      const hasToken = request.headers.has('authorization')
      if (!hasToken && (isOpen || weaknesses.servesWithoutToken)) return handler.fetch(request, options)
      const caller = await gate(request)
      return caller instanceof Response ? caller : handler.fetch(request, { ...options, authInfo: caller })
    },
  })

  const httpServer = auditHttp(
    createServer((request, response) => void serve(request as NodeIncomingMessageLike, response)),
    { ...audit, endpoint: '/mcp' },
  )
  const origin = await listen(httpServer)
  return {
    url: new URL('/mcp', origin),
    weaknesses,
    redefine(name, change) {
      const before = catalogue.get(name)
      if (before === undefined) throw new Error(`demo-notes: no tool ${name}`)
      catalogue.set(name, { ...before, ...change })
      handler.notify.toolsChanged()
      return before
    },
    add(tool) {
      catalogue.set(tool.name, tool)
      handler.notify.toolsChanged()
    },
    remove(name) {
      catalogue.delete(name)
      handler.notify.toolsChanged()
    },
    async close() {
      await handler.close()
      await closeServer(httpServer)
    },
  }
}

function register(server: McpServer, tool: DemoTool, caller: AuthInfo | undefined): void {
  if (tool.listedByScope === true && caller?.scopes.includes(tool.scope) !== true) return
  const { title, description, annotations, input } = tool
  server.registerTool(
    tool.name,
    { title, description, annotations, inputSchema: input, scopeChallenge: requireScopes(tool.scope) },
    (args) => reply(tool.run(args)),
  )
}

/** Publishing asks back: the first round answers `input_required` with a sealed state, the second one brings the answer. */
function registerPublish(
  server: McpServer,
  state: ReturnType<typeof createRequestStateCodec<{ draft: string }>>,
): void {
  server.registerTool(
    'publish_draft',
    {
      title: 'Publish a draft',
      description: 'Publishes a draft after the author confirmed it.',
      annotations: { readOnlyHint: false, destructiveHint: false },
      inputSchema: z.object({ draft: z.string().describe('Handle of the draft.') }),
      scopeChallenge: requireScopes('notes:write'),
    },
    async ({ draft }, ctx) => {
      const confirmed = acceptedContent(ctx.mcpReq.inputResponses, 'publish', confirmation)
      if (confirmed !== undefined) {
        const resumed = ctx.mcpReq.requestState<{ draft: string }>()
        return reply({ published: confirmed.publish && resumed?.draft === draft })
      }
      const ask = inputRequired.elicit({ message: 'Publish this draft to everybody?', requestedSchema: confirmation })
      return inputRequired({ inputRequests: { publish: ask }, requestState: await state.mint({ draft }, ctx) })
    },
  )
}
