/** PostHog's MCP analytics: events in its capture requests, with parameters and responses in full. */
import { namedEventId } from '../foreign.ts'
import { type Content, endingOf, WrongType } from '../observation.ts'
import { answerOf } from './conventions.ts'
import { isObject, JsonFields } from './json-fields.ts'
import type { TelemetrySource } from './source.ts'

const EVENTS: ReadonlyMap<string, string> = new Map([
  ['$mcp_initialize', 'initialize'],
  ['$mcp_tool_call', 'tools/call'],
  ['$mcp_tools_list', 'tools/list'],
  ['$mcp_resources_list', 'resources/list'],
  ['$mcp_resource_read', 'resources/read'],
  ['$mcp_prompts_list', 'prompts/list'],
  ['$mcp_prompt_get', 'prompts/get'],
])
/** What we read as facts, and what says nothing of a caller. */
const READ = new Set(['$mcp_parameters', '$mcp_response', '$mcp_error_message', '$mcp_tool_name', '$session_id'])

export const posthog: TelemetrySource = {
  name: 'posthog',
  title: 'PostHog (`@posthog/mcp`)',
  vantage: 'server',
  ways: ['json'],
  basis: 'recorded',
  lacks: ['no_principal', 'no_client', 'no_denials', 'no_trace'],
  note: 'Sessions are its own, made up for each connection; a distinct id is what the application says, not a verified person.',
  // `{api_key, batch: […]}` of the SDKs, or one event.
  unwrap(body) {
    if (isObject(body) && Array.isArray(body['batch'])) return body['batch'] as readonly unknown[]
    return Array.isArray(body) ? body : [body]
  },
  readJson(record, { tenant }) {
    const event = new JsonFields(record)
    const method = EVENTS.get(event.text('event'))
    // $exception repeats what the call has said; everything else is analytics of other things.
    if (method === undefined) return undefined
    const properties = event.object('properties')
    const uuid = event.text('uuid')
    if (uuid === '') throw new WrongType('uuid', 'the id of the event')
    const eventTime = event.time('timestamp')
    if (eventTime === '') throw new WrongType('timestamp', 'a time')
    const isCall = method === 'tools/call'
    const isError = properties.isTrue('$mcp_is_error')
    const message = properties.text('$mcp_error_message')
    return {
      source: 'adapter',
      eventId: namedEventId(tenant, posthog.name, uuid),
      eventTime,
      method,
      vantage: 'server',
      lacks: posthog.lacks,
      ending: endingOf({
        isCall,
        failed: isError,
        errorType: isError ? properties.text('$mcp_error_type') : '',
        isToolError: isError,
        rpcCode: isCall ? '' : codeIn(message),
      }),
      durationMs: properties.number('$mcp_duration_ms'),
      toolName: isCall ? properties.text('$mcp_tool_name') : '',
      server: properties.text('$mcp_server_name'),
      protocolVersion: properties.text('$mcp_protocol_version'),
      sessionId: properties.text('$session_id'),
      facts: {
        sdk: '@posthog/mcp',
        serverName: properties.text('$mcp_server_name'),
        serverVersion: properties.text('$mcp_server_version'),
        clientName: properties.text('$mcp_client_name'),
        clientVersion: properties.text('$mcp_client_version'),
      },
      contents: contentsOf(record as { properties?: unknown }, properties, method, message),
    }
  },
}

/** `MCP error -32602: …`, as the SDK words it. */
const codeIn = (message: string): string => /^MCP error (-\d{1,6}):/.exec(message)?.[1] ?? ''

function contentsOf(
  { properties: all }: { properties?: unknown },
  properties: JsonFields,
  method: string,
  message: string,
): Content[] {
  const contents: Content[] = []
  const parameters = properties.raw('$mcp_parameters')
  if (parameters !== undefined) {
    const request = isObject(parameters) && isObject(parameters['request']) ? parameters['request'] : {}
    const params = isObject(request['params']) ? request['params'] : {}
    const value = method === 'tools/call' ? (params['arguments'] ?? parameters) : parameters
    contents.push({ name: '$mcp_parameters', surface: 'arguments', value })
  }
  const response = properties.raw('$mcp_response')
  if (response !== undefined) contents.push({ name: '$mcp_response', surface: answerOf(method), value: response })
  if (message !== '') contents.push({ name: '$mcp_error_message', surface: 'error', value: message })
  const rest = Object.entries(isObject(all) ? all : {}).filter(([name]) => !READ.has(name))
  if (rest.length > 0) contents.push({ name: '', surface: 'text', value: Object.fromEntries(rest), root: 'properties' })
  return contents
}
