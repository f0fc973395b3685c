/** Where other products send to when they are pointed at us: a path of ours for any source, Sentry's envelopes, PostHog's captures. */
import type { IncomingHttpHeaders } from 'node:http'
import { parseJson } from '../otlp/json-text.ts'
import { OTLP_LIMITS, OtlpUnreadable } from '../otlp/records.ts'
import { sourceNamed } from './catalogue.ts'
import { isObject } from './json-fields.ts'
import { posthog } from './posthog.ts'
import { sentry } from './sentry.ts'
import type { TelemetrySource } from './source.ts'

/** Records of a body, the credential in it, and lines of it that are no JSON. */
export interface ParsedBody {
  readonly records: unknown
  readonly key: string
  readonly refused: readonly { readonly field: string; readonly reason: string }[]
}
export interface SourceEndpoint {
  readonly paths: readonly string[]
  /** Undefined: there is none of this name that sends JSON. */
  source(params: Readonly<Record<string, string>>): TelemetrySource | undefined
  /** The credential outside the body and outside `Authorization`; '' when there is none. */
  keyOf(headers: IncomingHttpHeaders, query: Readonly<Record<string, unknown>>): string
  /** Its clients name their credential in the body. */
  readonly needsBody: boolean
  parse(body: Uint8Array): ParsedBody
  answer(taken: { readonly accepted: number; readonly rejected: number; readonly reason: string }): unknown
}

const own: SourceEndpoint = {
  paths: ['/v1/sources/:source'],
  source({ source = '' }) {
    const found = sourceNamed(source)
    return found?.readJson === undefined ? undefined : found
  },
  keyOf: () => '',
  needsBody: false,
  parse: parseLines,
  answer: ({ accepted, rejected, reason }) => ({ accepted, rejected, ...(reason === '' ? {} : { reason }) }),
}

/** A DSN `http://KEY@HOST:PORT/PROJECT`: its clients post there, with the key in a header or in the query. */
const envelopes: SourceEndpoint = {
  paths: ['/api/:project/envelope/', '/api/:project/envelope'],
  source: () => sentry,
  keyOf(headers, query) {
    const said = headers['x-sentry-auth']
    const inHeader = /sentry_key=([^,\s]+)/.exec(typeof said === 'string' ? said : '')?.[1]
    const inQuery = query['sentry_key']
    return inHeader ?? (typeof inQuery === 'string' ? inQuery : '')
  },
  needsBody: false,
  parse: parseEnvelope,
  answer: () => ({}),
}

/** The host of its clients is ours, the project's key their credential. */
const captures: SourceEndpoint = {
  paths: ['/batch/', '/batch', '/i/v0/e/', '/i/v0/e', '/capture/', '/capture'],
  source: () => posthog,
  keyOf: () => '',
  needsBody: true,
  parse(bytes) {
    const body = parseJson(bytes)
    const key = isObject(body) ? (body['api_key'] ?? body['token']) : undefined
    return { records: body, key: typeof key === 'string' ? key : '', refused: [] }
  },
  answer: () => ({ status: 1 }),
}

export const SOURCE_ENDPOINTS: readonly SourceEndpoint[] = [own, envelopes, captures]

const NEW_LINE = 0x0a

/** One JSON value, or one for each line; a line that is none costs its neighbours nothing. */
export function parseLines(bytes: Uint8Array): ParsedBody {
  const lines = [...linesOf(bytes)].filter((line) => line.length > 0)
  try {
    return { records: parseJson(bytes), key: '', refused: [] }
  } catch (error) {
    if (!(error instanceof OtlpUnreadable) || lines.length < 2) throw error
  }
  if (lines.length > OTLP_LIMITS.records)
    throw new OtlpUnreadable(`more than ${OTLP_LIMITS.records} records in one request`, true)
  const records: unknown[] = []
  const refused: { field: string; reason: string }[] = []
  for (const [at, line] of lines.entries())
    try {
      records.push(parseJson(line))
    } catch (error) {
      if (!(error instanceof OtlpUnreadable)) throw error
      refused.push({ field: `line ${at + 1}`, reason: 'is not JSON, or too deep' })
    }
  // Pretty-printed JSON that was cut is many lines of which none is a record.
  if (records.length === 0) throw new OtlpUnreadable('not JSON, nor JSON lines')
  return { records, key: '', refused }
}

function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(NEW_LINE, from)
    const end = found < 0 ? bytes.length : found
    // A carriage return before it is white space to JSON.
    yield bytes.subarray(from, end)
    from = end + 1
  }
}

/** Items that hold spans; errors, sessions, attachments are no telemetry of requests. */
const READ_ITEMS: ReadonlySet<unknown> = new Set(['span', 'transaction'])

/** A line of JSON about the envelope, then for each item a line about it and its bytes: `length` of them, or up to the end of the line. */
function parseEnvelope(bytes: Uint8Array): ParsedBody {
  const records: unknown[] = []
  const refused: { field: string; reason: string }[] = []
  let at = 0
  const line = (): Uint8Array => {
    const found = bytes.indexOf(NEW_LINE, at)
    const end = found < 0 ? bytes.length : found
    const piece = bytes.subarray(at, end)
    at = end + 1
    return piece
  }
  if (!isObject(parseJson(line()))) throw new OtlpUnreadable('an envelope starts with an object')
  for (let number = 1; at < bytes.length; number++) {
    const about = line()
    if (about.length === 0) continue
    const header = parseJson(about)
    if (!isObject(header)) throw new OtlpUnreadable(`item ${number} of the envelope has no header`)
    const { length } = header
    const isCounted = typeof length === 'number' && Number.isInteger(length) && length >= 0
    if (isCounted && at + length > bytes.length) throw new OtlpUnreadable(`item ${number} of the envelope is cut short`)
    const payload = isCounted ? bytes.subarray(at, at + length) : line()
    if (isCounted) at += length + 1
    if (!READ_ITEMS.has(header['type'])) continue
    try {
      records.push(parseJson(payload))
    } catch (error) {
      if (!(error instanceof OtlpUnreadable)) throw error
      refused.push({ field: `item ${number}`, reason: 'is not JSON, or too deep' })
    }
  }
  return { records, key: '', refused }
}
