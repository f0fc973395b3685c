// Delivery model 16: findings come again after their group closed, and in the other order. No alert gets a second id, a count or a delivery.
import { setTimeout as sleep } from 'node:timers/promises'
import { type AlertRole, runAlertRole } from '../../../cli/roles/alert.ts'
import { silentTelemetry } from '../../../cli/wire-store.ts'
import { type Ledger, openLedger } from '../../../connectors/ledger/ledger.ts'
import { memoryEventStore } from '../../../connectors/memory/event-store.ts'
import { alertIdOf } from '../../../detectors/grouping.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Random } from '../random.ts'
import type { Row } from '../row.ts'

/** More than the ids an alert itself remembers. */
const FINDINGS = 200
const WINDOWS = 2
const HOUR_MS = 3_600_000

const row: Row = {
  number: 16,
  title: 'findings replayed after their group closed, and in the other order',
  buses: ['embedded'],
  alone: true,
  seeds: { ci: { embedded: 1 }, full: { embedded: 2 } },
  sabotages: ['no-finding-memory'],
  async run({ dir, random, defer }) {
    const findings = findingsOf(random)
    const straight = await started(`${dir}/straight`, defer)
    await straight.feed(findings)
    const before = await straight.alerts(findings)
    await straight.restart()
    await straight.feed(findings)
    await straight.feed([...findings].reverse())
    const after = await straight.alerts(findings)
    const turned = await started(`${dir}/turned`, defer)
    await turned.feed([...findings].reverse())
    const reversed = await turned.alerts(findings)
    const faults = [
      ...(before.length === WINDOWS ? [] : [`${before.length} alerts for ${WINDOWS} windows`]),
      ...compare('after a replay', before, after),
      ...compare('in the other order', before, reversed),
    ]
    const figures = { acknowledged: FINDINGS, stored: FINDINGS, duplicatesInEvents: 0, duplicatesInExact: 0 }
    return { figures: { ...figures, findings: [FINDINGS, FINDINGS], alerts: [after.length, WINDOWS] }, faults }
  },
}
export default row

const compare = (when: string, wanted: readonly string[], got: readonly string[]): string[] =>
  wanted.join() === got.join() ? [] : [`alerts ${when} are ${got.join(', ')}; they were ${wanted.join(', ')}`]

/** The real alert role on a ledger of its own. */
async function started(dir: string, defer: (close: () => unknown) => void) {
  const store = memoryEventStore()
  const clock = { nowMs: () => Date.now() }
  const targets = { configured: [], send: async () => ({ status: 200, headers: {}, body: '' }) }
  let ledger: Ledger
  let role: AlertRole
  const open = async (): Promise<void> => {
    ledger = openLedger(dir, clock, silentTelemetry)
    role = await runAlertRole({
      ...{ outbox: ledger.outbox, store, ruleText: () => undefined, targets, clock },
      telemetry: silentTelemetry,
    })
  }
  const close = async (): Promise<void> => {
    await role.stop()
    await ledger.close()
  }
  await open()
  defer(close)
  return {
    async feed(findings: readonly Finding[]) {
      for (const finding of findings)
        await ledger.state.commit({ log: 'l', partition: 0, next: 1, findings: [finding] })
      await role.idle()
      await sleep(100)
    },
    restart: async () => {
      await close()
      await open()
    },
    /** `id:count` of each, sorted. */
    async alerts(findings: readonly Finding[]) {
      const found = await ledger.outbox.alerts([...new Set(findings.map((finding) => alertIdOf(finding)))])
      return [...found.values()].map(({ alertId, count }) => `${alertId}:${count}`).sort()
    },
  }
}

function findingsOf(random: Random): Finding[] {
  const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 10 * HOUR_MS
  return Array.from({ length: FINDINGS }, (_, i) => ({
    ...{
      findingId: random.hex(32),
      rule: 'ses-001-session-reuse',
      ruleVersion: 1,
      title: 'Session reuse',
      severity: 'high',
    },
    ...{ tenant: 'default', serverId: 's', entity: 'server=s session=a', eventId: random.hex(32) },
    eventTime: new Date(startMs + (i % WINDOWS) * HOUR_MS + i).toISOString(),
    ...{ saw: 'bob', expected: 'alice', evidence: {}, principalKey: '', clientKey: '', sessionFp: '', toolName: '' },
    ...{ decision: 'allow', vantage: 'server', evidenceLevel: 'observed' },
  })) as Finding[]
}
