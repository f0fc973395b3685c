/** A folder for spools, receivers that can be down, and processes that leave events behind: for the tests of the spool. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditQueue } from '../../../../collector/instrument/delivery/audit-queue.ts'
import type {
  AuditExporter,
  EncodedBatch,
  QueueOptions,
  SpoolOptions,
} from '../../../../collector/instrument/delivery/audit-sink.ts'
import { type ProducerFacts, pendingEvent } from '../../../../collector/instrument/delivery/pending-event.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'

type Told = Readonly<Record<string, unknown>>
const eventsOf = (batch: EncodedBatch): Told[] =>
  batch.parts.flatMap(({ bytes }) =>
    decodeLogs(bytes).flatMap(({ records }) => records.map(({ body }) => JSON.parse(String(body)) as Told)),
  )
/** A receiver that can be down; it keeps what it takes in the order of arrival. */
export class Receiver implements AuditExporter {
  down: boolean
  refusing = false
  readonly taken: Told[] = []
  constructor(down = false) {
    this.down = down
  }
  async export(batch: EncodedBatch) {
    if (this.down) return { kind: 'retry', reason: 'down' } as const
    if (this.refusing) return { kind: 'refused', reason: 'never' } as const
    this.taken.push(...eventsOf(batch))
    return { kind: 'sent' } as const
  }
  async shutdown() {}
  of(type: string): Told[] {
    return this.taken.filter(({ eventType }) => eventType === type)
  }
  /** Numbers of the ordinary events of one instance, once each. */
  seqs(producer: ProducerFacts): number[] {
    const own = this.of('http.request').filter(({ producerId }) => producerId === producer.producerId)
    return [...new Set(own.map(({ producerSeq }) => producerSeq as number))]
  }
}

export const QUICK = { delayMs: 1, retryBaseMs: 1, retryMaxMs: 5 }
let instance = 0
export const producerOf = (serverId = 'spooled'): ProducerFacts => ({
  serverId,
  producerId: `0193c0de-0000-7000-8000-${String(++instance).padStart(12, '0')}`,
})
export function emit(queue: AuditQueue, producer: ProducerFacts, count: number): void {
  for (let i = 0; i < count; i++) queue.emit(pendingEvent(producer, { eventType: 'http.request' }))
}
export const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)

export class SpoolBed {
  readonly folder = mkdtempSync(join(tmpdir(), 'spool-'))
  readonly queues: AuditQueue[] = []

  queue(receiver: AuditExporter, options: Omit<QueueOptions, 'spool'> & { spool?: Partial<SpoolOptions> } = {}) {
    const queue = new AuditQueue(receiver, { ...QUICK, ...options, spool: { folder: this.folder, ...options.spool } })
    this.queues.push(queue)
    return queue
  }
  segments(): string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter(({ name }) => name.endsWith('.seg'))
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
  }
  /** A process whose receiver was down all its life, and which is over. Each burst is written by itself. */
  async leaveBehind(count: number, producer = producerOf(), burst = count): Promise<ProducerFacts> {
    const queue = this.queue(new Receiver(true))
    for (let done = 0; done < count; done += burst) {
      emit(queue, producer, Math.min(burst, count - done))
      queue.persist()
    }
    await queue.shutdown(0)
    return producer
  }
  /** The process after it, which sends all that is there and then what it says itself. */
  async replayed() {
    const receiver = new Receiver()
    const queue = this.queue(receiver)
    queue.emit(pendingEvent(producerOf(), { eventType: 'server.started' }))
    if (!(await queue.flush())) throw new Error('not everything was taken in time')
    return { receiver, queue }
  }
  async close(): Promise<void> {
    for (const queue of this.queues) await queue.shutdown(0)
    rmSync(this.folder, { recursive: true, force: true })
  }
}
