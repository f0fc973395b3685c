/** The Outbox port in memory for the tests of alert delivery, with the places where a process can be killed. */
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange, AlertGroup } from '../../schemas/alert-change.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { AlertUpdate, Delivery, Outbox, Settlement, Taken } from '../../schemas/ports.ts'

interface Standing {
  readonly alert: Alert
  readonly target: string
  attempt: number
  notBeforeMs: number
  bundle: string
  state: 'waiting' | 'delivered' | 'dead'
  reason: string
}

const isChange = (one: Finding | AlertChange): one is AlertChange => 'changeId' in one
const groupKey = ({ tenant, rule, entity }: AlertGroup): string => JSON.stringify([tenant, rule, entity])

export class DeliveryOutbox implements Outbox {
  readonly deliveries: Standing[] = []
  readonly groups = new Map<string, Alert>()
  /** Calls of `due` and `settle` that fail before the outbox works again. */
  failures = 0
  /** `record` makes everything durable but the cursor and then fails, as often as this says. */
  recordsInDoubt = 0
  /** `record` finds its partition given up, as often as this says. */
  recordsLost = 0
  readonly decided = new Map<string, AlertChange>()
  readonly #log: (Finding | AlertChange)[] = []
  readonly #grouped = new Set<string>()
  #cursor = 0
  #read = 0
  #arrived: (() => void) | undefined

  publish(...findings: (Finding | AlertChange)[]): void {
    this.#log.push(...findings)
    this.#arrived?.()
  }
  /** What a new process sees: it reads from the cursor. `to` sets the cursor back. */
  restart(to = this.#cursor): void {
    this.#cursor = to
    this.#read = to
  }

  async take(limit: number, signal: AbortSignal): Promise<Taken> {
    while (this.#read >= this.#log.length && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    const next = signal.aborted ? [] : this.#log.slice(this.#read, this.#read + limit)
    const change = next.findIndex(isChange)
    const some = change === 0 ? next.slice(0, 1) : change === -1 ? next : next.slice(0, change)
    this.#read += some.length
    const findings = some.filter((one): one is Finding => !isChange(one))
    return { findings, changes: some.filter(isChange), cursor: String(this.#read) }
  }
  async offer(findings: readonly Finding[], changes: readonly AlertChange[]): Promise<void> {
    this.publish(...findings, ...changes)
  }
  async decisions(groups: readonly AlertGroup[]): Promise<readonly AlertChange[]> {
    return groups.flatMap((group) => this.decided.get(groupKey(group)) ?? [])
  }
  async alerts(alertIds: readonly string[]): Promise<ReadonlyMap<string, Alert>> {
    return new Map(alertIds.flatMap((id) => (this.groups.has(id) ? [[id, this.groups.get(id)!] as const] : [])))
  }
  async remembered(findingIds: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(findingIds.filter((id) => this.#grouped.has(id)))
  }
  async record(update: AlertUpdate): Promise<void> {
    if (this.recordsLost > 0) {
      this.recordsLost--
      throw new AuditdError('ownership_lost', 'outbox', 'cursor', 'given up')
    }
    for (const id of update.findingIds) this.#grouped.add(id)
    for (const change of update.decisions ?? []) this.decided.set(groupKey(change), change)
    for (const alert of update.alerts) this.groups.set(alert.alertId, alert)
    for (const { alertId, revision, target } of update.deliveries) {
      const own = update.alerts.find((alert) => alert.alertId === alertId && alert.revision === revision)
      this.add(target, own ?? this.groups.get(alertId)!)
    }
    if (this.recordsInDoubt > 0) {
      this.recordsInDoubt--
      throw new AuditdError('store_unavailable', 'outbox', 'record', 'killed between the groups and the cursor')
    }
    this.#cursor = Number(update.cursor)
  }

  /** One row for each target and revision, however often it is added. */
  add(target: string, alert: Alert): void {
    const known = this.deliveries.some(
      (one) => one.target === target && one.alert.alertId === alert.alertId && one.alert.revision === alert.revision,
    )
    if (!known)
      this.deliveries.push({ alert, target, attempt: 1, notBeforeMs: 0, bundle: '', state: 'waiting', reason: '' })
  }
  async due(target: string, nowMs: number, limit: number): Promise<readonly Delivery[]> {
    this.#fail()
    const waiting = this.deliveries.filter((known) => known.target === target && known.state === 'waiting')
    const together = (one: Standing) =>
      one.bundle === '' ? [one] : waiting.filter(({ bundle }) => bundle === one.bundle)
    const first = waiting
      .filter((one) => together(one).every(({ notBeforeMs }) => notBeforeMs <= nowMs))
      .slice(0, limit)
    return [...new Set([...first, ...first.flatMap(together)])].map(({ alert, attempt, bundle }) => ({
      target,
      alert,
      attempt,
      idempotencyKey: `${alert.alertId}-${alert.revision}`,
      ...(bundle !== '' && { bundle }),
    }))
  }
  async settle(delivery: Delivery, settlement: Settlement): Promise<void> {
    this.#fail()
    const known = this.deliveries.find(({ target, alert }) => target === delivery.target && alert === delivery.alert)!
    if (settlement.kind === 'bundled') {
      known.bundle = settlement.bundle
      return
    }
    known.reason = 'reason' in settlement ? settlement.reason : ''
    if (settlement.kind === 'retry') {
      known.attempt++
      known.notBeforeMs = settlement.notBeforeMs
    } else {
      known.state = settlement.kind
    }
  }
  async close(): Promise<void> {}

  async waiting(target: string): Promise<number> {
    return this.in('waiting', target)
  }

  in(state: Standing['state'], target?: string): number {
    return this.deliveries.filter((known) => known.state === state && (target ?? known.target) === known.target).length
  }
  #fail(): void {
    if (this.failures === 0) return
    this.failures--
    throw new AuditdError('store_unavailable', 'outbox', '', 'not now')
  }
}
