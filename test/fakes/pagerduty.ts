/** PagerDuty's Events API v2 as documented: what it takes and refuses, and the incidents that its events open, acknowledge and resolve. */
import { pagerDutyTarget } from '../../connectors/webhook/targets/pagerduty.ts'
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

const LIMIT = { eventBytes: 512 * 1024, summary: 1_024, dedupKey: 255, routingKey: 32 }
const ACTIONS = ['trigger', 'acknowledge', 'resolve']
const SEVERITIES = ['critical', 'error', 'warning', 'info']
export const ROUTING_KEY = 'R0123456789abcdefghijklmnopqrstu'
const PATH = '/v2/enqueue'
type Json = Readonly<Record<string, unknown>>

export interface Incident {
  readonly dedupKey: string
  status: 'triggered' | 'acknowledged' | 'resolved'
  /** Events that came to it, in order. */
  readonly log: Json[]
}

export class FakePagerDuty {
  readonly server: WebhookServer
  /** In the order in which they were opened; a trigger after the resolve opens another one. */
  readonly incidents: Incident[] = []
  /** Events about an incident that is not open: PagerDuty takes them and drops them. */
  readonly dropped: Json[] = []
  /** Events taken, in order. */
  readonly events: Json[] = []
  /** The key was removed from its service. */
  keyRemoved = false
  /** Events that are taken in one minute, when set: a clock in milliseconds. */
  rate: { readonly clock: () => number; readonly perMinute: number } | undefined
  readonly #eventsMs: number[] = []

  private constructor(server: WebhookServer) {
    this.server = server
  }

  static async start(): Promise<FakePagerDuty> {
    let pagerDuty: FakePagerDuty
    const server = await WebhookServer.start((request) => pagerDuty.answer(request))
    pagerDuty = new FakePagerDuty(server)
    return pagerDuty
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}${PATH}`
  }

  answer({ method, path, body }: Received): Reply {
    if (path !== PATH || method !== 'POST') return { status: 404, body: 'Not Found' }
    if (Buffer.byteLength(body) > LIMIT.eventBytes) return { status: 413, body: 'Request Entity Too Large' }
    if (this.#throttled()) return { status: 429, body: '' }
    const event = parse(body)
    const error = event === undefined ? 'Event is not valid JSON' : this.#invalid(event)
    if (event === undefined || error !== undefined)
      return json(400, { status: 'invalid event', message: 'Event object is invalid', errors: [error] })
    const dedupKey = String(event['dedup_key'] ?? `made-${this.events.length}`)
    this.#apply(event, dedupKey)
    return json(202, { status: 'success', message: 'Event processed', dedup_key: dedupKey })
  }

  #throttled(): boolean {
    if (this.rate === undefined) return false
    const nowMs = this.rate.clock()
    if (this.#eventsMs.filter((at) => nowMs - at < 60_000).length >= this.rate.perMinute) return true
    this.#eventsMs.push(nowMs)
    return false
  }

  #invalid(event: Json): string | undefined {
    const { routing_key: key, event_action: action, dedup_key: dedupKey, payload } = event
    if (typeof key !== 'string' || key.length !== LIMIT.routingKey)
      return "Length of 'routing_key' is incorrect (should be 32 characters)"
    if (key !== ROUTING_KEY || this.keyRemoved) return 'Invalid routing key'
    if (!ACTIONS.includes(String(action))) return "'event_action' is missing or invalid"
    if (dedupKey === undefined && action !== 'trigger') return "'dedup_key' is missing or blank"
    if (dedupKey !== undefined && (typeof dedupKey !== 'string' || dedupKey === '' || dedupKey.length > LIMIT.dedupKey))
      return "'dedup_key' is too long (maximum is 255 characters)"
    return action === 'trigger' || payload !== undefined ? invalidPayload(payload as Json | undefined) : undefined
  }

  #apply(event: Json, dedupKey: string): void {
    this.events.push(event)
    const open = this.incidents.findLast((one) => one.dedupKey === dedupKey && one.status !== 'resolved')
    const action = event['event_action']
    if (open !== undefined) {
      open.log.push(event)
      if (action === 'acknowledge') open.status = 'acknowledged'
      if (action === 'resolve') open.status = 'resolved'
    } else if (action === 'trigger') this.incidents.push({ dedupKey, status: 'triggered', log: [event] })
    else this.dropped.push(event)
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

function invalidPayload(payload: Json | undefined): string | undefined {
  const { summary, source, severity, timestamp } = payload ?? {}
  if (typeof summary !== 'string' || summary === '') return "'payload.summary' is missing or blank"
  if (summary.length > LIMIT.summary) return "'payload.summary' is too long (maximum is 1024 characters)"
  if (typeof source !== 'string' || source === '') return "'payload.source' is missing or blank"
  if (!SEVERITIES.includes(String(severity))) return "'payload.severity' is invalid"
  if (timestamp !== undefined && Number.isNaN(Date.parse(String(timestamp)))) return "'payload.timestamp' is invalid"
  return undefined
}
function parse(body: string): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Json) : undefined
  } catch {
    return undefined
  }
}
const json = (status: number, body: Json): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const event = (changed: Json = {}, payload: Json = {}): Json => ({
  routing_key: ROUTING_KEY,
  event_action: 'trigger',
  dedup_key: 'a',
  payload: { summary: 'x', source: 'files', severity: 'error', ...payload },
  ...changed,
})
async function refuses(status: number, events: readonly Json[], prepare?: (fake: FakePagerDuty) => void) {
  const fake = await FakePagerDuty.start()
  prepare?.(fake)
  let last = 0
  for (const one of events) last = (await fetch(fake.url, { method: 'POST', body: JSON.stringify(one) })).status
  await fake.close()
  return last === status
}

export const selftest: readonly Refusal[] = [
  { name: 'a summary of 1,025 characters', refuses: () => refuses(400, [event({}, { summary: 'x'.repeat(1_025) })]) },
  { name: 'a dedup_key of 256 characters', refuses: () => refuses(400, [event({ dedup_key: 'x'.repeat(256) })]) },
  { name: 'a severity of our own', refuses: () => refuses(400, [event({}, { severity: 'high' })]) },
  { name: 'an event without source', refuses: () => refuses(400, [event({}, { source: '' })]) },
  { name: 'a key that is not 32 characters long', refuses: () => refuses(400, [event({ routing_key: 'short' })]) },
  {
    name: 'a resolve of nothing in particular',
    refuses: () => refuses(400, [event({ event_action: 'resolve', dedup_key: undefined })]),
  },
  {
    name: '512 KB and one byte',
    refuses: () => refuses(413, [event({}, { custom_details: { text: 'x'.repeat(512 * 1024) } })]),
  },
  {
    name: 'more events than a minute has room for',
    refuses: () =>
      refuses(429, [event(), event(), event()], (fake) => {
        fake.rate = { clock: () => 0, perMinute: 2 }
      }),
  },
  {
    name: 'a 200, and a 202 with an error body, are noticed',
    async refuses() {
      const { verdict } = pagerDutyTarget('pager', 'https://pager.example/', ROUTING_KEY)
      const bodies = ['{"status":"success"}', '{"status":"invalid event"}']
      return [200, 202].every((status, at) => verdict({ status, headers: {}, body: bodies[at]! }).kind === 'retry')
    },
  },
]
