/** Findings and decisions become alerts: each step of the outbox is durable as a whole before anybody is told. */
import { backoffMs, type Random, type Sleep } from '../../connectors/webhook/delivery/pauses.ts'
import { type Audience, deliveriesOf } from '../../connectors/webhook/delivery/revisions.ts'
import { refusalOf, withChange, withFinding } from '../../detectors/alert-life.ts'
import { alertIdOf, NO_RULE_TEXT, type RuleText } from '../../detectors/grouping.ts'
import { INCIDENT_RULE } from '../../detectors/incident.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange } from '../../schemas/alert-change.ts'
import { AuditdError, isTransient } from '../../schemas/errors.ts'
import { type Finding, isAlerting } from '../../schemas/finding.ts'
import type { AlertUpdate, Clock, Outbox, Taken, Telemetry } from '../../schemas/ports.ts'
import { isEventful } from './alert-events.ts'
import { ALERT_EVENTS, ALERT_ROWS } from './alert-sink.ts'

const TAKE = 1_000
const BACKOFF = { baseMs: 200, capMs: 30_000 }
/** A bus may need so long to show a finding that is durable; until then nothing is called idle. */
const QUIET_MS = 300

export interface GroupingParts {
  readonly outbox: Outbox
  /** Text of a rule that is loaded now. */
  readonly ruleText: (id: string) => RuleText | undefined
  readonly audience: readonly Audience[]
  /** Revisions are told to the log of events too. */
  readonly hasEvents: boolean
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly random: Random
  readonly sleep: Sleep
  /** Each alert at its first appearance, after it is durable. */
  readonly onAlert: (alert: Alert) => void
  /** A step is durable. */
  readonly onRecorded: (alerts: readonly Alert[]) => void
}

/** One alert before and after what was taken in. */
interface Step {
  readonly before: Alert | undefined
  readonly after: Alert
}

export class Grouping {
  readonly stopping = new AbortController()
  readonly #parts: GroupingParts
  #taken = 0
  /** Since when it waits for findings; undefined while it works. */
  #waitingSinceMs: number | undefined

  constructor(parts: GroupingParts) {
    this.#parts = parts
  }

  /** At least `findings` were taken, and no other has come for a while. */
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
      if (taken === undefined || taken.findings.length + taken.changes.length === 0) continue
      this.#waitingSinceMs = undefined
      await this.#takeIn(taken)
      // Incidents are findings of this role: nobody waits for them.
      this.#taken += taken.findings.filter(({ rule }) => rule !== INCIDENT_RULE).length
    }
  }

  /** One step of the outbox: alerts, what is to be delivered and the cursor become durable together. */
  async #takeIn(taken: Taken): Promise<void> {
    const { outbox, onAlert, onRecorded, telemetry } = this.#parts
    const ids = [...taken.findings.map(({ findingId }) => findingId), ...taken.changes.map(({ changeId }) => changeId)]
    const remembered = await this.#until(() => outbox.remembered(ids))
    if (remembered === undefined) return
    const findings = new Map(
      taken.findings.filter(({ findingId }) => !remembered.has(findingId)).map((one) => [one.findingId, one]),
    )
    const changes = taken.changes.filter(({ changeId }) => !remembered.has(changeId))
    const alerting = [...findings.values()].filter(isAlerting)
    const alertIds = new Set([...alerting.map((finding) => alertIdOf(finding)), ...changes.map((one) => one.alertId)])
    const known = await this.#until(async () => ({
      alerts: await outbox.alerts([...alertIds]),
      decisions: alerting.length === 0 ? [] : await outbox.decisions(groupsOf(alerting)),
    }))
    if (known === undefined) return
    const now = new Map(known.alerts)
    const grouped = this.#grouped(alerting, known.decisions, now)
    const decided = this.#decided(changes, now)
    const steps = [...grouped, ...decided.steps]
    const update: AlertUpdate = {
      cursor: taken.cursor,
      findingIds: [...findings.keys(), ...changes.map(({ changeId }) => changeId)],
      decisions: decided.decisions,
      alerts: steps.map(({ after }) => after),
      deliveries: steps.flatMap((step) => this.#deliveries(step)),
    }
    const recorded = await this.#until(async () => {
      await outbox.record(update)
      return true
    })
    if (recorded === undefined) return
    onRecorded(update.alerts)
    for (const { before, after } of steps) {
      if (before !== undefined) continue
      telemetry.count('mcp_auditd_alerts_total', 1, { rule: after.rule, severity: after.severity })
      onAlert(after)
    }
  }

  #deliveries({ before, after }: Step): AlertUpdate['deliveries'] {
    const { alertId, revision } = after
    const own = [ALERT_ROWS, ...(this.#parts.hasEvents && isEventful(before, after) ? [ALERT_EVENTS] : [])]
    return [
      ...own.map((target) => ({ alertId, revision, target })),
      ...deliveriesOf(before, after, this.#parts.audience),
    ]
  }

  /** Only alerts that changed, as they are in `now` afterwards. A finding that cannot be grouped is counted, and costs no other. */
  #grouped(findings: readonly Finding[], decisions: readonly AlertChange[], now: Map<string, Alert>): readonly Step[] {
    const { clock, ruleText, telemetry } = this.#parts
    const before = new Map<string, Alert | undefined>()
    const last = new Map(decisions.map((decision) => [groupKey(decision), decision]))
    const nowMs = clock.nowMs()
    for (const finding of findings) {
      try {
        const alertId = alertIdOf(finding)
        const known = now.get(alertId)
        const decision = last.get(groupKey(finding))
        const alert = withFinding(known, finding, ruleText(finding.rule) ?? NO_RULE_TEXT, { nowMs, decision })
        if (alert === known) continue
        if (!before.has(alertId)) before.set(alertId, known)
        now.set(alertId, alert)
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown error'
        telemetry.count('mcp_auditd_events_rejected_total', 1, { component: 'alert', reason: 'grouping' })
        telemetry.log('event_rejected', { component: 'alert', findingId: finding.findingId, reason })
      }
    }
    return [...before].map(([alertId, known]) => ({ before: known, after: now.get(alertId)! }))
  }

  /**
   * A step for each decision. One that could be made when it was asked for, and no more, changes nothing and is told to the operator: its
   * alert became critical, or was resolved by somebody else.
   */
  #decided(
    changes: readonly AlertChange[],
    now: Map<string, Alert>,
  ): { readonly steps: readonly Step[]; readonly decisions: readonly AlertChange[] } {
    const steps: Step[] = []
    const decisions: AlertChange[] = []
    for (const change of changes) {
      const alert = now.get(change.alertId)
      const refusal = alert === undefined ? undefined : refusalOf(alert, change)
      if (refusal !== undefined) {
        const { alertId, action, actor } = change
        this.#parts.telemetry.log('alert_change_refused', { alertId, action, actor, reason: refusal })
        continue
      }
      if (change.action === 'suppress' || change.action === 'unsuppress') decisions.push(change)
      const next = alert === undefined ? undefined : withChange(alert, change)
      if (next === undefined || next === alert) continue
      steps.push({ before: alert, after: next })
      now.set(change.alertId, next)
    }
    return { steps, decisions }
  }

  /**
   * Repeats until it works, with the same arguments each time, so a step that was done in doubt is done once. Undefined once stopped, or
   * when the findings are another process's by now: it takes them in, and ours are dropped.
   */
  async #until<T>(call: () => Promise<T>): Promise<T | undefined> {
    const { telemetry, sleep, random } = this.#parts
    for (let failures = 1; ; failures++) {
      try {
        return await call()
      } catch (error) {
        if (!isTransient(error)) throw error
        if (error instanceof AuditdError && error.code === 'ownership_lost') return undefined
        const reason = error instanceof Error ? error.message : ''
        telemetry.log('bus_retry', { what: 'findings', reason })
        await sleep(backoffMs(failures, BACKOFF, random), this.stopping.signal)
        if (this.stopping.signal.aborted) return undefined
      }
    }
  }
}

type Group = Pick<AlertChange, 'tenant' | 'rule' | 'entity'>
const groupKey = ({ tenant, rule, entity }: Group): string => JSON.stringify([tenant, rule, entity])
const groupsOf = (findings: readonly Finding[]): readonly Group[] => [
  ...new Map(findings.map((finding) => [groupKey(finding), finding])).values(),
]
