/**
 * Real servers of both SDKs whose every surface carries secrets: results, errors, instructions, resources, prompts, questions. As a
 * program it serves one of them over stdio, instrumented by nothing but the environment: the secrets come in CANARIES.
 */
import { randomUUID } from 'node:crypto'
import { McpServer as McpServerV1, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport as StdioV1 } from '@modelcontextprotocol/sdk/server/stdio.js'
import { inputRequired, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'
import { instrumentMcpServer } from '../../collector/instrument/index.ts'
import { type Canaries, dressed } from '../fakes/canaries.ts'

const say = (text: string) => ({ content: [{ type: 'text' as const, text }] })

/** Sessions: it asks the client's model and its user within a call. */
export function leakyV1(canaries: Canaries): McpServerV1 {
  const server = new McpServerV1(
    { name: 'leaky', version: '1.0.0' },
    { instructions: `Authenticate with ${canaries.clientSecret}`, capabilities: { logging: {} } },
  )
  server.registerTool('echo', { description: 'Echo', inputSchema: { text: z.string() } }, ({ text }) => say(text))
  server.registerTool('mint', { description: 'Makes a basket' }, () => ({
    ...say(JSON.stringify({ basket: canaries.stateHandle, key: canaries.apiKey })),
    structuredContent: { basket: canaries.stateHandle, task: canaries.taskId },
  }))
  server.registerTool('fail', { description: 'Fails' }, () => {
    throw new Error(`upstream said 401 to ${canaries.accessToken} with ${dressed(canaries.refreshToken).join(' ')}`)
  })
  server.registerTool('ask', { description: 'Asks' }, async () => {
    const question = { message: `Paste ${canaries.code}`, requestedSchema: ASKED }
    const answer = await server.server.elicitInput(question as never).catch(() => undefined)
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: `Use ${canaries.apiKey}` } }]
    await server.server
      .createMessage({ messages, maxTokens: 10, systemPrompt: `key ${canaries.clientSecret}` })
      .catch(() => undefined)
    await server.server.sendLoggingMessage({ level: 'info', data: `token ${canaries.accessToken}` })
    return say(JSON.stringify(answer ?? {}))
  })
  server.registerResource('note', new ResourceTemplate('note://{id}', { list: undefined }), {}, (uri) => ({
    contents: [{ uri: uri.href, text: `cookie ${canaries.cookie}` }],
  }))
  server.registerPrompt('greet', { argsSchema: { who: z.string() } }, ({ who }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello ${who} ${canaries.accessJwt}` } }],
  }))
  return server
}
const ASKED = { type: 'object', properties: { password: { type: 'string' } } }

/** No sessions: what it asks for is in its result, with a state that comes back. */
export function leakyV2(canaries: Canaries): McpServerV2 {
  const server = new McpServerV2(
    { name: 'leaky', version: '2.0.0' },
    { instructions: `Authenticate with ${canaries.clientSecret}` },
  )
  server.registerTool('echo', { description: 'Echo', inputSchema: z.object({ text: z.string() }) }, ({ text }) =>
    say(text),
  )
  server.registerTool('fail', { description: 'Fails', inputSchema: z.object({}) }, () => {
    throw new Error(`upstream said 401 to ${canaries.accessToken}`)
  })
  server.registerTool('confirm', { description: 'Asks back', inputSchema: z.object({}) }, (_args, ctx) =>
    ctx.mcpReq.inputResponses === undefined
      ? inputRequired({
          inputRequests: {
            sure: inputRequired.elicit({ message: `Paste ${canaries.code}`, requestedSchema: ASKED as never }),
          },
          requestState: canaries.requestState,
        })
      : say(`done ${canaries.stateHandle}`),
  )
  server.registerPrompt('greet', { argsSchema: z.object({ who: z.string() }) }, ({ who }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello ${who} ${canaries.accessJwt}` } }],
  }))
  return server
}

/** What a client says to such a server, whatever its transport: every secret, bare and dressed up, everywhere it can stand. */
export async function misuse(client: LeakyClient, canaries: Canaries): Promise<void> {
  const quietly = (call: Promise<unknown>) => call.catch(() => undefined)
  let next = 0
  for (const secret of Object.values(canaries))
    for (const form of [secret, dressed(secret)[1 + (next++ % 4)]!]) {
      await quietly(client.callTool({ name: 'echo', arguments: { text: form, [`k${form}`]: 1 } }))
      await quietly(client.callTool({ name: form, arguments: {} }))
    }
  await quietly(client.callTool({ name: 'mint', arguments: { basket: canaries.stateHandle, code: canaries.code } }))
  await quietly(client.callTool({ name: 'fail', arguments: {} }))
  await quietly(client.callTool({ name: 'ask', arguments: {} }))
  await quietly(client.callTool({ name: 'confirm', arguments: {} }))
  await quietly(client.readResource({ uri: `note://${canaries.stateHandle}?token=${canaries.queryToken}` }))
  await quietly(client.getPrompt({ name: 'greet', arguments: { who: canaries.refreshToken } }))
  await quietly(client.getPrompt({ name: canaries.code, arguments: { [canaries.cookie]: canaries.apiKey } }))
  const ref = { type: 'ref/prompt' as const, name: canaries.code }
  await quietly(client.complete({ ref, argument: { name: canaries.cookie, value: canaries.accessToken } }))
  const meta = { progressToken: canaries.taskId, baggage: `session=${canaries.sessionId}` }
  await quietly(client.callTool({ name: 'echo', arguments: { text: 'x' }, _meta: meta }))
}
/** The parts that both SDKs' clients share. */
export interface LeakyClient {
  callTool(params: {
    name: string
    arguments?: Record<string, unknown>
    _meta?: Record<string, unknown>
  }): Promise<unknown>
  readResource(params: { uri: string }): Promise<unknown>
  getPrompt(params: { name: string; arguments?: Record<string, string> }): Promise<unknown>
  complete(params: {
    ref: { type: 'ref/prompt'; name: string }
    argument: { name: string; value: string }
  }): Promise<unknown>
}
/** Answers of a client to what it is asked. */
export const elicited = (canaries: Canaries) => ({
  action: 'accept' as const,
  content: { password: canaries.clientSecret, id: canaries.elicitationId },
})
export const sampled = (canaries: Canaries) => ({
  role: 'assistant' as const,
  model: `m-${randomUUID()}`,
  content: { type: 'text' as const, text: `as you wish: ${canaries.accessJwt}` },
})

if (process.argv[1] === import.meta.filename) {
  const canaries = JSON.parse(process.env['CANARIES'] ?? '{}') as Canaries
  if (process.argv[2] === 'v1') await instrumentMcpServer(leakyV1(canaries)).connect(new StdioV1())
  else serveStdio(instrumentMcpServer(() => leakyV2(canaries)))
}
