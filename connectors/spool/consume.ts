/** Consuming the spool: one batch per segment, strictly by number, each only after every lower one is durable or void. */
import { setTimeout as wait } from 'node:timers/promises'
import { AuditdError, isTransient } from '../../schemas/errors.ts'
import type {
  Clock,
  Consumption,
  DeadLetter,
  LogBatch,
  LoggedEvent,
  LogHandler,
  Telemetry,
} from '../../schemas/ports.ts'
import { failpoint, sabotage } from '../failpoint.ts'
import { type SegmentName, segmentFile } from './segment.ts'

/** One segment as it stands. `entries` are its events while they are kept; a durable segment can always be read back. */
export interface Segment {
  readonly number: number
  state: 'open' | 'durable' | 'void' | 'corrupt'
  name?: SegmentName
  bytes: number
  rows: string[]
  entries: LoggedEvent[] | undefined
  readonly settled: PromiseWithResolvers<void>
}
/** What consuming needs of the spool. */
export interface SegmentSource {
  readonly log: string
  readonly dir: string
  readonly segments: ReadonlyMap<number, Segment>
  /** The number the next segment gets. */
  next: number
  changed(): Promise<void>
  wake(): void
  /** Events of a durable segment; undefined when its file turned out to be damaged. */
  entriesOf(segment: Segment): Promise<readonly LoggedEvent[] | undefined>
  forgetEntries(segment: Segment): void
  release(next: number): Promise<void>
}
export interface ConsumeOptions {
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly onFatal?: (error: unknown) => void
}

const RETRY_WAIT_MS = 200
const LONGEST_WAIT_MS = 10_000

export async function consumeSegments(
  spool: SegmentSource,
  handler: LogHandler,
  options: ConsumeOptions,
): Promise<Consumption> {
  const start = (await handler.assigned(spool.log, 0)) ?? 0
  if (start > spool.next && spool.segments.size > 0)
    throw new AuditdError(
      'spool_corrupt',
      'spool',
      'position',
      `the state is at segment ${start}, the folder only at ${spool.next}`,
    )
  // The folder was emptied by hand while the state was kept: numbers go on where the state is.
  spool.next = Math.max(spool.next, start)
  const stop = new AbortController()
  let over = false

  const offer = async (segment: Segment): Promise<void> => {
    const batch = await batchOf(spool, segment, options.clock.nowMs())
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      try {
        await handler.batch(batch)
        break
      } catch (error) {
        if (!isTransient(error)) throw error
        options.telemetry.log('bus_retry', { segment: segment.number, reason: String(error) })
        await wait(Math.min(RETRY_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS), undefined, stop).catch(() => {})
      }
    }
    if (stop.signal.aborted) return
    spool.forgetEntries(segment)
    if (sabotage('drop-before-store')) await spool.release(segment.number + 1)
  }
  const run = async (): Promise<void> => {
    const offered = new Set<number>()
    for (let cursor = start; !stop.signal.aborted; ) {
      const segment = sabotage('no-segment-order') ? anyDurable(spool, start, offered) : spool.segments.get(cursor)
      if (segment === undefined ? cursor >= spool.next || sabotage('no-segment-order') : segment.state === 'open') {
        await spool.changed()
        continue
      }
      // A number without a segment was void in an earlier life of the folder.
      if (segment !== undefined && segment.state !== 'void') await offer(segment)
      if (sabotage('no-segment-order')) offered.add(segment!.number)
      cursor += 1
    }
  }
  const running = run().catch(options.onFatal ?? endService)
  return {
    async commit(partition, next) {
      if (over || partition !== 0) return false
      failpoint('after-snapshot-before-release')
      await spool.release(next)
      return true
    },
    async close() {
      if (over) return
      stop.abort()
      spool.wake()
      await running
      await handler.revoked(spool.log, 0)
      over = true
    },
  }
}

async function batchOf(spool: SegmentSource, segment: Segment, nowMs: number): Promise<LogBatch> {
  const entries = segment.state === 'durable' ? await spool.entriesOf(segment) : undefined
  const place = { log: spool.log, partition: 0, first: segment.number, next: segment.number + 1, high: spool.next }
  if (entries === undefined) return { ...place, entries: [], refused: [damaged(spool, segment, nowMs)] }
  return { ...place, entries, refused: [], rowsFile: `${spool.dir}/${segmentFile(segment.name!)}` }
}
const damaged = (spool: SegmentSource, segment: Segment, nowMs: number): DeadLetter => ({
  at: new Date(nowMs).toISOString(),
  component: 'spool',
  field: 'segment',
  reason: `${segment.name!.count} rows do not match their checksum; the file is in quarantine`,
  tenant: '',
  position: { log: spool.log, partition: 0, offset: segment.number, index: 0 },
  digest: segment.name!.sha256,
})

/** What the sabotage does instead of order: the first durable segment not yet offered. */
const anyDurable = (spool: SegmentSource, start: number, offered: ReadonlySet<number>): Segment | undefined =>
  [...spool.segments.values()].find(
    ({ number, state }) => number >= start && state === 'durable' && !offered.has(number),
  )

/** Going on would lie about what was detected: the service ends with this error. */
const endService = (error: unknown): void => {
  queueMicrotask(() => {
    throw error
  })
}
