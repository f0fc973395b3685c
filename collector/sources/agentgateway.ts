/** agentgateway: its request log as JSON lines, and the same attributes on its OTLP spans and log records. */
import { logEventId } from '../foreign.ts'
import type { AnyValue, Attributes } from '../instrument/delivery/otlp-encode.ts'
import { endingOf, type Observation, WrongType } from '../observation.ts'
import { emptyAttributes } from '../otlp/records.ts'
import { named, number, numberOrText, text } from './attributes.ts'
import { contentsOf, methodOf, observe } from './conventions.ts'
import { JsonFields } from './json-fields.ts'
import type { OtlpFacts, TelemetrySource } from './source.ts'

/** What it says of routes, connections and itself: read, or no caller's word. */
const OWN =
  /^(?:mcp\.(?:target|resource\.type)|jwt\.sub|src\.(?:addr|identity)|gateway|listener|route|route_rule|endpoint|protocol|duration|reason|http\.(?:version|host)|time|level|scope|trace\.id|span\.id|network\.|server\.|url\.scheme)/

export const agentgateway: TelemetrySource = {
  name: 'agentgateway',
  title: 'agentgateway (request log, traces)',
  vantage: 'gateway',
  ways: ['spans', 'logs', 'json'],
  basis: 'documented',
  lacks: ['no_tool_errors', 'no_issuer'],
  note: 'jwt.sub is verified by the gateway, without an issuer; the JSON log format has to be switched on; a 401 or 403 is seen.',
  recognises: ({ attributes, scope, resource }) =>
    attributes['mcp.target'] !== undefined ||
    attributes['mcp.resource.type'] !== undefined ||
    isOwn({ scope, resource }),
  readOtlp: (record) => observeRequest(record),
  readJson(record, { tenant, fallbackServer }) {
    const line = new JsonFields(record)
    if (line.text('scope') !== '' && line.text('scope') !== 'request') return undefined
    const attributes = emptyAttributes()
    for (const [name, value] of Object.entries(record as object)) if (isValue(value)) attributes[name] = value
    const eventTime = line.time('time')
    if (eventTime === '') throw new WrongType('time', 'a time')
    const durationMs = durationOf(attributes)
    return observeRequest({
      source: 'otlp_log',
      eventId: logEventId(tenant, fallbackServer, record as AnyValue),
      eventTime,
      traceId: hexOf(line, 'trace.id', 32),
      spanId: hexOf(line, 'span.id', 16),
      ...(durationMs === undefined ? {} : { durationMs }),
      name: 'request',
      clientSide: false,
      failed: false,
      attributes,
      resource: emptyAttributes(),
      scope: { name: 'agentgateway', version: '' },
      texts: [],
    })
  },
}

const isOwn = ({ scope, resource }: Pick<OtlpFacts, 'scope' | 'resource'>): boolean =>
  scope.name.startsWith('agentgateway') || resource['service.name'] === 'agentgateway'
const isValue = (value: unknown): value is AnyValue => value !== undefined && typeof value !== 'function'
const hexOf = (line: JsonFields, name: string, digits: number): string => {
  const id = line.text(name).toLowerCase()
  return id.length === digits && /^[0-9a-f]+$/.test(id) && /[^0]/.test(id) ? id : ''
}

function observeRequest(record: OtlpFacts): Observation | undefined {
  const { attributes } = record
  const method = methodOf(attributes)
  const status = number(attributes, 'httpStatus')
  const isRefused = status === 401 || status === 403
  // Other traffic passes it too; what it refused may have been MCP, and is worth knowing.
  if (method === '' && !isRefused) return undefined
  // Others' attributes may come from a caller's baggage: who it was is believed of the gateway itself only.
  const subject = isOwn(record) ? named(attributes, 'jwt.sub') : ''
  const seen = observe(record, method, {
    lacks: subject === '' ? [...agentgateway.lacks, 'no_principal'] : agentgateway.lacks,
    vantage: 'gateway',
    server: named(attributes, 'mcp.target'),
    principal: subject === '' ? undefined : { issuer: '', subject },
    facts: { hop: 'gateway', sdk: 'agentgateway' },
    ending: endingOf({
      isCall: method === 'tools/call',
      failed: record.failed,
      errorType: text(attributes, 'errorType'),
      rpcCode: numberOrText(attributes, 'rpcCode'),
      httpStatus: status,
    }),
    contents: contentsOf(record, method, (name) => OWN.test(name)),
  })
  const durationMs = seen.durationMs ?? durationOf(attributes)
  return { ...seen, durationMs, address: seen.address || addressOf(named(attributes, 'src.addr')) }
}

/** `8ms`, `1.5s`. */
function durationOf(attributes: Attributes): number | undefined {
  const parts = /^(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|ms|s)$/.exec(named(attributes, 'duration'))
  if (parts === null) return undefined
  const factors: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }
  return Number(parts[1]) * factors[parts[2]!]!
}
/** `192.0.2.1:5555`, `[2001:db8::1]:5555`. */
const addressOf = (peer: string): string => peer.replace(/:\d{1,5}$/, '').replace(/^\[|\]$/g, '')
