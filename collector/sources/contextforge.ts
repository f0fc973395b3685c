/** IBM ContextForge (mcp-context-forge): its OpenTelemetry spans, the spans of its own store, and its audit trail. */
import { logEventId, namedEventId } from '../foreign.ts'
import type { AnyValue, Attributes } from '../instrument/delivery/otlp-encode.ts'
import { type Content, endingOf, type Observation, type Principal, WrongType } from '../observation.ts'
import { emptyAttributes } from '../otlp/records.ts'
import { named } from './attributes.ts'
import { contentsOf, observe } from './conventions.ts'
import { isObject, JsonFields } from './json-fields.ts'
import type { JsonReader, OtlpFacts, TelemetrySource } from './source.ts'

/** Spans of requests by the start of their names; those of plugins, HTTP and its own client repeat them. */
const SPANS: readonly (readonly [start: string, method: string])[] = [
  ['tool.invoke', 'tools/call'],
  ['prompt.render', 'prompts/get'],
  ['resource.read', 'resources/read'],
  ['resource.invoke', 'resources/read'],
]
/** Of the audit trail: (resource type, action) that is a request of MCP; the rest is administration of the gateway. */
const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['tool execute', 'tools/call'],
  ['tool invoke', 'tools/call'],
  ['tool invoke_tool', 'tools/call'],
  ['prompt read', 'prompts/get'],
  ['prompt access', 'prompts/get'],
  ['resource read', 'resources/read'],
  ['resource access', 'resources/read'],
])
const OWN = /^(?:contextforge\.|tool\.(?:name|id|integration_type|gateway_id)|prompt\.|user\.email|duration|http\.)/

export const contextforge: TelemetrySource = {
  name: 'contextforge',
  title: 'ContextForge (IBM mcp-context-forge)',
  vantage: 'gateway',
  ways: ['spans', 'json'],
  basis: 'documented',
  lacks: ['no_protocol_version', 'no_session', 'no_issuer'],
  note: 'The user is an e-mail that the gateway authenticated; spans show tools, prompts and resources, not lists or openings.',
  recognises: ({ name, attributes }) =>
    methodOfSpan(name) !== '' &&
    (attributes['tool.integration_type'] !== undefined ||
      Object.keys(attributes).some((attribute) => attribute.startsWith('contextforge.'))),
  readOtlp: (record) => observeSpan(record),
  unwrap(body) {
    if (Array.isArray(body)) return body
    if (!isObject(body)) return [body]
    // A trace of its API holds its spans; pages of the audit trail hold theirs.
    const held = body['spans'] ?? body['items'] ?? body['logs']
    return Array.isArray(held) ? (held as readonly unknown[]) : [body]
  },
  readJson(record, reader) {
    const fields = new JsonFields(record)
    return fields.has('action') ? observeAction(fields, record, reader) : observeStored(fields, record, reader)
  },
}

const methodOfSpan = (name: string): string => SPANS.find(([start]) => name.startsWith(start))?.[1] ?? ''

/** The e-mail that it authenticated; it says no issuer. */
const personOf = (email: string): Principal | undefined => (email === '' ? undefined : { issuer: '', subject: email })

function observeSpan(record: OtlpFacts, source: Observation['source'] = record.source): Observation | undefined {
  const { attributes } = record
  const method = methodOfSpan(record.name)
  if (method === '') return undefined
  // `user.email` without the prefix may come from a caller's baggage.
  const person = personOf(named(attributes, 'contextforge.user.email'))
  const isFailed = record.failed || attributes['success'] === false || attributes['error'] === true
  const seen = observe(record, method, {
    lacks: person === undefined ? [...contextforge.lacks, 'no_principal'] : contextforge.lacks,
    vantage: 'gateway',
    withoutSession: true,
    server: named(attributes, 'tool.gateway_id') || named(attributes, 'contextforge.gateway_id'),
    toolName: named(attributes, 'tool.name') || record.name.slice('tool.invoke.'.length),
    principal: person,
    facts: { hop: 'gateway', sdk: 'mcp-context-forge' },
    ending: endingOf({
      isCall: method === 'tools/call',
      failed: isFailed,
      errorType: isFailed ? named(attributes, 'error.type') : '',
      isToolError: isFailed,
    }),
    contents: contentsOf(record, method, (name) => OWN.test(name)),
  })
  return { ...seen, source }
}

/** A span as its own store and API have it: UUIDs for ids, attributes as a map. */
function observeStored(span: JsonFields, record: unknown, { tenant, fallbackServer }: JsonReader) {
  if (methodOfSpan(span.text('name')) === '') return undefined
  const attributes = emptyAttributes()
  const held = span.raw('attributes')
  if (isObject(held)) for (const [name, value] of Object.entries(held)) attributes[name] = value as AnyValue
  const eventTime = span.time('start_time')
  if (eventTime === '') throw new WrongType('start_time', 'a time')
  const id = span.text('span_id')
  const durationMs = span.number('duration_ms')
  const message = span.text('status_message')
  return observeSpan(
    {
      source: 'otlp_log',
      eventId:
        id === ''
          ? logEventId(tenant, fallbackServer, record as AnyValue)
          : namedEventId(tenant, contextforge.name, `${span.text('trace_id')} ${id}`),
      eventTime,
      traceId: '',
      spanId: '',
      ...(durationMs === undefined ? {} : { durationMs }),
      name: span.text('name'),
      clientSide: false,
      failed: span.text('status') === 'error',
      attributes: withName(attributes, span.text('resource_name')),
      resource: emptyAttributes(),
      scope: { name: 'mcp-context-forge', version: '' },
      texts: message === '' ? [] : [{ path: 'status_message', text: message }],
    },
    'adapter',
  )
}
function withName(attributes: Attributes, name: string): Attributes {
  return attributes['tool.name'] !== undefined || name === '' ? attributes : { ...attributes, 'tool.name': name }
}

/** A row of the audit trail: who did what to which tool, prompt or resource. */
function observeAction(row: JsonFields, record: unknown, { tenant, fallbackServer }: JsonReader) {
  const method = ACTIONS.get(`${row.text('resource_type')} ${row.text('action')}`.toLowerCase())
  if (method === undefined) return undefined
  const eventTime = row.time('timestamp')
  if (eventTime === '') throw new WrongType('timestamp', 'a time')
  const person = personOf(row.anyText('user_email', 'user_id'))
  const id = row.raw('id')
  const isFailed = row.raw('success') === false
  return {
    source: 'adapter',
    eventId:
      typeof id === 'string' || typeof id === 'number'
        ? namedEventId(tenant, contextforge.name, `audit ${id}`)
        : logEventId(tenant, fallbackServer, record as AnyValue),
    eventTime,
    method,
    vantage: 'gateway',
    lacks: person === undefined ? [...contextforge.lacks, 'no_principal'] : contextforge.lacks,
    ending: endingOf({ isCall: method === 'tools/call', failed: isFailed }),
    toolName: method === 'tools/call' ? row.anyText('resource_name', 'resource_id') : '',
    address: row.text('client_ip'),
    principal: person,
    facts: { hop: 'gateway', sdk: 'mcp-context-forge' },
    contents: [
      ...contentOf(row, 'error_message', 'error'),
      ...contentOf(row, 'context', 'text'),
      ...contentOf(row, 'old_values', 'text'),
      ...contentOf(row, 'new_values', 'text'),
      ...contentOf(row, 'user_agent', 'text'),
    ],
  } satisfies Observation
}
function contentOf(row: JsonFields, name: string, surface: Content['surface']): Content[] {
  const value = row.raw(name)
  return value === undefined ? [] : [{ name, surface, value, root: name }]
}
