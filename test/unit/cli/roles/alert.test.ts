/** The alert role: no finding makes a second alert, no alert is lost, and counts are exact, however findings come. */
import { afterEach, describe, expect, it } from 'vitest'
import { type AlertParts, type AlertRole, runAlertRole } from '../../../../cli/roles/alert.ts'
import { ALERT_ROWS } from '../../../../cli/roles/alert-sink.ts'
import { httpTarget } from '../../../../connectors/webhook/http-target.ts'
import type { Alert } from '../../../../schemas/alert.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { Finding } from '../../../../schemas/finding.ts'
import type { AlertTarget, TargetAnswer } from '../../../../schemas/ports.ts'
import { targetConfig } from '../../../../schemas/target-config.ts'
import { sampleFinding } from '../../../fakes/alerts.ts'
import { DeliveryOutbox } from '../../../fakes/outbox.ts'
import { RecordedTelemetry } from '../../../fakes/telemetry.ts'
import { VirtualTime } from '../../../fakes/virtual-time.ts'

const RULE = { id: 'tok-001-audience-mismatch', refs: ['MCP07:2025'], blindSpots: ['opaque tokens'], triage: ['Who?'] }
const findings = (count: number, overrides: Partial<Finding> = {}): Finding[] =>
  Array.from({ length: count }, (_, at) =>
    sampleFinding({
      findingId: (at + 1).toString(16).padStart(32, overrides.severity === 'critical' ? 'c' : '0'),
      eventId: `event-${at}`,
      eventTime: `2026-10-01T10:0${at % 10}:00Z`,
      ...overrides,
    }),
  )
/** Rows as ClickHouse keeps them: the highest revision of each id. */
class AlertTable {
  readonly rows = new Map<string, Alert>()
  failing: AuditdError | undefined
  refusing: string | undefined
  async insertAlerts(alerts: readonly Alert[]): Promise<void> {
    if (this.failing !== undefined) throw this.failing
    if (alerts.some(({ serverId }) => serverId === this.refusing)) throw new Error('bad row')
    for (const alert of alerts)
      if ((this.rows.get(alert.alertId)?.revision ?? 0) <= alert.revision) this.rows.set(alert.alertId, alert)
  }
}
const recorder = (name: string): AlertTarget =>
  httpTarget({
    name,
    request: (delivery) => ({ url: `https://${name}.example/`, headers: {}, body: delivery.idempotencyKey }),
    verdict: ({ status }) => (status === 200 ? { kind: 'delivered' } : { kind: 'retry', reason: `status ${status}` }),
  })

/** What a target that wants everything has in its configuration. */
const EVERYTHING = targetConfig.parse({ type: 'console' })

const running: { role: AlertRole; time: VirtualTime }[] = []
afterEach(async () => {
  for (const { role, time } of running.splice(0)) await passing(time, role.stop())
})
/** Lets virtual time pass until the promise settles. */
async function passing<T>(time: VirtualTime, promise: Promise<T>): Promise<T> {
  let settled = false
  const watched = promise.finally(() => {
    settled = true
  })
  watched.catch(() => undefined)
  await time.until(() => settled, 3_600_000)
  return watched
}

/** One machine: what is durable outlives the processes that `start` runs on it. */
function machine(overrides: Partial<AlertParts> = {}) {
  const time = new VirtualTime()
  const outbox = new DeliveryOutbox()
  const table = new AlertTable()
  const telemetry = new RecordedTelemetry()
  const sent: string[] = []
  const shown: Alert[] = []
  const answers = new Map<string, TargetAnswer>()
  const start = async () => {
    const role = await runAlertRole({
      outbox,
      store: table,
      ruleText: (id) => (id === RULE.id ? RULE : undefined),
      targets: {
        configured: [
          { ...EVERYTHING, target: recorder('all') },
          { ...EVERYTHING, target: recorder('grave'), minimumSeverity: 'critical' },
        ],
        send: async (request) => {
          const answer = answers.get(request.url) ?? { status: 200, headers: {}, body: '' }
          if (answer.status === 200) sent.push(`${request.url.slice(8).split('.')[0]} ${request.body}`)
          return answer
        },
      },
      clock: time,
      telemetry,
      random: () => 0.5,
      sleep: time.sleep,
      onAlert: (alert) => shown.push(alert),
      ...overrides,
    })
    running.push({ role, time })
    return role
  }
  const idle = (role: AlertRole, taken = 0) => passing(time, role.idle(taken))
  return { time, outbox, table, telemetry, sent, shown, answers, start, idle }
}

describe('grouping', () => {
  it('findings of one rule, entity and hour are one alert, told once, stored with the exact count', async () => {
    const { outbox, table, sent, shown, telemetry, start, idle } = machine()
    const role = await start()
    outbox.publish(...findings(3))
    await idle(role, 3)
    outbox.publish(...findings(7).slice(3))
    await idle(role, 7)
    const [alert] = [...table.rows.values()]
    expect(table.rows.size).toBe(1)
    expect(alert).toMatchObject({ count: 7, revision: 7, severity: 'high', refs: ['MCP07:2025'], triage: ['Who?'] })
    expect(shown).toHaveLength(1)
    expect(sent).toEqual([`all ${alert?.alertId}-3`])
    const labels = { rule: RULE.id, severity: 'high' }
    expect(telemetry.counted('mcp_auditd_alerts_total', labels)).toBe(1)
  })
  it('a severity that rises is told again, also to a target that did not want the first', async () => {
    const { outbox, sent, shown, start, idle } = machine()
    const role = await start()
    outbox.publish(...findings(1))
    await idle(role, 1)
    outbox.publish(...findings(1, { severity: 'critical' }), ...findings(4).slice(1))
    await idle(role, 5)
    expect(sent.map((line) => line.replace(/[0-9a-f]{32}/, 'id')).sort()).toEqual([
      'all id-1',
      'all id-5',
      'grave id-5',
    ])
    expect(shown).toHaveLength(1)
  })
  it('another entity, hour, tenant or rule is another alert', async () => {
    const { outbox, table, start, idle } = machine()
    const role = await start()
    const differing: Partial<Finding>[] = [
      {},
      { entity: 'server=files principal=bob' },
      { eventTime: '2026-10-01T11:00:00Z' },
      { tenant: 'other' },
      { rule: 'ses-001-session-reuse' },
    ]
    outbox.publish(
      ...differing.map((one, at) => sampleFinding({ ...one, findingId: at.toString(16).padStart(32, '0') })),
    )
    await idle(role, 5)
    expect(table.rows.size).toBe(5)
    expect([...table.rows.values()].find(({ rule }) => rule === 'ses-001-session-reuse')?.triage).toEqual([])
  })
})

describe('findings that come again', () => {
  const undisturbed = async (given: readonly Finding[]) => {
    const { outbox, table, start, idle } = machine()
    const role = await start()
    outbox.publish(...given)
    await idle(role, given.length)
    return table.rows
  }
  const facts = (rows: ReadonlyMap<string, Alert>) =>
    [...rows.values()].map(({ alertId, count, severity, firstSeen, lastSeen }) => ({
      alertId,
      count,
      severity,
      firstSeen,
      lastSeen,
    }))

  it.each([
    ['in the same order', (given: Finding[]) => given],
    ['in the opposite order', (given: Finding[]) => [...given].reverse()],
  ])('after their window has closed, %s: no second alert, no second message, exact counts', async (_, order) => {
    const given = findings(20)
    const { outbox, table, sent, shown, time, start, idle } = machine()
    const role = await start()
    outbox.publish(...given)
    await idle(role, 20)
    await time.pass(2 * 3_600_000)
    outbox.publish(...order(given))
    await idle(role, 40)
    expect(facts(table.rows)).toEqual(facts(await undisturbed(given)))
    expect(sent).toHaveLength(1)
    expect(shown).toHaveLength(1)
  })
  it('either order of first arrival gives the same alert id, count and times', async () => {
    const given = [...findings(6), ...findings(3, { severity: 'critical' })]
    expect(facts(await undisturbed([...given].reverse()))).toEqual(facts(await undisturbed(given)))
  })
  it('twice in one batch counts once', async () => {
    const given = findings(4)
    expect(facts(await undisturbed([...given, ...given]))).toEqual(facts(await undisturbed(given)))
  })
})

describe('a process that is killed', () => {
  it('between the groups and the cursor: the next one reads the findings again and changes nothing', async () => {
    const given = findings(5)
    const first = machine()
    const role = await first.start()
    first.outbox.recordsInDoubt = 1
    first.outbox.publish(...given)
    // The role is stopped in the pause before it would repeat the step: what a kill leaves behind.
    await first.time.until(() => first.telemetry.logs.some(({ name }) => name === 'bus_retry'))
    await passing(first.time, role.stop())
    first.outbox.restart()
    const next = await first.start()
    await first.idle(next, 5)
    const [alert] = [...first.table.rows.values()]
    expect(first.table.rows.size).toBe(1)
    expect(alert).toMatchObject({ count: 5, revision: 5 })
    expect(first.sent).toEqual([`all ${alert?.alertId}-5`])
  })
  it('after the record and before the row is stored: the next one stores it', async () => {
    const { outbox, table, telemetry, time, start, idle } = machine()
    table.failing = new AuditdError('store_unavailable', 'store', '', 'down')
    const role = await start()
    outbox.publish(...findings(2))
    await time.until(() => telemetry.logs.some(({ name }) => name === 'store_retry'))
    await passing(time, role.stop())
    expect(table.rows.size).toBe(0)
    table.failing = undefined
    outbox.restart()
    await idle(await start())
    expect([...table.rows.values()].map(({ count }) => count)).toEqual([2])
  })
  it('a step in doubt is repeated with the same content and counts once', async () => {
    const { outbox, table, sent, start, idle } = machine()
    const role = await start()
    outbox.recordsInDoubt = 3
    outbox.publish(...findings(5))
    await idle(role, 5)
    expect([...table.rows.values()].map(({ count }) => count)).toEqual([5])
    expect(sent).toHaveLength(1)
  })
  it('a cursor set back to the start changes nothing', async () => {
    const { outbox, table, sent, time, start, idle } = machine()
    const role = await start()
    outbox.publish(...findings(9))
    await idle(role, 9)
    const before = structuredClone(table.rows)
    await passing(time, role.stop())
    outbox.restart(0)
    await idle(await start(), 9)
    expect(table.rows).toEqual(before)
    expect(sent).toHaveLength(1)
  })
})

describe('a hand-over', () => {
  it('a step whose findings went to another process is dropped, and the next findings are grouped', async () => {
    const { outbox, table, start, idle } = machine()
    const role = await start()
    outbox.recordsLost = 1
    outbox.publish(...findings(3))
    await idle(role, 3)
    expect(table.rows.size).toBe(0)
    outbox.publish(...findings(5, { entity: 'server=files principal=bob' }))
    await idle(role, 8)
    expect([...table.rows.values()].map(({ count }) => count)).toEqual([5])
  })
})

describe('what is down delays nothing else', () => {
  it('a store that is down delays no target, and its rows come when it is up', async () => {
    const { outbox, table, sent, time, start, idle } = machine()
    table.failing = new AuditdError('store_unavailable', 'store', '', 'down')
    const role = await start()
    outbox.publish(...findings(2))
    await time.until(() => sent.length === 1)
    expect(table.rows.size).toBe(0)
    table.failing = undefined
    await time.until(() => table.rows.size === 1)
    await idle(role, 2)
    expect(outbox.in('waiting')).toBe(0)
  })
  it('a target that fails delays neither store, other targets nor idle', async () => {
    const { outbox, table, sent, answers, start, idle } = machine()
    answers.set('https://all.example/', { status: 503, headers: {}, body: '' })
    const role = await start()
    outbox.publish(...findings(2, { severity: 'critical' }))
    await idle(role, 2)
    expect(table.rows.size).toBe(1)
    expect(sent).toHaveLength(1)
    expect(outbox.in('waiting', 'all')).toBe(1)
  })
  it('an alert that the store refuses costs only itself and ends in the dead, counted', async () => {
    const { outbox, table, telemetry, time, start } = machine()
    table.refusing = 'cursed'
    await start()
    const cursed = sampleFinding({ findingId: 'e'.repeat(32), serverId: 'cursed', entity: 'server=cursed' })
    outbox.publish(cursed, ...findings(2))
    await time.until(() => outbox.in('dead', ALERT_ROWS) === 1)
    expect([...table.rows.values()].map(({ serverId }) => serverId)).toEqual(['files'])
    expect(telemetry.counted('mcp_auditd_deliveries_total', { target: ALERT_ROWS, result: 'dead' })).toBe(1)
  })
})
