/** ToolHive's audit log: one JSON line for each request that passed its proxy, with the person of the token that the proxy validated. */
import { namedEventId } from '../foreign.ts'
import { type Content, type Ending, endingOf, type Principal, transportOf, WrongType } from '../observation.ts'
import { answerOf } from './conventions.ts'
import { isObject, type Json, JsonFields } from './json-fields.ts'
import type { TelemetrySource } from './source.ts'

const METHODS: ReadonlyMap<string, string> = new Map([
  ['mcp_initialize', 'initialize'],
  ['mcp_tool_call', 'tools/call'],
  ['mcp_tools_list', 'tools/list'],
  ['mcp_resource_read', 'resources/read'],
  ['mcp_resources_list', 'resources/list'],
  ['mcp_prompt_get', 'prompts/get'],
  ['mcp_prompts_list', 'prompts/list'],
  ['mcp_notification', 'notifications/message'],
  ['mcp_ping', 'ping'],
  ['mcp_logging', 'logging/setLevel'],
  ['mcp_completion', 'completion/complete'],
  ['mcp_roots_list_changed', 'notifications/roots/list_changed'],
])
/** Types that are about requests of which the proxy knows no MCP method, or one without a type. */
const OTHERS: ReadonlySet<string> = new Set(['mcp_request', 'http_request', 'sse_connection'])
/** Its own API, not a server behind it. */
const OWN_API = 'toolhive-api'
const ANONYMOUS = 'anonymous'

export const toolhive: TelemetrySource = {
  name: 'toolhive',
  title: 'ToolHive audit log',
  vantage: 'gateway',
  ways: ['json'],
  basis: 'documented',
  lacks: ['no_tool_errors', 'no_issuer'],
  note: 'The user is verified by the gateway, without an issuer; a result with isError counts as success.',
  readJson(record, { tenant }) {
    const event = new JsonFields(record)
    const type = event.text('type')
    const method = methodOf(event, type)
    if (method === undefined) return undefined
    // Two forms of the same: as the structure is marshalled, and as its logger writes it.
    const metadata = event.object('metadata')
    const id = event.text('audit_id') || metadata.text('auditId')
    if (id === '') throw new WrongType('audit_id', 'the id of the event')
    const eventTime = event.time('logged_at') || event.time('loggedAt') || event.time('time')
    if (eventTime === '') throw new WrongType('logged_at', 'a time')
    const extra = metadata.object('extra')
    const [source, subjects, target] = [event.object('source'), event.object('subjects'), event.object('target')]
    const component = event.text('component')
    const person = principalOf(subjects)
    return {
      source: 'adapter',
      eventId: namedEventId(tenant, toolhive.name, id),
      eventTime,
      method,
      vantage: 'gateway',
      lacks: person === undefined ? [...toolhive.lacks, 'no_principal'] : toolhive.lacks,
      ending: ending(event.text('outcome'), extra, method === 'tools/call'),
      durationMs: extra.number('duration_ms'),
      toolName: method === 'tools/call' ? target.text('name') : '',
      server: extra.text('backend_name') || (component === OWN_API ? '' : component),
      protocolVersion: extra.text('mcp_version'),
      sessionId: source.object('extra').text('session_id'),
      address: source.text('value'),
      principal: person,
      actors: actorsOf(event),
      facts: {
        sdk: 'toolhive',
        hop: 'gateway',
        transport: transportOf(extra.text('transport')),
        clientName: subjects.text('client_name'),
        clientVersion: subjects.text('client_version'),
        principalKind: subjects.text('user') === ANONYMOUS ? ANONYMOUS : person === undefined ? '' : 'user',
      },
      contents: contentsOf(event, extra, source.object('extra'), method),
    }
  },
}

/** Undefined: not an event of a request. */
function methodOf(event: JsonFields, type: string): string | undefined {
  const known = METHODS.get(type)
  if (known !== undefined) return known
  if (!OTHERS.has(type)) return undefined
  const said = event.object('target').text('method')
  return /^[a-z]+(?:\/[\w/]+)?$/.test(said) ? said : ''
}

/** Subject of the validated token; a name is no identity, and `anonymous` is nobody. */
function principalOf(subjects: JsonFields): Principal | undefined {
  const subject = subjects.text('user_id')
  return subject === '' ? undefined : { issuer: '', subject }
}

/** The act claim of a delegated token; a hop that cannot be read is left out. */
function actorsOf(event: JsonFields): Principal[] {
  const delegation = event.raw('delegation')
  const hops = isObject(delegation) ? (delegation['hops'] ?? delegation['chain'] ?? []) : delegation
  if (!Array.isArray(hops)) return []
  return (hops as readonly unknown[]).filter(isObject).flatMap((hop) => {
    const subject = firstText(hop, 'sub', 'subject')
    return subject === '' ? [] : [{ issuer: firstText(hop, 'iss', 'issuer'), subject }]
  })
}
const firstText = (hop: Json, ...names: readonly string[]): string => {
  const value = names.map((name) => hop[name]).find((found) => typeof found === 'string')
  return typeof value === 'string' ? value : ''
}

function ending(outcome: string, extra: JsonFields, isCall: boolean): Ending {
  const code = extra.number('jsonrpc_error_code')
  switch (outcome) {
    case 'success':
      return endingOf({ isCall, failed: false })
    case 'denied':
      return { outcome: 'denied', decision: 'deny', code: '' }
    case 'failure':
    case 'error':
    case 'application_error':
      return { outcome: 'protocol_error', decision: 'error', code: code === undefined ? outcome : String(code) }
    default:
      throw new WrongType('outcome', 'success, failure, error, denied or application_error')
  }
}

/** Requests and responses are there when its configuration says so. */
function contentsOf(event: JsonFields, extra: JsonFields, sourceExtra: JsonFields, method: string): Content[] {
  const contents: Content[] = []
  const data = event.object('data')
  const request = data.raw('request')
  if (request !== undefined) {
    const params = isObject(request) && isObject(request['params']) ? request['params'] : undefined
    const value = method === 'tools/call' && params !== undefined ? (params['arguments'] ?? {}) : request
    contents.push({ name: 'data.request', surface: 'arguments', value })
  }
  const response = data.raw('response')
  if (response !== undefined) {
    const value = isObject(response) ? (response['result'] ?? response['error'] ?? response) : response
    contents.push({ name: 'data.response', surface: answerOf(method), value })
  }
  const message = extra.text('jsonrpc_error_message')
  if (message !== '') contents.push({ name: 'jsonrpc_error_message', surface: 'error', value: message })
  const agent = sourceExtra.text('user_agent')
  if (agent !== '') contents.push({ name: '', surface: 'text', value: agent, root: 'source.extra.user_agent' })
  return contents
}
