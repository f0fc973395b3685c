/** The one file that knows how the semantic conventions spell MCP facts, old and new, and who else uses another name for them. */
import type { Surface } from './scan/classifier.ts'

/** Attribute names of one fact, the one to believe first. */
export const SPELLINGS = {
  method: ['mcp.method.name'],
  toolName: ['gen_ai.tool.name', 'mcp.tool.name'],
  protocolVersion: ['mcp.protocol.version'],
  sessionId: ['mcp.session.id'],
  errorType: ['error.type'],
  /** JSON-RPC code; core semantic conventions renamed it, both are in use; agentgateway has a name of its own. */
  rpcCode: ['rpc.response.status_code', 'rpc.status_code', 'rpc.jsonrpc.error_code', 'mcp.error.code'],
  httpStatus: ['http.response.status_code', 'http.status_code', 'http.status'],
  httpVerb: ['http.request.method', 'http.method'],
  /** `pipe` or `tcp` by convention; Sentry names the SDK's transport class. */
  transport: ['network.transport', 'mcp.transport', 'net.transport'],
  networkProtocol: ['network.protocol.name', 'net.app.protocol.name'],
  clientAddress: ['client.address', 'net.peer.ip'],
  clientName: ['mcp.client.name'],
  clientVersion: ['mcp.client.version'],
  serverName: ['mcp.server.name', 'fastmcp.server.name'],
  serverVersion: ['mcp.server.version'],
  isToolError: ['mcp.tool.result.is_error'],
} as const satisfies Record<string, readonly string[]>
export type Fact = keyof typeof SPELLINGS

/** Every name of a fact: such an attribute is read, and is no content. */
export const FACT_NAMES: ReadonlySet<string> = new Set(Object.values(SPELLINGS).flat())

/** How an attribute with content is read: by which classifiers, and whether its text should be JSON. */
export interface ContentAttribute {
  readonly surface: Surface | 'answer'
  readonly isJsonText?: boolean
}
/** Attributes that hold what a caller sent or got: never kept, their names stand in `redactions`. `answer`: what the method answers. */
const CONTENT: ReadonlyMap<string, ContentAttribute> = new Map<string, ContentAttribute>([
  ['gen_ai.tool.call.arguments', { surface: 'arguments', isJsonText: true }],
  ['gen_ai.tool.call.result', { surface: 'answer', isJsonText: true }],
  ['gen_ai.tool.definitions', { surface: 'definition', isJsonText: true }],
  ['gen_ai.tool.description', { surface: 'definition' }],
  ['gen_ai.input.messages', { surface: 'prompt', isJsonText: true }],
  ['gen_ai.output.messages', { surface: 'result', isJsonText: true }],
  ['gen_ai.system_instructions', { surface: 'instructions', isJsonText: true }],
  ['mcp.tool.result.content', { surface: 'answer', isJsonText: true }],
  ['mcp.prompt.result.message_content', { surface: 'prompt' }],
  ['gen_ai.prompt.variable', { surface: 'arguments', isJsonText: true }],
  ['traceloop.entity.input', { surface: 'arguments', isJsonText: true }],
  ['traceloop.entity.output', { surface: 'answer', isJsonText: true }],
  ['tool.arguments', { surface: 'arguments', isJsonText: true }],
  ['tool.result', { surface: 'answer', isJsonText: true }],
  ['exception.message', { surface: 'error' }],
  ['exception.stacktrace', { surface: 'error' }],
  ['error.message', { surface: 'error' }],
  ['mcp.error.message', { surface: 'error' }],
])
/** Sentry and a newer convention: one attribute per argument. */
export const ARGUMENT_PREFIXES = ['mcp.request.argument.', 'gen_ai.prompt.variable.'] as const

/** Undefined when the attribute is not content. */
export const contentOf = (attribute: string): ContentAttribute | undefined => CONTENT.get(attribute)

/** Any attribute of the MCP namespace makes a record one of ours to read. */
export const isMcpAttribute = (attribute: string): boolean => attribute.startsWith('mcp.')

/** A gateway reports what passed through it, not what it did itself. */
export const isGateway = (scope: string): boolean => /toolhive|gateway|proxy/i.test(scope)
