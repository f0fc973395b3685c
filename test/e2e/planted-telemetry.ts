/** Telemetry of others and of a careless producer, with a secret in every place where text can stand. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { EVENT_SCHEMAS, EVENT_TYPES } from '../../schemas/event.ts'
import { type Canaries, dressed } from '../fakes/canaries.ts'

const FIXTURES = new URL('../fixtures/other-instrumentations/', import.meta.url)

/** Names and codes that a caller or a foreign system fills; what a server's own process says of itself is its own word. */
const CALLERS = [
  'method',
  'clientName',
  'clientVersion',
  'clientKey',
  'oauthClientId',
  'toolName',
  'errorCode',
  'error',
]
const QUOTING = ['reason', 'message']
/** What identity providers give out as client ids: such a one stays as it is, since nobody can tell it from another UUID. */
const CLIENT_IDS = ['clientKey', 'oauthClientId']
const isUuid = (text: string) => /^[0-9a-f]{8}-/.test(text)

/**
 * Events of every type. Fields of callers carry opaque secrets in every dress; all other texts those that say what they are: a JWT, a
 * key with a checksum.
 */
export function careless(canaries: Canaries): Record<string, unknown>[] {
  const opaque = Object.values(canaries).flatMap(dressed)
  const speaking = [canaries.accessJwt, canaries.apiKey, `https://u:${canaries.clientSecret}@host/x`]
  let next = 0
  const take = (from: readonly string[]) => from[next++ % from.length]!
  return EVENT_TYPES.flatMap((eventType) =>
    Array.from({ length: 4 }, () => {
      const event: Record<string, unknown> = {
        eventType,
        eventId: randomUUID(),
        eventTime: new Date().toISOString(),
        serverId: 'careless',
        args: [{ path: take(opaque), type: 'string', value: `key=${canaries.apiKey}` }],
        argHandles: [{ fp: 'abcdef0123456789', path: take(opaque) }],
        captured: [{ path: take(opaque), value: `token ${canaries.accessJwt} and ${take(opaque)}` }],
        [take(opaque)]: take(opaque),
        redactions: [],
      }
      for (const [field, schema] of Object.entries(EVENT_SCHEMAS[eventType].shape)) {
        const meta = (schema as { meta(): { unit?: string; origin?: string } | undefined }).meta()
        if (meta?.unit !== 'text' || ['serverId', 'tenant', 'redactions'].includes(field)) continue
        const callers = meta.origin === 'client' || CALLERS.includes(field)
        const text = CLIENT_IDS.includes(field)
          ? take(opaque.filter((secret) => !isUuid(secret)))
          : callers
            ? take(opaque)
            : QUOTING.includes(field)
              ? `it was ${take(opaque)} indeed`
              : take(speaking)
        const isList = schema.safeParse(['x']).success
        event[field] = isList ? [text, take(callers ? opaque : speaking)] : text
      }
      return event
    }),
  )
}

interface Attribute {
  key: string
  value: { stringValue?: string }
}
interface Span {
  traceId: string
  spanId: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
  status?: { code?: number; message?: string }
  events?: { name: string; attributes?: Attribute[] }[]
}
interface Spans {
  resourceSpans: { scopeSpans: { scope: { name: string }; spans: Span[] }[] }[]
}

/** Attributes that the readers of spans need as they are. */
const KEPT = /^(?:mcp\.method\.name|mcp\.protocol\.version|network\.|gen_ai\.operation)/

/** What FastMCP and the Python SDK really sent, each text replaced by a secret, and one more of each everywhere else. */
export function foreignSpans(canaries: Canaries): Spans[] {
  const all = Object.values(canaries).flatMap(dressed)
  let next = 0
  const take = () => all[next++ % all.length]!
  const startNs = () => `${Date.now()}000000`
  return readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const request = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as Spans
      for (const { scopeSpans } of request.resourceSpans)
        for (const { spans } of scopeSpans)
          for (const span of spans) {
            Object.assign(span, { startTimeUnixNano: startNs(), endTimeUnixNano: startNs() })
            span.traceId = randomBytes(16).toString('hex')
            span.name = `tools/call ${take()}`
            span.status = { code: 2, message: `Input validation error for ${take()}` }
            for (const { key, value } of span.attributes)
              if (value.stringValue !== undefined && !KEPT.test(key)) value.stringValue = take()
            for (const key of PLANTED) span.attributes.push({ key, value: { stringValue: take() } })
            for (const { key, value } of span.attributes)
              if (key === 'enduser.id' && isUuid(value.stringValue ?? '')) value.stringValue = canaries.accessToken
            span.attributes.push({ key: `mcp.request.argument.${take()}`, value: { stringValue: take() } })
            span.attributes.push({ key: `app.${take()}`, value: { stringValue: take() } })
            const exception = [{ key: 'exception.message', value: { stringValue: take() } }]
            span.events = [{ name: take(), attributes: exception }]
          }
      return request
    })
}
const PLANTED = [
  'gen_ai.tool.name',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'mcp.session.id',
  'mcp.resource.uri',
  'mcp.client.name',
  'mcp.client.version',
  'mcp.server.name',
  'enduser.id',
  'error.type',
  'client.address',
  'url.full',
  'url.query',
  'http.request.header.authorization',
  'gen_ai.prompt.name',
]

/** The same as log records, with a body and an event name. */
export function foreignLogs(canaries: Canaries): unknown {
  const logRecords = Object.values(canaries)
    .flatMap(dressed)
    .map((text) => ({
      timeUnixNano: `${Date.now()}000000`,
      severityNumber: 17,
      eventName: text,
      body: { stringValue: `called with ${text}` },
      attributes: [
        { key: 'mcp.method.name', value: { stringValue: 'tools/call' } },
        ...PLANTED.map((key) => ({ key, value: { stringValue: text } })),
        { key: text, value: { stringValue: text } },
      ],
    }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'elsewhere' } }] }
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: canaries.accessJwt }, logRecords }] }] }
}

/** What cannot be read at all: letters must not repeat it either. */
export function unreadable(canaries: Canaries): unknown {
  const attributes = (value: unknown) => [
    { key: 'mcp.method.name', value: { stringValue: 'tools/call' } },
    { key: 'gen_ai.tool.name', value },
  ]
  const body = (event: unknown) => ({ stringValue: typeof event === 'string' ? event : JSON.stringify(event) })
  const time = { timeUnixNano: `${Date.now()}000000` }
  const logRecords = Object.values(canaries).flatMap((secret) => [
    { ...time, attributes: attributes({ arrayValue: { values: [{ stringValue: secret }] } }) },
    { ...time, eventName: 'mcp_audit.tool.call', body: body(secret) },
    { ...time, eventName: 'mcp_audit.tool.call', body: body({ eventType: secret, eventId: secret }) },
    {
      ...time,
      eventName: 'mcp_audit.tool.call',
      body: body({ eventType: 'tool.call', eventId: secret, serverId: 'x' }),
    },
    {
      ...time,
      eventName: 'mcp_audit.tool.call',
      body: body(JSON.stringify({ eventType: 'tool.call', [secret]: { [secret]: { constructor: secret } } })),
    },
  ])
  return { resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ scope: {}, logRecords }] }] }
}
