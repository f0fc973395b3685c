// Delivery model 6: a sender repeats at once, after a restart, across midnight, during the first fsync, and sends 2 before 1.
import { setTimeout as sleep } from 'node:timers/promises'
import { loadRules } from '../../../detectors/load.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import { type Bed, newSent, openBed } from '../bed.ts'
import { COUNT_OF_TWO } from '../counting-rule.ts'
import { heldDisk } from '../held-disk.ts'
import type { Sent } from '../producer.ts'
import type { Random } from '../random.ts'
import type { Row, RowContext, Verdict } from '../row.ts'
import { uuid } from '../traffic.ts'

const CALLS = 50
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Sessions with two real calls, so that silence of the rule is not blindness. */
const TWICE = 2

interface Clocked {
  ms: number
}
type Variant = (context: RowContext, bed: Bed, calls: readonly AuditEvent[], sent: Sent, clock: Clocked) => Promise<Bed>

const VARIANTS: Readonly<Record<string, Variant>> = {
  async 'at once'(_context, bed, calls, sent) {
    await Promise.all([bed.send(calls, sent), bed.send(calls, sent)])
    await bed.send(calls, sent)
    return bed
  },
  async 'after a restart'(context, bed, calls, sent) {
    await bed.send(calls, sent)
    await sleep(context.random.between(0, 600))
    bed.kill()
    const next = await openBed(context, { rules: bed.rules })
    await next.send(calls, sent)
    return next
  },
  async 'across midnight'(_context, bed, calls, sent, clock) {
    clock.ms = Math.floor(Date.now() / DAY_MS) * DAY_MS - 100
    await bed.send(calls, sent)
    clock.ms += 200
    await bed.send(calls, sent)
    return bed
  },
  async 'sequence 2 before 1'(_context, bed, calls, sent) {
    for (const call of [...calls].reverse()) await bed.send([call], sent)
    await bed.send(calls, sent)
    return bed
  },
}
const DURING_FSYNC = 'during the first fsync'

const row: Row = {
  number: 6,
  title: 'a sender repeats what was not answered in time',
  buses: ['embedded'],
  alone: true,
  variants: () => [...Object.keys(VARIANTS), DURING_FSYNC],
  seeds: { ci: { embedded: 1 }, full: { embedded: 1 } },
  sabotages: ['no-retry-set'],
  async run(context) {
    const rules = await loadRules({ extra: [COUNT_OF_TWO] })
    const clock = { ms: 0 }
    const nowMs = (): number => (clock.ms === 0 ? Date.now() : clock.ms)
    const sent = newSent()
    const calls = callsOf(context.random)
    if (context.variant === DURING_FSYNC) return duringFirstFsync(context, calls, sent)
    const bed = await openBed(context, { rules, nowMs })
    const last = await VARIANTS[context.variant]!(context, bed, calls, sent, clock)
    return last.verdict(sent, true)
  },
}
export default row

/** The second copy must not be acknowledged before the first is durable, nor become a second row. */
async function duringFirstFsync(context: RowContext, calls: readonly AuditEvent[], sent: Sent): Promise<Verdict> {
  const disk = heldDisk()
  const bed = await openBed(context, { rules: await loadRules({ extra: [COUNT_OF_TWO] }), disk })
  const first = bed.send(calls, sent)
  await disk.waiting
  let early = true
  const second = bed.send(calls, sent).then(() => early)
  await sleep(300)
  early = false
  disk.letGo()
  await first
  const wasEarly = await second
  const verdict = await bed.verdict(sent, true)
  return wasEarly
    ? { ...verdict, faults: ['a copy was acknowledged before its first was durable', ...verdict.faults] }
    : verdict
}

/** Calls of one producer, each in a session of its own but for a few, an hour before midnight or now: inside every window. */
function callsOf(random: Random): AuditEvent[] {
  const atMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - HOUR_MS
  return Array.from({ length: CALLS }, (_, i) => ({
    eventType: 'tool.call' as const,
    eventId: uuid(random),
    eventTime: new Date(atMs + i).toISOString(),
    serverId: 'retried',
    producerId: 'aabb',
    producerSeq: i + 1,
    sessionFp: `cc${String(i % (CALLS - TWICE)).padStart(6, '0')}`,
    vantage: 'server' as const,
    source: 'native' as const,
  }))
}
