/** The one file that knows how other instrumentations spell MCP facts: semantic conventions old and new, FastMCP, Sentry, ToolHive. */

/** Attribute names of one fact, the one to believe first. */
export const SPELLINGS = {
  method: ['mcp.method.name'],
  toolName: ['gen_ai.tool.name', 'mcp.tool.name'],
  protocolVersion: ['mcp.protocol.version'],
  sessionId: ['mcp.session.id'],
  errorType: ['error.type'],
  /** JSON-RPC code; core semantic conventions renamed it, both are in use. */
  rpcCode: ['rpc.response.status_code', 'rpc.status_code', 'rpc.jsonrpc.error_code'],
  httpStatus: ['http.response.status_code', 'http.status_code'],
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

/** Attributes that hold what a caller sent or got: never kept, their names stand in `redactions`. */
const CONTENT = new Set([
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.prompt.variable',
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'mcp.tool.result.content',
  'mcp.prompt.result.message_content',
  'traceloop.entity.input',
  'traceloop.entity.output',
])
/** Sentry: one attribute per argument. */
const CONTENT_PREFIXES = ['mcp.request.argument.', 'gen_ai.prompt.variable.'] as const

/** The name under which removed content is reported; undefined when the attribute is not content. */
export function contentName(attribute: string): string | undefined {
  if (CONTENT.has(attribute)) return attribute
  const prefix = CONTENT_PREFIXES.find((start) => attribute.startsWith(start))
  // What follows the prefix is the caller's own text.
  return prefix === undefined ? undefined : `${prefix}*`
}

/** Any attribute of the MCP namespace makes a record one of ours to read. */
export const isMcpAttribute = (attribute: string): boolean => attribute.startsWith('mcp.')

/** Instrumentation scopes whose facts mean something else than the convention says. */
export const isFastMcp = (scope: string): boolean => scope === 'fastmcp' || scope.startsWith('fastmcp.')
/** FastMCP writes the OAuth client id of the validated token here; semantic conventions mean the user. */
export const FASTMCP_CLIENT_ID = 'enduser.id'
/** A gateway reports what passed through it, not what it did itself. */
export const isGateway = (scope: string): boolean => /toolhive|gateway|proxy/i.test(scope)

/** error.type of a tool that said isError. */
export const TOOL_ERROR = 'tool_error'
export const TIMEOUTS: ReadonlySet<string> = new Set(['timeout', 'TimeoutError', '-32001'])
export const CANCELLATIONS: ReadonlySet<string> = new Set(['cancelled', 'canceled', 'CancelledError', 'AbortError'])
/** First revision without sessions; revisions are dates and compare as text. */
export const FIRST_MODERN_VERSION = '2026-07-28'
