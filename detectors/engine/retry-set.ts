/** Which events of which producers are known: retries of a sender are dropped before detection, and nothing else ever is. */
import { createHash } from 'node:crypto'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'

/** Producer instances remembered; those unused for longest go first, several at a time: looking for them costs as much as for one. */
const MAX_PRODUCERS = 4_000
const FORGOTTEN_TOGETHER = 200
/** Ranges per producer: one prefix, and one more for each gap. */
const MAX_RANGES = 256
/** Events without a number remembered by their id: foreign telemetry, whose senders retry within minutes. */
const MAX_UNNUMBERED = 4_000
const MARK_CHARS = 16

interface Producer {
  /** Sorted, apart from each other: [from, to, from, to, …]. A mark of the highest number alone would lose 2 before 1. */
  readonly ranges: number[]
  used: number
}
interface Saved {
  readonly turn: number
  readonly producers: readonly (readonly [key: string, used: number, ranges: number[]])[]
  readonly unnumbered: readonly string[]
}

/** State: producers by (tenant, server, instance), in the snapshot whole. Too many gaps forget an old range: a repeat is harmless, a loss is not. */
export class RetrySet {
  private producers = new Map<string, Producer>()
  private unnumbered = new Set<string>()
  private turn = 0

  /** Whether the event was here before; a new one is known from now on. */
  isRetry(event: AuditEvent): boolean {
    const { tenant = '', serverId, producerId = '', producerSeq = 0, eventId } = event
    if (producerId === '' || producerSeq === 0) return this.isKnownId(JSON.stringify([tenant, serverId, eventId]))
    const key = JSON.stringify([tenant, serverId, producerId])
    let producer = this.producers.get(key)
    if (producer === undefined) {
      if (this.producers.size >= MAX_PRODUCERS) this.forgetOldest()
      producer = { ranges: [], used: 0 }
      this.producers.set(key, producer)
    }
    producer.used = ++this.turn
    return !add(producer.ranges, producerSeq)
  }

  private isKnownId(id: string): boolean {
    const mark = createHash('sha256').update(id).digest('base64url').slice(0, MARK_CHARS)
    if (this.unnumbered.has(mark)) return true
    this.unnumbered.add(mark)
    const oldest = this.unnumbered.values().next()
    if (this.unnumbered.size > MAX_UNNUMBERED && !oldest.done) this.unnumbered.delete(oldest.value)
    return false
  }

  private forgetOldest(): void {
    const byUse = [...this.producers].sort(([, a], [, b]) => a.used - b.used)
    for (const [key] of byUse.slice(0, FORGOTTEN_TOGETHER)) this.producers.delete(key)
  }

  snapshot(): Uint8Array {
    const producers = [...this.producers].map(([key, { used, ranges }]) => [key, used, ranges] as const)
    const saved: Saved = { turn: this.turn, producers, unnumbered: [...this.unnumbered] }
    return new TextEncoder().encode(JSON.stringify(saved))
  }

  /** Takes the place of what is known so far. */
  restore(bytes: Uint8Array): void {
    try {
      const { turn, producers, unnumbered } = JSON.parse(new TextDecoder().decode(bytes)) as Saved
      this.turn = turn
      this.producers = new Map(producers.map(([key, used, ranges]) => [key, { used, ranges }]))
      this.unnumbered = new Set(unnumbered)
    } catch (error) {
      throw new AuditdError('state_corrupt', 'retry set', '', 'cannot be read', error)
    }
  }
}

/** Add a number; false when it was there. New numbers mostly extend the last range. */
function add(ranges: number[], seq: number): boolean {
  let at = ranges.length - 2
  while (at >= 0 && ranges[at]! > seq) at -= 2
  if (at >= 0 && seq <= ranges[at + 1]!) return false
  const joinsBefore = at >= 0 && ranges[at + 1]! === seq - 1
  const joinsAfter = at + 2 < ranges.length && ranges[at + 2]! === seq + 1
  if (joinsBefore && joinsAfter) ranges.splice(at + 1, 2)
  else if (joinsBefore) ranges[at + 1] = seq
  else if (joinsAfter) ranges[at + 2] = seq
  else ranges.splice(at + 2, 0, seq, seq)
  if (ranges.length > 2 * MAX_RANGES) ranges.splice(2, 2)
  return true
}
