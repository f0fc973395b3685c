/** An outbox in memory, for tests. */
import type { Alert } from '../../schemas/alert.ts'
import type { Delivery, Outbox } from '../../schemas/ports.ts'
import type { MemoryFindings } from './findings.ts'

interface Waiting {
  readonly target: string
  readonly alert: Alert
  attempt: number
  notBeforeMs: number
  state: 'due' | 'delivered' | 'dead'
}

export function memoryOutbox(findings: MemoryFindings): Outbox {
  const alerts = new Map<string, Alert>()
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
  return {
    async take(limit, signal) {
      while (findings.all.length <= cursor && !signal.aborted && !closed) await findings.changed(signal)
      const taken = findings.all.slice(cursor, cursor + limit)
      return { findings: taken, changes: [], cursor: String(cursor + taken.length) }
    },
    async offer(offered) {
      findings.add(offered)
    },
    async decisions() {
      return []
    },
    async alerts(alertIds) {
      return new Map(alertIds.flatMap((id) => (alerts.has(id) ? [[id, alerts.get(id)!] as const] : [])))
    },
    async remembered(findingIds) {
      return new Set(findingIds.filter((id) => grouped.has(id)))
    },
    async record(update) {
      for (const alert of update.alerts)
        if ((alerts.get(alert.alertId)?.revision ?? 0) <= alert.revision) alerts.set(alert.alertId, alert)
      for (const { alertId, revision, target } of update.deliveries) {
        const alert =
          update.alerts.find((one) => one.alertId === alertId && one.revision === revision) ?? alerts.get(alertId)
        if (alert !== undefined && find(target, alertId, revision) === undefined)
          waiting.push({ target, alert, attempt: 1, notBeforeMs: 0, state: 'due' })
      }
      for (const id of update.findingIds) grouped.add(id)
      cursor = Math.max(cursor, Number(update.cursor))
    },
    async due(target, nowMs, limit): Promise<readonly Delivery[]> {
      return waiting
        .filter((one) => one.target === target && one.state === 'due' && one.notBeforeMs <= nowMs && isFirst(one))
        .slice(0, limit)
        .map(({ alert, attempt }) => ({
          target,
          alert,
          idempotencyKey: `${alert.alertId}-${alert.revision}`,
          attempt,
        }))
    },
    async settle({ target, alert }, settlement) {
      const one = find(target, alert.alertId, alert.revision)
      if (one === undefined || one.state !== 'due') return
      if (settlement.kind === 'retry') {
        one.attempt += 1
        one.notBeforeMs = settlement.notBeforeMs
      } else if (settlement.kind !== 'bundled') one.state = settlement.kind
    },
    async close() {
      closed = true
      findings.wake()
    },
  }
}
