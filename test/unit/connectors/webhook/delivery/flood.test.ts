/** Flood control: no alert is lost or told twice, counts are exact, and critical ones are always told alone, whatever is killed. */
import { describe, expect, it } from 'vitest'
import { MemoryFindings } from '../../../../../connectors/memory/findings.ts'
import { memoryOutbox } from '../../../../../connectors/memory/outbox.ts'
import { startDeliveries } from '../../../../../connectors/webhook/delivery/deliver.ts'
import { assignments, FLOOD_RULE, FloodWindow, summaryOf } from '../../../../../connectors/webhook/delivery/flood.ts'
import { type Alert, alert as schema } from '../../../../../schemas/alert.ts'
import { AuditdError } from '../../../../../schemas/errors.ts'
import type { AlertTarget, Delivery, Outbox } from '../../../../../schemas/ports.ts'
import { sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { RecordedTelemetry } from '../../../../fakes/telemetry.ts'
import { VirtualTime } from '../../../../fakes/virtual-time.ts'

const FLOOD = { most: 5, perMs: 60_000 }
const numbered = (at: number, overrides: Partial<Alert> = {}): Alert =>
  sampleAlert({ alertId: at.toString(16).padStart(32, '0'), severity: 'medium', ...overrides })

/** A service that people read: it takes each key once, as Slack does not and a careful one does, and remembers what it was told. */
class Channel {
  readonly told: { readonly atMs: number; readonly key: string; readonly alert: Alert }[] = []
  readonly repeats: string[] = []
  /** Called with each exchange before it is answered. */
  onExchange: () => 'taken' | 'lost' | 'refused' = () => 'taken'
  readonly target: AlertTarget
  constructor(time: VirtualTime) {
    this.target = {
      name: 'soc',
      payloads: () => [],
      deliver: async (deliveries) => {
        const outcome = this.onExchange()
        if (outcome === 'refused') return deliveries.map(() => ({ kind: 'retry', reason: '503' }))
        for (const { idempotencyKey: key, alert } of deliveries)
          if (this.told.some((one) => one.key === key)) this.repeats.push(key)
          else this.told.push({ atMs: time.nowMs(), key, alert })
        if (outcome === 'lost') throw new AuditdError('target_failed', 'webhook', 'soc', 'ECONNRESET')
        return deliveries.map(() => ({ kind: 'delivered' }))
      },
    }
  }
  get alone(): readonly string[] {
    return this.told.filter(({ alert }) => alert.rule !== FLOOD_RULE).map(({ alert }) => alert.alertId)
  }
  get summaries(): readonly Alert[] {
    return this.told.flatMap(({ alert }) => (alert.rule === FLOOD_RULE ? [alert] : []))
  }
}

function bed(time = new VirtualTime()) {
  const durable = memoryOutbox(new MemoryFindings())
  const channel = new Channel(time)
  const telemetry = new RecordedTelemetry()
  const start = (outbox: Outbox = durable) =>
    startDeliveries({
      outbox,
      targets: [channel.target],
      settings: new Map([['soc', { redact: [], flood: FLOOD }]]),
      send: async () => ({ status: 200, headers: {}, body: '' }),
      clock: time,
      telemetry,
      random: () => 0.5,
      sleep: time.sleep,
      onFatal: (error) => {
        throw error
      },
    })
  const add = (...alerts: Alert[]) =>
    durable.record({
      cursor: '0',
      findingIds: [],
      alerts,
      deliveries: alerts.map(({ alertId, revision }) => ({ alertId, revision, target: 'soc' })),
    })
  const settled = () => time.until(async () => (await durable.due('soc', Number.MAX_SAFE_INTEGER, 10)).length === 0)
  return { time, durable, channel, telemetry, start, add, settled }
}

describe('flood control', () => {
  it('few alerts are told one by one', async () => {
    const { channel, start, add, settled } = bed()
    await add(...Array.from({ length: FLOOD.most }, (_, at) => numbered(at)))
    const deliveries = start()
    await settled()
    expect(channel.alone).toHaveLength(FLOOD.most)
    expect(channel.summaries).toEqual([])
    await deliveries.stop(0)
  })
  it('more are told together in the last message that may be told, with exact counts, and what comes later waits its time', async () => {
    const { time, channel, telemetry, start, add, settled } = bed()
    await add(...Array.from({ length: 20 }, (_, at) => numbered(at, { severity: at % 4 === 0 ? 'low' : 'medium' })))
    const deliveries = start()
    await settled()
    expect(channel.alone).toHaveLength(4)
    expect(channel.summaries.map(({ count }) => count)).toEqual([16])
    expect(channel.summaries[0]).toMatchObject({
      title: '16 more alerts within 60 s: tok-001 x16',
      severity: 'medium',
      evidence: { 'alerts medium': 12, 'alerts low': 4, rules: ['tok-001-audience-mismatch x16'] },
    })
    expect(telemetry.counted('mcp_auditd_deliveries_grouped_total', { target: 'soc' })).toBe(16)
    const startMs = channel.told[0]!.atMs
    await time.pass(10_000)
    await add(...Array.from({ length: 30 }, (_, at) => numbered(100 + at)))
    deliveries.wake()
    await settled()
    const later = channel.told.slice(5)
    expect(later.every(({ atMs }) => atMs >= startMs + FLOOD.perMs)).toBe(true)
    expect(later.length).toBeLessThanOrEqual(FLOOD.most)
    expect(channel.summaries.reduce((sum, { count }) => sum + count, channel.alone.length)).toBe(50)
    await deliveries.stop(0)
  })
  it('critical alerts and what became of alerts are told at once, alone, in the midst of it', async () => {
    const { time, channel, start, add, settled } = bed()
    await add(...Array.from({ length: 30 }, (_, at) => numbered(at)))
    const deliveries = start()
    await settled()
    await add(...Array.from({ length: 8 }, (_, at) => numbered(200 + at)))
    await add(numbered(300, { severity: 'critical' }), numbered(301, { status: 'resolved' }))
    const beforeMs = time.nowMs()
    deliveries.wake()
    await time.until(() => channel.told.length === 7)
    expect(channel.alone.slice(-2).map((id) => Number.parseInt(id, 16))).toEqual([300, 301])
    expect(time.nowMs() - beforeMs).toBeLessThan(1_000)
    await settled()
    await deliveries.stop(0)
  })
  it('an outage ends in few messages', async () => {
    const { time, channel, start, add, settled } = bed()
    const upMs = time.nowMs() + 3_600_000
    channel.onExchange = () => (time.nowMs() < upMs ? 'refused' : 'taken')
    await add(...Array.from({ length: 100 }, (_, at) => numbered(at)))
    const deliveries = start()
    await settled()
    expect(channel.summaries.reduce((sum, { count }) => sum + count, channel.alone.length)).toBe(100)
    expect(channel.told.length).toBeLessThanOrEqual(FLOOD.most + 1)
    await deliveries.stop(0)
  })
})

/** Kills the process at the n-th call of the outbox: the call is done or not, and nothing after it happens. */
function killable(durable: Outbox, calls: number, isDone: boolean) {
  let left = calls
  let killed: () => void = () => undefined
  const death = new Promise<void>((resolve) => {
    killed = resolve
  })
  const settle: Outbox['settle'] = async (delivery, settlement) => {
    left -= 1
    if (left > 0) return durable.settle(delivery, settlement)
    if (left === 0 && isDone) await durable.settle(delivery, settlement)
    killed()
    return new Promise(() => undefined)
  }
  return { outbox: { ...durable, settle }, death }
}

describe('with kills at random moments', () => {
  // A small generator: the same seed, the same run.
  const randomOf = (seed: number) => () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  it.each(Array.from({ length: 25 }, (_, seed) => seed + 1))(
    'seed %s: none lost, none repeated, exact counts',
    async (seed) => {
      const random = randomOf(seed)
      const { time, channel, start, add, durable, settled } = bed()
      const all: Alert[] = []
      channel.onExchange = () => {
        const die = random()
        return die < 0.1 ? 'refused' : die < 0.2 ? 'lost' : 'taken'
      }
      const stopping: { stop(graceMs?: number): Promise<void> }[] = []
      for (let life = 0; life < 12; life++) {
        const more = Array.from({ length: Math.floor(random() * 25) }, () =>
          numbered(all.length + 1 + Math.floor(random() * 1e6) * 1_000, {
            severity: random() < 0.1 ? 'critical' : random() < 0.5 ? 'low' : 'high',
          }),
        )
        all.push(...more)
        await add(...more)
        const { outbox, death } = killable(durable, 1 + Math.floor(random() * 20), random() < 0.5)
        const running = start(outbox)
        await Promise.race([death, time.pass(Math.floor(random() * 90_000))])
        // What a kill leaves: the loops never get another answer. Stopping them ends only their sleeps.
        stopping.push(running)
        for (const one of stopping) void one.stop(0)
      }
      const last = start()
      await settled()
      await last.stop(0)
      const ids = new Set(all.map(({ alertId }) => alertId))
      const critical = all.filter(({ severity }) => severity === 'critical').map(({ alertId }) => alertId)
      expect(channel.alone.filter((id) => critical.includes(id)).sort()).toEqual([...critical].sort())
      expect(new Set(channel.alone).size).toBe(channel.alone.length)
      const together = channel.summaries.reduce((sum, { count }) => sum + count, 0)
      expect(channel.alone.length + together).toBe(ids.size)
      for (const { count, evidence } of channel.summaries) {
        const bySeverity = ['low', 'medium', 'high'].reduce(
          (sum, name) => sum + Number(evidence[`alerts ${name}`] ?? 0),
          0,
        )
        expect(bySeverity).toBe(count)
        expect(evidence['alerts critical']).toBeUndefined()
      }
      // A repeat comes under the key it came under before: that is what the receiver drops it by.
      for (const key of channel.repeats) expect(channel.told.some((one) => one.key === key)).toBe(true)
    },
  )
})

it('what a target may not tell is left out of single messages and of summaries', async () => {
  const time = new VirtualTime()
  const outbox = memoryOutbox(new MemoryFindings())
  const channel = new Channel(time)
  const alerts = Array.from({ length: 9 }, (_, at) =>
    numbered(at, { principalKey: 'alice-secret', toolName: 'payroll' }),
  )
  await outbox.record({
    ...{ cursor: '0', findingIds: [], alerts },
    deliveries: alerts.map(({ alertId, revision }) => ({ alertId, revision, target: 'soc' })),
  })
  const deliveries = startDeliveries({
    ...{ outbox, targets: [channel.target], clock: time, telemetry: new RecordedTelemetry(), random: () => 0.5 },
    settings: new Map([['soc', { redact: ['principal', 'tool'], flood: FLOOD }]]),
    send: async () => ({ status: 200, headers: {}, body: '' }),
    sleep: time.sleep,
    onFatal: (error) => {
      throw error
    },
  })
  await time.until(() => channel.told.length === FLOOD.most)
  expect(JSON.stringify(channel.told)).not.toMatch(/alice-secret|payroll/)
  expect(channel.told[0]?.alert.principalKey).toBe('[redacted]')
  await deliveries.stop(0)
})

describe('the one message', () => {
  const members = (count: number, each: (at: number) => Partial<Alert> = () => ({})): Delivery[] =>
    Array.from({ length: count }, (_, at) => sampleDelivery('soc', numbered(at, each(at))))
  it('is an alert by its schema, of any size, with the first ids and a query that lists them', () => {
    for (const count of [1, 50, 51, 2_000]) {
      const summary = summaryOf('b'.repeat(32), members(count), 60_000)
      expect(schema.safeParse(summary).success).toBe(true)
      expect(summary.count).toBe(count)
      expect(summary.evidence['alerts']).toHaveLength(Math.min(50, count))
      expect(summary.evidence['further alerts']).toBe(count > 50 ? count - 50 : undefined)
      expect(summary.query).toContain(count > 50 ? 'rule IN (' : 'alert_id IN (')
    }
  })
  it('names the rules by how often, and counts those it does not name', () => {
    const summary = summaryOf(
      'b'.repeat(32),
      members(36, (at) => ({ rule: `tok-00${Math.floor(Math.sqrt(at))}-x` })),
      60_000,
    )
    expect(summary.title).toBe(
      '36 more alerts within 60 s: tok-005 x11, tok-004 x9, tok-003 x7, tok-002 x5, tok-001 x3 and 1 more rules',
    )
  })
  it('same deliveries, same bundle; other deliveries, another', () => {
    const [first, again, other] = [members(9), members(9), members(10)].map(
      (some) => assignments(some, 3).at(-1)!.bundle,
    )
    expect(first).toBe(again)
    expect(first).not.toBe(other)
    expect(assignments(members(9), 0)).toEqual([])
    expect(assignments(members(1), 1)).toMatchObject([{ bundle: members(1)[0]!.idempotencyKey }])
  })
  it('the window gives a message back when its time has passed', () => {
    const window = new FloodWindow({ most: 2, perMs: 1_000 })
    window.told(0)
    window.told(400)
    expect([window.left(500), window.waitMs(500), window.left(1_000), window.left(1_400)]).toEqual([0, 500, 1, 2])
  })
})
