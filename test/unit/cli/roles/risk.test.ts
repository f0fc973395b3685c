/** Risk of whom alerts are about: the engine adds up what the view shows, and incidents are raised once and updated by more. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RISK_SQL, RiskWatch } from '../../../../cli/roles/risk.ts'
import { createEmbeddedStore } from '../../../../connectors/clickhouse/store.ts'
import { MemoryFindings } from '../../../../connectors/memory/findings.ts'
import { memoryOutbox } from '../../../../connectors/memory/outbox.ts'
import { INCIDENT_RULE } from '../../../../detectors/incident.ts'
import type { Alert } from '../../../../schemas/alert.ts'
import { config } from '../../../../schemas/config.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { EventStore, Outbox } from '../../../../schemas/ports.ts'
import { recordingTelemetry, sampleAlert } from '../../../contract/samples.ts'
import { RecordedTelemetry } from '../../../fakes/telemetry.ts'
import { VirtualTime } from '../../../fakes/virtual-time.ts'

const HOUR_MS = 3_600_000
const NOW = Date.now()
const settings = config.parse({}).risk
let path: string
let store: EventStore
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'risk-'))
  const retentionDays = { security: 100_000, activity: 100_000 }
  store = createEmbeddedStore({ path, database: 'mcp_auditd', retentionDays, telemetry: recordingTelemetry() })
  await store.open()
})
afterAll(async () => {
  await store.close()
  await rm(path, { recursive: true, force: true })
})
let tenant: string
let number = 0
beforeEach(() => {
  tenant = `tenant-${++number}`
})

const alertOf = (
  rule: string,
  severity: Alert['severity'],
  hoursAgo: number,
  overrides: Partial<Alert> = {},
): Alert => {
  const at = new Date(NOW - hoursAgo * HOUR_MS).toISOString()
  return sampleAlert({
    ...{ tenant, rule, severity, principalKey: 'abcd', serverId: 'hr', firstSeen: at, lastSeen: at },
    windowStart: new Date(Math.floor(Date.parse(at) / HOUR_MS) * HOUR_MS).toISOString(),
    ...overrides,
  })
}
const rowsOf = async (sql: string, parameters: Record<string, string> = {}) =>
  (await store.query(sql, { format: 'JSONEachRow', parameters }))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const shown = () => rowsOf('SELECT * FROM entity_risk WHERE tenant = {tenant:String} ORDER BY subject', { tenant })
const added = async (threshold = 0.001) =>
  (await rowsOf(RISK_SQL, { now: String(NOW), window: String(24 * HOUR_MS), threshold: String(threshold) })).filter(
    (row) => row['tenant'] === tenant,
  )

describe('the score', () => {
  it('adds what alerts of different rules are worth, halved with each twelve hours', async () => {
    await store.insertAlerts([
      alertOf('tok-001-a', 'high', 0),
      alertOf('ses-001-b', 'critical', 12),
      alertOf('scp-001-c', 'medium', 12),
      alertOf('inj-001-d', 'low', 0),
      alertOf('trn-001-e', 'info', 0),
    ])
    const [row] = await shown()
    expect(row).toMatchObject({ subject_kind: 'principal', subject: 'abcd', score: 25.5, alerts: 5, grave: 2 })
    expect((await added()).map(({ score }) => score)).toEqual([25.5])
  })
  it('of one rule counts the gravest whole, and each further one half of the one before', async () => {
    await store.insertAlerts([0, 0, 0].map(() => alertOf('tok-001-a', 'high', 0)))
    expect((await shown())[0]).toMatchObject({ score: 17.5, alerts: 3, rules: ['tok-001-a'] })
    // One rule alone is no incident, however loud.
    expect(await added()).toEqual([])
  })
  it('leaves out what is resolved, suppressed, false, benign, too old, and incidents themselves', async () => {
    await store.insertAlerts([
      alertOf('tok-001-a', 'high', 0),
      alertOf('tok-002-a', 'high', 0, { status: 'resolved' }),
      alertOf('tok-003-a', 'high', 0, { status: 'suppressed' }),
      alertOf('tok-004-a', 'high', 0, { verdict: 'false_positive' }),
      alertOf('tok-005-a', 'high', 0, { verdict: 'benign' }),
      alertOf('tok-006-a', 'high', 24.5),
      alertOf(INCIDENT_RULE, 'high', 0),
      alertOf('ses-001-a', 'low', 0, { status: 'acknowledged', verdict: 'true_positive' }),
    ])
    expect((await shown())[0]).toMatchObject({ score: 11, rules: ['ses-001-a', 'tok-001-a'] })
    expect((await added()).map(({ score, rules }) => [score, (rules as string[]).toSorted()])).toEqual([
      [11, ['ses-001-a', 'tok-001-a']],
    ])
  })
  it('is about the principal, else the client, the session, the server, in each tenant apart', async () => {
    await store.insertAlerts([
      alertOf('tok-001-a', 'low', 0, { principalKey: 'p', clientKey: 'c' }),
      alertOf('tok-001-a', 'low', 0, { principalKey: '', clientKey: 'c', sessionFp: 's' }),
      alertOf('tok-001-a', 'low', 0, { principalKey: '', clientKey: '', sessionFp: 's' }),
      alertOf('tok-001-a', 'low', 0, { principalKey: '', clientKey: '', sessionFp: '', serverId: 'x' }),
      alertOf('tok-001-a', 'low', 0, { principalKey: 'p', tenant: `${tenant}-other` }),
    ])
    expect((await shown()).map(({ subject_kind, subject }) => [subject_kind, subject])).toEqual([
      ['client', 'c'],
      ['principal', 'p'],
      ['session', 's'],
      ['server', 'x'],
    ])
  })
})

describe('the watch', () => {
  async function watch(overrides: { outbox?: Outbox; store?: Pick<EventStore, 'query' | 'insertFindings'> } = {}) {
    const time = new VirtualTime(NOW)
    const outbox = overrides.outbox ?? memoryOutbox(new MemoryFindings())
    const telemetry = new RecordedTelemetry()
    let looks = 0
    const watched = {
      query: (...given: Parameters<EventStore['query']>) =>
        time
          .still(() => (overrides.store ?? store).query(...given))
          .finally(() => {
            looks += 1
          }),
      insertFindings: (...given: Parameters<EventStore['insertFindings']>) =>
        time.still(() => store.insertFindings(...given)),
    }
    const risk = new RiskWatch({
      ...{ settings, store: watched, outbox, clock: time, telemetry, random: () => 0.5, sleep: time.sleep },
    })
    const looked = async () => {
      const before = looks
      risk.wake()
      await time.until(() => looks > before + 1)
    }
    const incidents = async () => {
      const stop = new AbortController()
      stop.abort()
      const { findings } = await outbox.take(1_000, stop.signal)
      return findings.filter((one) => one.tenant === tenant)
    }
    return { time, risk, telemetry, looked, incidents, outbox }
  }

  it('raises one incident for a subject, says nothing twice, and says more when there is more', async () => {
    await store.insertAlerts([alertOf('tok-001-a', 'high', 0), alertOf('tok-002-b', 'high', 1)])
    const { risk, looked, incidents } = await watch()
    await looked()
    expect(await incidents()).toEqual([])
    await store.insertAlerts([alertOf('tok-003-c', 'high', 0)])
    await looked()
    await looked()
    expect((await incidents()).map(({ severity, entity }) => [severity, entity])).toEqual([['high', 'principal=abcd']])
    await store.insertAlerts([alertOf('ses-001-d', 'critical', 0)])
    await looked()
    const all = await incidents()
    expect(all.map(({ severity }) => severity)).toEqual(['high', 'critical'])
    expect(all[1]).toMatchObject({ rule: INCIDENT_RULE, principalKey: 'abcd', evidence: { servers: ['hr'] } })
    expect(all[1]?.evidence['alerts']).toHaveLength(4)
    expect(await rowsOf('SELECT finding_id FROM findings WHERE tenant = {tenant:String}', { tenant })).toHaveLength(2)
    await risk.stop()
  })
  it('in another life, or another process, raises the same under the same id', async () => {
    await store.insertAlerts([alertOf('tok-001-a', 'critical', 0), alertOf('ses-002-b', 'critical', 0)])
    const first = await watch()
    await first.looked()
    const second = await watch({ outbox: first.outbox })
    await second.looked()
    expect(await second.incidents()).toHaveLength(1)
    await first.risk.stop()
    await second.risk.stop()
  })
  it('goes on after a store that is down, and after one that refuses', async () => {
    await store.insertAlerts([alertOf('tok-001-a', 'critical', 0), alertOf('ses-002-b', 'critical', 0)])
    const failures: Error[] = [new AuditdError('store_unavailable', 'store', '', 'down'), new Error('a defect')]
    const { risk, looked, incidents, telemetry } = await watch({
      store: {
        ...store,
        query: async (...given) => {
          const failure = failures.shift()
          if (failure !== undefined) throw failure
          return store.query(...given)
        },
        insertFindings: (findings) => store.insertFindings(findings),
      },
    })
    await looked()
    await looked()
    expect(await incidents()).toHaveLength(1)
    expect(telemetry.logs.filter(({ name }) => name === 'store_retry')).toHaveLength(2)
    await risk.stop()
  })
  it('does nothing when it is switched off', async () => {
    const time = new VirtualTime(NOW)
    const risk = new RiskWatch({
      settings: { ...settings, enabled: false },
      store: {
        query: () => Promise.reject(new Error('asked')),
        insertFindings: () => Promise.reject(new Error('inserted')),
      },
      outbox: memoryOutbox(new MemoryFindings()),
      ...{ clock: time, telemetry: new RecordedTelemetry(), random: () => 0.5, sleep: time.sleep },
    })
    risk.wake()
    await time.pass(300_000)
    await risk.stop()
  })
})
