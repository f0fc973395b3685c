/** Splunk's HTTP Event Collector as documented, and as others measured it on 10.4.3 where the documentation is silent. */
import { splunkTarget } from '../../connectors/webhook/targets/splunk.ts'
import { sampleDelivery } from './alerts.ts'
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

/** What Splunk Cloud documents; Enterprise ships 800 MB. */
export const CLOUD_BYTES = 1_000_000
export const TOKEN = '0f7a2c1e-5f0f-4d1c-9b7e-1f2a3b4c5d6e'
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Keys an event may have beside `event`; an unknown one makes Splunk stop reading the request there, silently. */
const ENVELOPE = new Set(['time', 'host', 'source', 'sourcetype', 'index', 'event', 'fields'])

export interface IndexedEvent {
  readonly uid: string
  readonly time: unknown
  readonly host: unknown
  readonly sourcetype: string
  readonly event: unknown
}

export class FakeSplunk {
  readonly server: WebhookServer
  /** In the order of indexing, repeats included. */
  readonly indexed: IndexedEvent[] = []
  useAck = false
  disabled = false
  /** Answers 503 with code 9. */
  busy = false
  /** 200 with code 24: accepted, and the queue fills. */
  nearlyFull = false
  indexes = ['main', 'mcp']
  maxBytes = CLOUD_BYTES
  /** Questions about an acknowledgement that are answered `false` first. */
  slowAcks = 0
  /** An event whose text has this is refused as badly formed. */
  poison: string | undefined
  readonly #channels = new Map<string, { next: number; readonly indexed: Set<number> }>()

  private constructor(server: WebhookServer) {
    this.server = server
  }
  static async start(): Promise<FakeSplunk> {
    let splunk: FakeSplunk
    const server = await WebhookServer.start((request) => splunk.answer(request))
    splunk = new FakeSplunk(server)
    return splunk
  }
  get url(): string {
    return `http://127.0.0.1:${this.server.port}`
  }
  /** Distinct events: what `dedup uid` counts. */
  get uids(): ReadonlySet<string> {
    return new Set(this.indexed.map(({ uid }) => uid))
  }

  answer(request: Received): Reply {
    const path = request.path.split('?')[0]
    if (path !== '/services/collector/event' && path !== '/services/collector/ack') return said(404, 404, 'not found')
    if (request.method !== 'POST') return said(405, 404, 'not found')
    const unauthorized = this.#unauthorized(request.headers['authorization'])
    if (unauthorized !== undefined) return unauthorized
    if (Buffer.byteLength(request.body) > this.maxBytes)
      return { status: 413, body: '<html>Content-Length of request exceeds the maximum</html>' }
    if (this.busy) return said(503, 9, 'Server is busy')
    const channel = request.headers['x-splunk-request-channel']
    if (path === '/services/collector/ack') return this.#acks(request, channel)
    if (this.useAck && channel === undefined) return said(400, 10, 'Data channel is missing')
    if (channel !== undefined && !GUID.test(channel)) return said(400, 11, 'Invalid data channel')
    return this.#events(request.body, channel ?? '')
  }

  #unauthorized(header: string | undefined): Reply | undefined {
    if (header === undefined) return said(401, 2, 'Token is required')
    if (!header.startsWith('Splunk ')) return said(401, 3, 'Invalid authorization')
    if (header !== `Splunk ${TOKEN}`) return said(403, 4, 'Invalid token')
    return this.disabled ? said(403, 1, 'Token disabled') : undefined
  }

  /** Reads one after the other: those before a bad one are indexed, those after it are not looked at. */
  #events(body: string, channel: string): Reply {
    let at = 0
    for (const text of objects(body)) {
      const bad = this.#index(text)
      if (bad === 'stop') break
      if (bad !== undefined) {
        // An index the token may not write to is named one too high.
        const number = bad.code === 7 ? at + 1 : at
        return said(400, bad.code, bad.text, { 'invalid-event-number': number })
      }
      at++
    }
    if (at === 0) return said(400, 5, 'No data')
    const more = this.useAck ? { ackId: this.#acceptedOn(channel) } : {}
    return this.nearlyFull ? said(200, 24, 'HEC queue is approaching its limit', more) : said(200, 0, 'Success', more)
  }

  #index(text: string): { code: number; text: string } | 'stop' | undefined {
    const bad = (code: number, reason: string) => ({ code, text: reason })
    let read: unknown
    try {
      read = JSON.parse(text)
    } catch {
      return bad(6, 'Invalid data format')
    }
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return bad(6, 'Invalid data format')
    const one = read as Record<string, unknown>
    if (Object.keys(one).some((key) => !ENVELOPE.has(key))) return 'stop'
    if (!('event' in one)) return bad(12, 'Event field is required')
    if (typeof one['event'] === 'string' && one['event'].trim() === '') return bad(13, 'Event field cannot be blank')
    if (one['event'] === null || one['event'] === false) return bad(6, 'Invalid data format')
    if (this.poison !== undefined && text.includes(this.poison)) return bad(6, 'Invalid data format')
    const time = /"time":\s*([^,}]+)/.exec(text.slice(0, 60))?.[1]
    if (time !== undefined && !/^\d+(\.\d+)?$/.test(time)) return bad(15, 'Error in handling indexed fields')
    const fields = one['fields'] ?? {}
    if (typeof fields !== 'object' || Object.values(fields as object).some((value) => typeof value !== 'string'))
      return bad(15, 'Error in handling indexed fields')
    if (one['index'] !== undefined && !this.indexes.includes(String(one['index']))) return bad(7, 'Incorrect index')
    this.indexed.push({
      uid: String((fields as Record<string, unknown>)['uid'] ?? ''),
      time: one['time'],
      host: one['host'],
      sourcetype: String(one['sourcetype'] ?? ''),
      event: one['event'],
    })
    return undefined
  }

  #acceptedOn(channel: string): number {
    const known = this.#channels.get(channel) ?? { next: 0, indexed: new Set<number>() }
    this.#channels.set(channel, known)
    known.indexed.add(known.next)
    return known.next++
  }

  /** `true` once an id is indexed, and `false` for ever after it was said: Splunk forgets it then. */
  #acks(request: Received, channel: string | undefined): Reply {
    if (!this.useAck) return said(400, 14, 'ACK is disabled')
    if (channel === undefined) return said(400, 10, 'Data channel is missing')
    const { acks } = JSON.parse(request.body) as { acks?: unknown }
    if (!Array.isArray(acks)) return said(400, 6, 'Invalid data format')
    const slow = this.slowAcks > 0
    if (slow) this.slowAcks--
    const known = this.#channels.get(channel)?.indexed
    const answers = acks.map((id: unknown) => [String(id), !slow && (known?.delete(Number(id)) ?? false)])
    return { status: 200, headers: JSON_BODY, body: JSON.stringify({ acks: Object.fromEntries(answers) }) }
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

const JSON_BODY = { 'content-type': 'application/json' }
const said = (status: number, code: number, text: string, more: object = {}): Reply => ({
  status,
  headers: JSON_BODY,
  body: JSON.stringify({ text, code, ...more }),
})

/** JSON objects one after the other, with any white space or nothing between them; what is no object comes last, as it is. */
export function objects(body: string): readonly string[] {
  const found: string[] = []
  let from = -1
  let depth = 0
  let inText = false
  for (let at = 0; at < body.length; at++) {
    const char = body[at]
    if (inText) {
      if (char === '\\') at++
      else if (char === '"') inText = false
    } else if (char === '"' && depth > 0) inText = true
    else if (char === '{') {
      if (depth++ === 0) from = at
    } else if (char === '}') {
      if (--depth === 0) found.push(body.slice(from, at + 1))
      if (depth < 0) return [...found, body.slice(at)]
    } else if (depth === 0 && !/\s/.test(char!)) return [...found, body.slice(at)]
  }
  return depth === 0 ? found : [...found, body.slice(from)]
}

const HEC_EVENT = JSON.stringify({ event: { a: 1 }, fields: { uid: 'u' } })
async function answered(body: string, headers: object, prepare: (splunk: FakeSplunk) => void): Promise<Reply> {
  const splunk = await FakeSplunk.start()
  try {
    prepare(splunk)
    return splunk.answer({ method: 'POST', path: '/services/collector/event', headers: { ...headers }, body })
  } finally {
    await splunk.close()
  }
}
/** Whether an answer has this status and says this code. */
const says = async (
  status: number,
  code: number | undefined,
  body = HEC_EVENT,
  prepare: (splunk: FakeSplunk) => void = () => undefined,
  headers: object = { authorization: `Splunk ${TOKEN}` },
): Promise<boolean> => {
  const reply = await answered(body, headers, prepare)
  return reply.status === status && (code === undefined || reply.body.includes(`"code":${code}`))
}
export const selftest: readonly Refusal[] = [
  { name: 'a request of 1 MB and one byte', refuses: () => says(413, undefined, HEC_EVENT.padEnd(CLOUD_BYTES + 1)) },
  {
    name: 'a token it does not know',
    refuses: () => says(403, 4, HEC_EVENT, undefined, { authorization: 'Splunk x' }),
  },
  { name: 'no token', refuses: () => says(401, 2, HEC_EVENT, undefined, {}) },
  { name: 'events as a JSON array', refuses: () => says(400, 6, `[${HEC_EVENT}]`) },
  { name: 'an object without an event', refuses: () => says(400, 12, '{"time":1}') },
  { name: 'a blank event', refuses: () => says(400, 13, '{"event":" "}') },
  { name: 'a time with an exponent', refuses: () => says(400, 15, '{"time":1.7e9,"event":"x"}') },
  { name: 'an indexed field that is an object', refuses: () => says(400, 15, '{"event":"x","fields":{"a":{}}}') },
  { name: 'an index the token may not write to', refuses: () => says(400, 7, '{"event":"x","index":"_internal"}') },
  {
    name: 'no channel on a token with acknowledgement',
    refuses: () =>
      says(400, 10, HEC_EVENT, (splunk) => {
        splunk.useAck = true
      }),
  },
  {
    name: 'a 200 with an error in its body is noticed by the target',
    async refuses() {
      const send = async () => ({ status: 200, headers: {}, body: '{"text":"Invalid data format","code":6}' })
      const names = { index: '', source: 's', sourcetype: 't', acknowledged: false, events: false }
      const target = splunkTarget('splunk', { ...names, url: 'https://splunk.example', token: TOKEN })
      const exchange = { send, clock: { nowMs: () => 0 }, signal: new AbortController().signal }
      return (await target.deliver([sampleDelivery('splunk')], exchange))[0]!.kind !== 'delivered'
    },
  },
]
