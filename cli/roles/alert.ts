/** The alert role: findings become alerts, durable before anybody is told, and each target gets them in its own time. */

import { startDeliveries } from '../../connectors/webhook/deliver.ts'
import { backoffMs, type Random, type Sleep, sleepReally } from '../../connectors/webhook/pauses.ts'
import { deliveriesOf, type Threshold } from '../../connectors/webhook/revisions.ts'
import type { OpenTargets } from '../../connectors/webhook/target-factory.ts'
import { alertIdOf, groupFinding, NO_RULE_TEXT, type RuleText } from '../../detectors/grouping.ts'
import type { Alert } from '../../schemas/alert.ts'
import { AuditdError, isTransient } from '../../schemas/errors.ts'
import { type Finding, isAlerting } from '../../schemas/finding.ts'
import type { AlertUpdate, Clock, EventStore, Outbox, Telemetry } from '../../schemas/ports.ts'
import { ALERT_ROWS, AlertRows } from './alert-rows.ts'

const TAKE = 1_000
const BACKOFF = { baseMs: 200, capMs: 30_000 }
const IDLE_POLL_MS = 20
/** A bus may need so long to show a finding that is durable; until then nothing is called idle. */
const QUIET_MS = 300

export interface AlertParts {
  readonly outbox: Outbox
  readonly store: Pick<EventStore, 'insertAlerts'>
  /** Text of a rule that is loaded now. */
  readonly ruleText: (id: string) => RuleText | undefined
  readonly targets: OpenTargets
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly random?: Random
  readonly sleep?: Sleep
  /** Each alert at its first appearance, after it is durable. Not repeated after a crash: only the outbox is. */
  readonly onAlert?: (alert: Alert) => void
  /** The outbox failed for good and the role has ended. */
  readonly onFatal?: (error: unknown) => void
}
export interface AlertRole {
  /**
   * Resolves once at least `findings` findings were taken since the start, no other has come for a while, and every alert of them stands in
   * the store and is delivered, dead, or waiting for a target that fails. Count only findings that are new: an outbox may drop known ones.
   */
  idle(findings?: number): Promise<void>
  stop(): Promise<void>
}

export async function runAlertRole(parts: AlertParts): Promise<AlertRole> {
  const { outbox, store, clock, telemetry, targets } = parts
  const random = parts.random ?? Math.random
  const sleep = parts.sleep ?? sleepReally
  const onFatal =
    parts.onFatal ??
    ((error: unknown) => {
      throw error
    })
  const shared = { outbox, clock, telemetry, random, sleep, onFatal }
  const deliveries = startDeliveries({
    ...shared,
    send: targets.send,
    targets: targets.configured.map(({ target }) => target),
  })
  const rows = new AlertRows({ ...shared, store })
  const grouping = new Grouping(parts, random, sleep, () => {
    rows.wake()
    deliveries.wake()
  })
  const running = grouping.run().catch(onFatal)
  return {
    async idle(findings = 0) {
      const never = new AbortController().signal
      while (!(grouping.quiet(findings) && rows.resting && deliveries.resting())) await sleep(IDLE_POLL_MS, never)
    },
    async stop() {
      grouping.stopping.abort()
      await running
      await Promise.all([deliveries.stop(), rows.stop()])
    },
  }
}

class Grouping {
  readonly stopping = new AbortController()
  readonly #parts: AlertParts
  readonly #thresholds: readonly Threshold[]
  readonly #random: Random
  readonly #sleep: Sleep
  readonly #recorded: () => void
  #taken = 0
  /** Since when it waits for findings; undefined while it works. */
  #waitingSinceMs: number | undefined

  constructor(parts: AlertParts, random: Random, sleep: Sleep, recorded: () => void) {
    this.#parts = parts
    this.#thresholds = parts.targets.configured.map(({ target, minimumSeverity }) => ({
      name: target.name,
      minimumSeverity,
    }))
    this.#random = random
    this.#sleep = sleep
    this.#recorded = recorded
  }

  quiet(findings: number): boolean {
    const since = this.#waitingSinceMs
    return this.#taken >= findings && since !== undefined && this.#parts.clock.nowMs() - since >= QUIET_MS
  }

  async run(): Promise<void> {
    const { outbox, clock } = this.#parts
    const stop = this.stopping.signal
    while (!stop.aborted) {
      this.#waitingSinceMs ??= clock.nowMs()
      const taken = await this.#until(() => outbox.take(TAKE, stop))
      if (taken === undefined || taken.findings.length === 0) continue
      this.#waitingSinceMs = undefined
      await this.#group(taken.findings, taken.cursor)
      this.#taken += taken.findings.length
    }
  }

  /** One step of the outbox: what is grouped, what is to be delivered and the cursor become durable together. */
  async #group(findings: readonly Finding[], cursor: string): Promise<void> {
    const { outbox, onAlert, telemetry } = this.#parts
    const ids = findings.map(({ findingId }) => findingId)
    const remembered = await this.#until(() => outbox.remembered(ids))
    if (remembered === undefined) return
    const fresh = new Map(
      findings.filter(({ findingId }) => !remembered.has(findingId)).map((one) => [one.findingId, one]),
    )
    const alerting = [...fresh.values()].filter(isAlerting)
    const alertIds = [...new Set(alerting.map((finding) => alertIdOf(finding)))]
    const before = await this.#until(() => outbox.alerts(alertIds))
    if (before === undefined) return
    const alerts = [...this.#grouped(alerting, before).values()]
    const update: AlertUpdate = {
      cursor,
      findingIds: [...fresh.keys()],
      alerts,
      deliveries: alerts.flatMap((alert) => [
        { alertId: alert.alertId, revision: alert.revision, target: ALERT_ROWS },
        ...deliveriesOf(before.get(alert.alertId), alert, this.#thresholds),
      ]),
    }
    const recorded = await this.#until(async () => {
      await outbox.record(update)
      return true
    })
    if (recorded === undefined) return
    this.#recorded()
    for (const alert of alerts.filter(({ alertId }) => !before.has(alertId))) {
      telemetry.count('mcp_auditd_alerts_total', 1, { rule: alert.rule, severity: alert.severity })
      onAlert?.(alert)
    }
  }

  /** Only alerts that changed. A finding that cannot be grouped is counted, and costs no other. */
  #grouped(fresh: readonly Finding[], before: ReadonlyMap<string, Alert>): ReadonlyMap<string, Alert> {
    const changed = new Map<string, Alert>()
    for (const finding of fresh) {
      try {
        const alertId = alertIdOf(finding)
        const known = changed.get(alertId) ?? before.get(alertId)
        const alert = groupFinding(known, finding, this.#parts.ruleText(finding.rule) ?? NO_RULE_TEXT)
        if (alert !== known) changed.set(alertId, alert)
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown error'
        this.#parts.telemetry.count('mcp_auditd_events_rejected_total', 1, { component: 'alert', reason: 'grouping' })
        this.#parts.telemetry.log('event_rejected', { component: 'alert', findingId: finding.findingId, reason })
      }
    }
    return changed
  }

  /**
   * Repeats until it works, with the same arguments each time, so a step that was done in doubt is done once. Undefined once stopped, or
   * when the findings are another process's by now: it groups them, and ours are dropped.
   */
  async #until<T>(call: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 1; ; failures++) {
      try {
        return await call()
      } catch (error) {
        if (!isTransient(error)) throw error
        if (error instanceof AuditdError && error.code === 'ownership_lost') return undefined
        const reason = error instanceof Error ? error.message : ''
        this.#parts.telemetry.log('bus_retry', { what: 'findings', reason })
        await this.#sleep(backoffMs(failures, BACKOFF, this.#random), this.stopping.signal)
        if (this.stopping.signal.aborted) return undefined
      }
    }
  }
}
