/** The forwarder over a store in memory, in virtual time: crashes between every two steps, targets that are down, rows that nobody takes. */
import { describe, expect, it } from 'vitest'
import { type ForwardParts, type ForwardStates, forwardEvents } from '../../../../cli/forward/forwarder.ts'
import { memoryJobState } from '../../../../connectors/memory/job-state.ts'
import type { ConfiguredTarget } from '../../../../connectors/webhook/target-factory.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { JobState } from '../../../../schemas/job-state.ts'
import type { DeadLetter, EventRow, TargetVerdict } from '../../../../schemas/ports.ts'
import { FakeSealedEvents, LOG, PAGE_ROWS } from '../../../fakes/sealed-events.ts'
import { RecordedTelemetry } from '../../../fakes/telemetry.ts'
import { VirtualTime } from '../../../fakes/virtual-time.ts'

const down = (what: string) => new AuditdError('store_unavailable', 'test', what, 'not now')

/** A target that remembers what it took, and in which exchanges. */
class Taker {
  readonly exchanges: { readonly key: string; readonly ids: readonly string[] }[] = []
  answer: (rows: readonly EventRow[]) => TargetVerdict | Error = () => ({ kind: 'delivered' })
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  get ids(): readonly string[] {
    return this.exchanges.flatMap(({ ids }) => ids)
  }
  configured(more: Partial<ConfiguredTarget> = {}): ConfiguredTarget {
    return {
      minimumSeverity: 'info',
      redact: [],
      flood: { most: 0, perMs: 60_000 },
      filter: { rules: [], tenants: [], servers: [], except: [] },
      target: {
        name: this.name,
        payloads: () => [],
        deliver: async () => [],
        deliverEvents: async (rows, key) => {
          const answer = this.answer(rows)
          if (answer instanceof Error) throw answer
          if (answer.kind === 'delivered') this.exchanges.push({ key, ids: rows.map((row) => String(row['event_id'])) })
          return answer
        },
      },
      ...more,
    }
  }
}

function bed(
  configured: readonly ConfiguredTarget[],
  state: Pick<JobState, 'get' | 'set'> = memoryJobState(),
  pollMs = 2_000,
) {
  const time = new VirtualTime()
  const events = new FakeSealedEvents()
  const telemetry = new RecordedTelemetry()
  const letters: DeadLetter[] = []
  const states: ForwardStates = new Map()
  const start = () => {
    const stop = new AbortController()
    const parts: ForwardParts = {
      ...{ events, configured, state, clock: time, telemetry, sleep: time.sleep, random: () => 0.5, pollMs, states },
      send: () => Promise.reject(new Error('nothing is sent here')),
      deadLetters: { add: async (more) => void letters.push(...more) },
    }
    const done = forwardEvents(parts, stop.signal)
    return {
      async stop() {
        stop.abort()
        await done
      },
    }
  }
  return { time, events, telemetry, letters, states, start }
}
const range = (partition: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `${partition}.${from + at}`)

describe('the forwarder', () => {
  it('begins with what is sealed after its first look, and gives each event once, in the order of positions', async () => {
    const taker = new Taker('a')
    const { events, start, time, telemetry } = bed([taker.configured()])
    events.add(0, 6)
    const running = start()
    await time.pass(5_000)
    expect(taker.ids).toEqual([])
    events.add(0, 9)
    events.add(1, 5)
    await time.until(() => taker.ids.length === 14)
    await time.pass(10_000)
    expect(taker.ids.filter((id) => id.startsWith('0.'))).toEqual(range(0, 6, 15))
    expect(taker.ids.filter((id) => id.startsWith('1.'))).toEqual(range(1, 0, 5))
    expect(new Set(taker.exchanges.map(({ key }) => key)).size).toBe(taker.exchanges.length)
    expect(telemetry.counted('mcp_auditd_forwarded_events_total', { target: 'a', result: 'delivered' })).toBe(14)
    expect(telemetry.gauges.get('mcp_auditd_forward_lag_seconds target=a')).toBe(0)
    await running.stop()
  })
  it('a target that is down for a day delays no other, and then gets everything', async () => {
    const [broken, well] = [new Taker('broken'), new Taker('well')]
    const { events, start, time, telemetry, states } = bed([broken.configured(), well.configured()], undefined, 300_000)
    const running = start()
    await time.pass(3_000)
    broken.answer = () => ({ kind: 'retry', afterMs: 600_000, reason: 'status 503' })
    for (let hour = 0; hour < 24; hour++) {
      events.add(0, 3)
      await time.pass(3_600_000)
      expect(well.ids).toHaveLength((hour + 1) * 3)
    }
    expect(broken.ids).toEqual([])
    expect(telemetry.gauges.get('mcp_auditd_forward_lag_seconds target=broken')).toBeGreaterThan(86_400)
    expect(states.get('broken/events')!()).toMatchObject({ reason: expect.stringContaining('status 503'), waiting: 4 })
    expect(states.get('well/events')!()).toMatchObject({ failingSince: '', waiting: 0 })
    broken.answer = () => ({ kind: 'delivered' })
    await time.until(() => broken.ids.length === 72, 1_200_000)
    expect(broken.ids).toEqual(range(0, 0, 72))
    await running.stop()
  })
  it('one row that nobody takes is a dead letter, and costs its neighbours nothing', async () => {
    const taker = new Taker('a')
    const { events, start, time, letters, telemetry } = bed([taker.configured()])
    const running = start()
    await time.pass(3_000)
    taker.answer = (rows) =>
      rows.some((row) => row['event_id'] === '0.5') ? { kind: 'refused', reason: 'status 400' } : { kind: 'delivered' }
    events.add(0, 12)
    await time.until(() => taker.ids.length === 11)
    expect([...taker.ids].sort()).toEqual(
      range(0, 0, 12)
        .filter((id) => id !== '0.5')
        .sort(),
    )
    expect(letters).toMatchObject([
      {
        component: 'forward',
        field: 'a',
        reason: 'status 400',
        position: { log: LOG, partition: 0, offset: 1, index: 2 },
      },
    ])
    expect(telemetry.counted('mcp_auditd_forwarded_events_total', { target: 'a', result: 'refused' })).toBe(1)
    await running.stop()
  })
  it('a target that refuses everything is no reason to give it all up at once', async () => {
    const taker = new Taker('a')
    const { events, start, time, letters } = bed([taker.configured()])
    const running = start()
    await time.pass(3_000)
    taker.answer = () => ({ kind: 'refused', reason: 'status 400' })
    events.add(0, 60)
    await time.pass(10 * 60_000)
    expect(letters.length).toBeGreaterThanOrEqual(18)
    expect(letters.length).toBeLessThanOrEqual(20)
    taker.answer = () => ({ kind: 'delivered' })
    await time.until(() => taker.ids.at(-1) === '0.59')
    expect(taker.ids).toEqual(range(0, letters.length, 60))
    await running.stop()
  })
  it('a store, a state and a target that fail at any time lose nothing and repeat at most what was under way', async () => {
    const taker = new Taker('a')
    const inner = memoryJobState()
    let failing = 0
    const state = {
      get: (name: string) => inner.get(name),
      async set(name: string, value: string) {
        if (failing-- > 0) throw down('set')
        await inner.set(name, value)
      },
    }
    const { events, start, time } = bed([taker.configured()], state)
    const running = start()
    await time.pass(3_000)
    for (let round = 0; round < 12; round++) {
      events.add(0, 5)
      if (round % 3 === 0) failing = 2
      if (round % 3 === 1) events.failures = 2
      let refusals = round % 2
      taker.answer = () => (refusals-- > 0 ? new AuditdError('target_failed', 'a', '', 'reset') : { kind: 'delivered' })
      await time.pass(30_000)
    }
    // What could not be remembered is remembered before anything else is sent: nothing comes twice while the process lives.
    expect(taker.ids).toEqual(range(0, 0, 60))
    await running.stop()
  })
  it.each(['before the cursor', 'before the target answers', 'before the page'] as const)(
    'a process that is killed %s loses none, whoever goes on',
    async (moment) => {
      const taker = new Taker('a')
      const inner = memoryJobState()
      let killed = false
      const state = {
        get: (name: string) => inner.get(name),
        // A killed process writes nothing any more.
        set: (name: string, value: string) => (killed ? new Promise<void>(() => undefined) : inner.set(name, value)),
      }
      const { events, start, time } = bed([taker.configured()], state)
      const first = start()
      await time.pass(3_000)
      void first.stop()
      const seen: number[] = []
      for (let kill = 0; kill < 8; kill++) {
        killed = false
        const next = start()
        await time.pass(2_500)
        taker.answer = () => {
          if (moment === 'before the target answers') return new AuditdError('target_failed', 'a', '', 'killed')
          if (moment === 'before the cursor') killed = true
          return { kind: 'delivered' }
        }
        if (moment === 'before the page') events.failures = 1_000
        events.add(0, 7)
        await time.pass(4_000)
        seen.push(taker.ids.length)
        // Its loop stands still for ever, as that of a killed process does.
        void next.stop()
        killed = false
        events.failures = 0
        taker.answer = () => ({ kind: 'delivered' })
      }
      const last = start()
      await time.until(() => taker.ids.at(-1) === '0.55', 60_000)
      expect([...new Set(taker.ids)]).toEqual(range(0, 0, 56))
      expect(taker.ids.length - 56).toBeLessThanOrEqual(8 * PAGE_ROWS)
      await last.stop()
    },
  )
  it('leaves out what the target may not be told', async () => {
    const rows: EventRow[] = []
    const taker = new Taker('a')
    taker.answer = (some) => {
      rows.push(...some)
      return { kind: 'delivered' }
    }
    const { events, start, time } = bed([taker.configured({ redact: ['principal', 'tool'] })])
    const running = start()
    await time.pass(3_000)
    events.add(0, 1, { principal_key: 'p', actor_keys: ['q'], tool_name: 't', client_key: 'c', fields: '{"sub":"p"}' })
    await time.until(() => rows.length === 1)
    const gone = '[redacted]'
    expect(rows[0]).toMatchObject({
      principal_key: gone,
      actor_keys: [gone],
      tool_name: gone,
      client_key: 'c',
      fields: '{}',
    })
    await running.stop()
  })
  it('a stop while the target is under way waits for it and begins nothing more', async () => {
    const taker = new Taker('a')
    const { events, start, time } = bed([taker.configured()])
    const running = start()
    await time.pass(3_000)
    events.add(0, 40)
    let stopping: Promise<void> | undefined
    taker.answer = () => {
      stopping ??= running.stop()
      return { kind: 'delivered' }
    }
    await time.until(() => stopping !== undefined)
    await stopping
    expect(taker.exchanges).toHaveLength(1)
  })
})
