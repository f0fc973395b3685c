/** The semantic conventions of OpenTelemetry for MCP, as anybody may write them: what a span or log record says under their names. */
import { attributePath } from '../foreign-content.ts'
import type { Attributes } from '../instrument/delivery/otlp-encode.ts'
import { type Content, endingOf, type Observation, transportOf } from '../observation.ts'
import type { Surface } from '../scan/classifier.ts'
import { ARGUMENT_PREFIXES, contentOf, FACT_NAMES, isGateway, isMcpAttribute } from '../spellings.ts'
import { isTrue, number, numberOrText, text, texts } from './attributes.ts'
import type { OtlpFacts, TelemetrySource } from './source.ts'

/** Whoever no other source recognises. */
export const conventions: TelemetrySource = {
  name: 'opentelemetry',
  title: 'OpenTelemetry semantic conventions (any SDK)',
  vantage: 'server',
  ways: ['spans', 'logs'],
  basis: 'documented',
  lacks: ['no_principal'],
  note: 'A span of kind CLIENT is seen from the client; content only where the producer was told to record it.',
  readOtlp(record) {
    const method = methodOf(record.attributes)
    return method === '' ? undefined : observe(record, method, { lacks: conventions.lacks })
  },
}

/** The MCP method of a record, '' when it is not about MCP. A tool name beside any other MCP attribute means tools/call. */
export function methodOf(attributes: Attributes): string {
  const method = text(attributes, 'method')
  if (method !== '') return method
  return text(attributes, 'toolName') !== '' && Object.keys(attributes).some(isMcpAttribute) ? 'tools/call' : ''
}

/** What a source knows better than the convention. */
export interface Particulars {
  readonly lacks: readonly string[]
  readonly vantage?: Observation['vantage']
  readonly toolName?: string
  readonly facts?: Observation['facts']
  readonly ending?: Observation['ending']
  /** Its session ids are none. */
  readonly withoutSession?: boolean
  readonly server?: string
  readonly principal?: Observation['principal']
  /** Instead of what the attributes hold. */
  readonly contents?: readonly Content[]
}

export function observe(record: OtlpFacts, method: string, known: Particulars): Observation {
  const { attributes, scope } = record
  const isCall = method === 'tools/call'
  return {
    source: record.source,
    eventId: record.eventId,
    eventTime: record.eventTime,
    traceId: record.traceId,
    spanId: record.spanId,
    durationMs: record.durationMs,
    method,
    vantage: known.vantage ?? (record.clientSide ? 'client' : isGateway(scope.name) ? 'gateway' : 'server'),
    lacks: record.source === 'span' ? [...known.lacks, 'sampled'] : known.lacks,
    ending:
      known.ending ??
      endingOf({
        isCall,
        failed: record.failed,
        errorType: text(attributes, 'errorType'),
        rpcCode: numberOrText(attributes, 'rpcCode'),
        httpStatus: number(attributes, 'httpStatus'),
        isToolError: isTrue(attributes, 'isToolError'),
      }),
    toolName: known.toolName ?? text(attributes, 'toolName'),
    server: known.server ?? '',
    protocolVersion: text(attributes, 'protocolVersion'),
    sessionId: known.withoutSession === true ? '' : text(attributes, 'sessionId'),
    address: text(attributes, 'clientAddress'),
    principal: known.principal,
    facts: {
      sdk: scope.name,
      sdkVersion: scope.version,
      transport:
        texts(attributes, 'transport', 'networkProtocol')
          .map(transportOf)
          .find((name) => name !== '') ?? '',
      serverName: text(attributes, 'serverName'),
      serverVersion: text(attributes, 'serverVersion'),
      clientName: text(attributes, 'clientName'),
      clientVersion: text(attributes, 'clientVersion'),
      verb: text(attributes, 'httpVerb'),
      status: number(attributes, 'httpStatus'),
      ...known.facts,
    },
    contents: known.contents ?? contentsOf(record, method),
  }
}

/** Shorter texts hold nothing that opens a door. */
const MIN_CHARACTERS = 8

/** Everything in a record that may hold a caller's text, each once. */
export function contentsOf(
  { attributes, texts }: OtlpFacts,
  method: string,
  isFact: (name: string) => boolean = () => false,
): readonly Content[] {
  const contents: Content[] = []
  const byPrefix = new Map<string, Record<string, unknown>>()
  for (const attribute in attributes) {
    const value = attributes[attribute]!
    if (value === null) continue
    const content = contentOf(attribute)
    const prefix = ARGUMENT_PREFIXES.find((start) => attribute.startsWith(start))
    if (content !== undefined) {
      const { isJsonText = false } = content
      const surface = content.surface === 'answer' ? answerOf(method) : content.surface
      contents.push({ name: attribute, surface, value, isJsonText })
    } else if (prefix !== undefined) {
      const given = byPrefix.get(prefix) ?? {}
      given[attribute.slice(prefix.length)] = parsed(value)
      byPrefix.set(prefix, given)
    } else if (!FACT_NAMES.has(attribute) && !isFact(attribute) && isTelling(value))
      contents.push({ name: '', surface: 'text', value, root: attributePath(attribute) })
  }
  // What follows the prefix is the caller's own text: it is part of the arguments, not of the name.
  for (const [prefix, value] of byPrefix) contents.push({ name: `${prefix}*`, surface: 'arguments', value })
  for (const { path, text: value } of texts) contents.push({ name: '', surface: 'error', value, root: path })
  return contents
}

const isTelling = (value: unknown): boolean =>
  typeof value === 'string' ? value.length >= MIN_CHARACTERS : typeof value === 'object'

/** Longer ones are read as text. */
const MAX_JSON_CHARACTERS = 65_536
/** One argument as its producer wrote it: JSON, or the text itself. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > MAX_JSON_CHARACTERS) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

/** What a method answers with. */
export function answerOf(method: string): Surface {
  if (method === 'resources/read') return 'resource'
  if (method === 'prompts/get') return 'prompt'
  if (method.endsWith('/list')) return 'definition'
  return method === 'initialize' || method === 'server/discover' ? 'instructions' : 'result'
}
