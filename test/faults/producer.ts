// The load generator: sends OTLP as a producer does, repeats what was not acknowledged with the same ids, and remembers what was.
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeEvents } from '../../collector/event-records.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Random } from './random.ts'
import type { Traffic } from './traffic.ts'

export const SENDERS = 4
const ANSWER_TIMEOUT_MS = 15_000
const RETRY_PAUSE_MS = 100

export interface LoadOptions {
  /** Base address of the receiver; the same over restarts. */
  readonly url: string
  readonly traffic: Traffic
  readonly random: Random
  /** Events of busy servers in one request, and pause after it. */
  readonly batch?: number
  readonly pauseMs?: number
  /** Share of requests that are sent again although they were acknowledged. */
  readonly repeats?: number
}
/** What was sent, and what a sender may rely on. */
export class Sent {
  readonly events = new Map<string, AuditEvent>()
  readonly acknowledged = new Set<string>()
  /** Records a receiver said it would not take. */
  readonly refused: string[] = []
}

export class LoadGenerator {
  readonly sent = new Sent()
  retries = 0
  readonly #options: LoadOptions
  #finishing = false
  #running: Promise<unknown> = Promise.resolve()
  readonly #over = new AbortController()

  constructor(options: LoadOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: SENDERS }, (_, sender) => this.#send(sender)))
    this.#running.catch(() => {})
  }

  /** Tells the rest of the stories; resolves when everything is acknowledged. */
  async finish(timeoutMs = 60_000): Promise<void> {
    this.#finishing = true
    const late = AbortSignal.timeout(timeoutMs)
    late.addEventListener('abort', () => this.#over.abort())
    await this.#running
    if (late.aborted)
      throw new Error(
        `${this.sent.events.size - this.sent.acknowledged.size} events not acknowledged in ${timeoutMs} ms`,
      )
  }
  /** Ends at once; what is under way stays unacknowledged. */
  async abandon(): Promise<void> {
    this.#finishing = true
    this.#over.abort()
    await this.#running.catch(() => {})
  }

  async #send(sender: number): Promise<void> {
    const { traffic, random, batch = 20, pauseMs = 25, repeats = 0.08 } = this.#options
    let kept: AuditEvent[] | undefined
    while (!this.#over.signal.aborted && (!this.#finishing || traffic.left(sender) > 0)) {
      const events = this.#finishing
        ? traffic.batch(sender, 0, 5)
        : traffic.batch(sender, random.between(1, batch), random.between(0, 2))
      await this.deliver(events)
      if (random.chance(repeats)) await this.deliver(events)
      // A sender whose answer was lost comes back later.
      if (kept !== undefined && random.chance(repeats)) await this.deliver(kept)
      if (random.chance(repeats)) kept = events
      await sleep(random.between(0, 2 * pauseMs))
    }
  }

  /** Until it is acknowledged. */
  async deliver(events: readonly AuditEvent[]): Promise<void> {
    if (events.length === 0) return
    for (const event of events) this.sent.events.set(event.eventId, event)
    const body = encodeEvents(events)
    while (!this.#over.signal.aborted) {
      const taken = await post(this.#options.url, body, this.#over.signal)
      if (taken === true) {
        for (const { eventId } of events) this.sent.acknowledged.add(eventId)
        return
      }
      if (taken !== undefined) {
        this.sent.refused.push(taken)
        return
      }
      this.retries += 1
      await sleep(RETRY_PAUSE_MS)
    }
  }
}

/** True: acknowledged. Undefined: nobody knows, to be repeated. A text: refused for good. */
export async function post(url: string, body: Uint8Array, over?: AbortSignal): Promise<true | string | undefined> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  try {
    const response = await fetch(`${url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.from(body),
      signal: over === undefined ? timeout : AbortSignal.any([timeout, over]),
    })
    const answer = Buffer.from(await response.arrayBuffer())
    if (response.status === 200) return answer.length === 0 ? true : `partial success: ${answer.toString('utf8')}`
    return response.status === 429 || response.status >= 500
      ? undefined
      : `status ${response.status}: ${answer.toString('utf8')}`
  } catch {
    return undefined
  }
}
