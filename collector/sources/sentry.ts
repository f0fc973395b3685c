/** Sentry's MCP instrumentation: spans in its envelopes, and the same over OTLP. Arguments and results come along by default. */
import { spanEventId } from '../foreign.ts'
import type { AnyValue, Attributes } from '../instrument/delivery/otlp-encode.ts'
import { type Observation, WrongType } from '../observation.ts'
import { emptyAttributes } from '../otlp/records.ts'
import { text } from './attributes.ts'
import { contentsOf, methodOf, observe } from './conventions.ts'
import { instantOfSeconds, isObject, JsonFields } from './json-fields.ts'
import type { JsonReader, OtlpFacts, TelemetrySource } from './source.ts'

/** Of the SDK, the process and the machine: whatever stands there is no caller's. */
const OWN = /^(?:sentry|device|os|process|culture|app|service|server\.address|deployment)\b/

export const sentry: TelemetrySource = {
  name: 'sentry',
  title: 'Sentry (`@sentry/node` 9 to 11)',
  vantage: 'server',
  ways: ['json', 'spans'],
  basis: 'recorded',
  lacks: ['no_principal', 'no_client', 'no_denials'],
  note: 'Protocol errors -32700, -32600 to -32602 and -32002 are no errors there: the code tells them; rate below 1 samples.',
  recognises: ({ attributes }) => origin(attributes).startsWith('auto.function.mcp_server'),
  readOtlp: (record) => observeSpan(record),
  unwrap: (body) => itemsOf(body),
  readJson: (record, reader) => {
    const facts = factsOf(record, reader)
    return facts === undefined ? undefined : observeSpan(facts)
  },
}

const origin = (attributes: Attributes): string => {
  const value = attributes['sentry.origin']
  return typeof value === 'string' ? value : ''
}

function observeSpan(record: OtlpFacts): Observation | undefined {
  const method = methodOf(record.attributes)
  if (method === '') return undefined
  return observe(record, method, {
    lacks: sentry.lacks,
    vantage: 'server',
    // Its envelopes name no service.
    server: text(record.attributes, 'serverName'),
    contents: contentsOf(record, method, (name) => OWN.test(name)),
  })
}

/** Payloads of envelope items: span containers (SDK 11) and transactions (before); errors and sessions are no spans. */
function itemsOf(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body.flatMap((element) => itemsOf(element))
  if (!isObject(body)) return [body]
  if (Array.isArray(body['items'])) return body['items'] as readonly unknown[]
  if (isObject(body['contexts']) && isObject(body['contexts']['trace'])) {
    const { contexts, spans = [] } = body as { contexts: { trace: object }; spans?: unknown }
    const { start_timestamp, timestamp } = body
    const root = { start_timestamp, timestamp, ...contexts.trace }
    return [root, ...(Array.isArray(spans) ? (spans as readonly unknown[]) : [])]
  }
  return [body]
}

/** One span of either form as if it had come over OTLP. */
function factsOf(record: unknown, { tenant }: JsonReader): OtlpFacts | undefined {
  const span = new JsonFields(record)
  const attributes = attributesOf(span)
  // Errors, sessions and spans of other things in the same envelope.
  if (attributes === undefined) return undefined
  const [traceId, spanId] = [idOf(span, 'trace_id', 32), idOf(span, 'span_id', 16)]
  const [start, end] = [span.number('start_timestamp'), span.number('end_timestamp') ?? span.number('timestamp')]
  const eventTime = start === undefined ? undefined : instantOfSeconds(start)
  if (eventTime === undefined) throw new WrongType('start_timestamp', 'seconds since 1970')
  const status = span.text('status')
  return {
    source: 'span',
    eventId: spanEventId(tenant, traceId, spanId),
    eventTime,
    traceId,
    spanId,
    ...(end === undefined || end < start! ? {} : { durationMs: (end - start!) * 1000 }),
    name: span.anyText('name', 'description'),
    clientSide: false,
    failed: status !== '' && status !== 'ok',
    attributes,
    resource: emptyAttributes(),
    scope: { name: sdkOf(attributes, 'name') || 'sentry', version: sdkOf(attributes, 'version') },
    texts: [],
  }
}

function idOf(span: JsonFields, name: string, digits: number): string {
  const id = span.text(name).toLowerCase()
  if (id.length !== digits || !/^[0-9a-f]+$/.test(id) || !/[^0]/.test(id))
    throw new WrongType(name, `${digits} hex digits`)
  return id
}
const sdkOf = (attributes: Attributes, part: string): string => {
  const value = attributes[`sentry.sdk.${part}`]
  return typeof value === 'string' ? value : ''
}

/** `attributes` with typed values (version 2), or `data` (before). Undefined when none of them is about MCP. */
function attributesOf(span: JsonFields): Attributes | undefined {
  const typed = span.raw('attributes')
  const held = isObject(typed) ? typed : span.raw('data')
  if (!isObject(held) || !Object.keys(held).some((name) => name.startsWith('mcp.'))) return undefined
  const attributes = emptyAttributes()
  for (const [name, value] of Object.entries(held))
    attributes[name] = (isObject(typed) && isObject(value) ? (value['value'] ?? null) : value) as AnyValue
  return attributes
}
