/** A receiver of Standard Webhooks 1.0 with its own verification, written from the specification and not from the library we sign with. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { signedRequest, signersOf } from '../../connectors/webhook/targets/standard-webhooks.ts'
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

const TOLERANCE_SECONDS = 300

export class StandardWebhooksReceiver {
  readonly server: WebhookServer
  /** Payloads taken, each `webhook-id` once. */
  readonly taken: {
    readonly id: string
    readonly payload: { type: string; timestamp: string; data: Record<string, unknown> }
  }[] = []
  /** Ids that came again after they had been taken. */
  readonly repeats: string[] = []
  /** Set when the receiver wants no more: every request is answered 410. */
  gone = false
  readonly #secrets: readonly string[]
  readonly #nowMs: () => number

  private constructor(server: WebhookServer, secrets: readonly string[], nowMs: () => number) {
    this.server = server
    this.#secrets = secrets
    this.#nowMs = nowMs
  }

  static async start(options: {
    secret: string | readonly string[]
    nowMs?: () => number
    tls?: { key: string; cert: string }
  }): Promise<StandardWebhooksReceiver> {
    let receiver: StandardWebhooksReceiver
    const server = await WebhookServer.start((request) => receiver.answer(request), options.tls)
    receiver = new StandardWebhooksReceiver(server, [options.secret].flat(), options.nowMs ?? Date.now)
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}/hooks/audit`
  }

  answer(request: Received): Reply {
    if (this.gone) return { status: 410, body: 'gone' }
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers
    if (!id || !timestamp || !signature) return { status: 400, body: 'missing required headers' }
    if (!/^\d+$/.test(timestamp)) return { status: 400, body: 'invalid timestamp' }
    if (Math.abs(this.#nowMs() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
      return { status: 400, body: 'timestamp outside the tolerance' }
    if (!this.#signed(`${id}.${timestamp}.${request.body}`, signature))
      return { status: 401, body: 'no matching signature' }
    const payload = JSON.parse(request.body) as StandardWebhooksReceiver['taken'][number]['payload']
    if (typeof payload.type !== 'string' || Number.isNaN(Date.parse(payload.timestamp)))
      return { status: 400, body: 'invalid payload' }
    if (this.taken.some((known) => known.id === id)) this.repeats.push(id)
    else this.taken.push({ id, payload })
    return { status: 200, body: '' }
  }

  /** The signature header lists `version,base64` by spaces; any v1 entry by any valid key is enough. */
  #signed(content: string, header: string): boolean {
    const given = header
      .split(' ')
      .flatMap((entry) => (entry.startsWith('v1,') ? [Buffer.from(entry.slice(3), 'base64')] : []))
    return this.#secrets.some((secret) => {
      const wanted = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
        .update(content)
        .digest()
      return given.some((signature) => signature.length === wanted.length && timingSafeEqual(signature, wanted))
    })
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

const OURS = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
async function refuses(
  status: number,
  signedWith = OURS,
  changed: (headers: Readonly<Record<string, string>>) => Readonly<Record<string, string>> = (headers) => headers,
  ageMs = 0,
): Promise<boolean> {
  const receiver = await StandardWebhooksReceiver.start({ secret: OURS })
  const payload = { type: 'alert.opened', timestamp: '2026-10-01T10:06:00Z', data: {} }
  const sent = signedRequest(receiver.url, signersOf('siem', signedWith), 'id-1', Date.now() - ageMs, payload)
  const answer = await fetch(sent.url, { method: 'POST', headers: changed(sent.headers), body: sent.body })
  await receiver.close()
  return answer.status === status
}

export const selftest: readonly Refusal[] = [
  { name: 'a signature by another key', refuses: () => refuses(401, OTHER) },
  { name: 'a timestamp of six minutes ago', refuses: () => refuses(400, OURS, undefined, 360_000) },
  {
    name: 'another id than the signed one',
    refuses: () => refuses(401, OURS, (headers) => ({ ...headers, 'webhook-id': 'id-2' })),
  },
  {
    name: 'a request without signature',
    refuses: () => refuses(400, OURS, ({ 'webhook-signature': _, ...headers }) => headers),
  },
]
