/** An outbox in memory, for tests. */
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange, AlertGroup } from '../../schemas/alert-change.ts'
import type { Delivery, Outbox } from '../../schemas/ports.ts'
import type { MemoryFindings } from './findings.ts'

interface Waiting {
  readonly target: string
  readonly alert: Alert
  attempt: number
  notBeforeMs: number
  bundle: string
  state: 'due' | 'delivered' | 'dead'
}
const groupKey = ({ tenant, rule, entity }: AlertGroup): string => JSON.stringify([tenant, rule, entity])

export function memoryOutbox(findings: MemoryFindings): Outbox {
  const alerts = new Map<string, Alert>()
  const decided = new Map<string, AlertChange>()
  const grouped = new Set<string>()
  const waiting: Waiting[] = []
  let cursor = 0
  let closed = false
  const find = (target: string, alertId: string, revision: number) =>
    waiting.find((one) => one.target === target && one.alert.alertId === alertId && one.alert.revision === revision)
  const isFirst = (one: Waiting) =>
    !waiting.some(
      (other) =>
        other.state === 'due' &&
        other.target === one.target &&
        other.alert.alertId === one.alert.alertId &&
        other.alert.revision < one.alert.revision,
    )
  const together = (one: Waiting) =>
    one.bundle === ''
      ? [one]
      : waiting.filter((other) => other.state === 'due' && other.target === one.target && other.bundle === one.bundle)
  return {
    async take(limit, signal) {
      while (findings.log.length <= cursor && !signal.aborted && !closed) await findings.changed(signal)
      const logged = findings.log.slice(cursor, cursor + limit)
      const first = logged[0]
      if (first !== undefined && 'change' in first)
        return { findings: [], changes: [first.change], cursor: String(cursor + 1) }
      const change = logged.findIndex((one) => 'change' in one)
      const taken = (change === -1 ? logged : logged.slice(0, change)).flatMap((one) =>
        'finding' in one ? [one.finding] : [],
      )
      return { findings: taken, changes: [], cursor: String(cursor + taken.length) }
    },
    async offer(offered, changes) {
      findings.add(offered, changes)
    },
    async decisions(groups) {
      return groups.flatMap((group) => decided.get(groupKey(group)) ?? [])
    },
    async alerts(alertIds) {
      return new Map(alertIds.flatMap((id) => (alerts.has(id) ? [[id, alerts.get(id)!] as const] : [])))
    },
    async remembered(ids) {
      return new Set(ids.filter((id) => grouped.has(id)))
    },
    async record(update) {
      for (const alert of update.alerts)
        if ((alerts.get(alert.alertId)?.revision ?? 0) <= alert.revision) alerts.set(alert.alertId, alert)
      for (const { alertId, revision, target } of update.deliveries) {
        const alert =
          update.alerts.find((one) => one.alertId === alertId && one.revision === revision) ?? alerts.get(alertId)
        if (alert !== undefined && find(target, alertId, revision) === undefined)
          waiting.push({ target, alert, attempt: 1, notBeforeMs: 0, bundle: '', state: 'due' })
      }
      for (const change of update.decisions ?? []) decided.set(groupKey(change), change)
      for (const id of update.findingIds) grouped.add(id)
      cursor = Math.max(cursor, Number(update.cursor))
    },
    async due(target, nowMs, limit): Promise<readonly Delivery[]> {
      const first = waiting
        .filter((one) => one.target === target && one.state === 'due' && isFirst(one))
        .filter((one) => together(one).every(({ notBeforeMs }) => notBeforeMs <= nowMs))
        .slice(0, limit)
      return [...new Set([...first, ...first.flatMap(together)])].map(({ alert, attempt, bundle }) => ({
        target,
        alert,
        idempotencyKey: `${alert.alertId}-${alert.revision}`,
        attempt,
        ...(bundle === '' ? {} : { bundle }),
      }))
    },
    async settle({ target, alert }, settlement) {
      const one = find(target, alert.alertId, alert.revision)
      if (one === undefined || one.state !== 'due') return
      if (settlement.kind === 'bundled') one.bundle = settlement.bundle
      else if (settlement.kind === 'retry') {
        one.attempt += 1
        one.notBeforeMs = settlement.notBeforeMs
      } else one.state = settlement.kind
    },
    async waiting(target) {
      return waiting.filter((one) => one.target === target && one.state === 'due').length
    },
    async close() {
      closed = true
      findings.wake()
    },
  }
}
