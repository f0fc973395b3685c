/** The alert role: findings become alerts, durable before anybody is told, and each target gets them in its own time. */
import { startDeliveries } from '../../connectors/webhook/delivery/deliver.ts'
import { type Random, type Sleep, sleepReally } from '../../connectors/webhook/delivery/pauses.ts'
import type { TargetState } from '../../connectors/webhook/delivery/target-state.ts'
import type { OpenTargets } from '../../connectors/webhook/target-factory.ts'
import type { RuleText } from '../../detectors/grouping.ts'
import { INCIDENT_RULE, INCIDENT_TEXT } from '../../detectors/incident.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { Config } from '../../schemas/config.ts'
import type { Clock, EventBus, EventStore, Outbox, Telemetry } from '../../schemas/ports.ts'
import { alertEvent } from './alert-events.ts'
import { Grouping } from './alert-grouping.ts'
import { ALERT_EVENTS, ALERT_ROWS, AlertSink, newest } from './alert-sink.ts'
import { RiskWatch } from './risk.ts'

const IDLE_POLL_MS = 20

export interface AlertParts {
  readonly outbox: Outbox
  readonly store: Pick<EventStore, 'insertAlerts'>
  /** Where what becomes of alerts is told as events; nowhere when absent. */
  readonly bus?: Pick<EventBus, 'publish'>
  /** Alerts about one subject are added up here; nowhere when absent. */
  readonly risk?: { readonly settings: Config['risk']; readonly store: Pick<EventStore, 'query' | 'insertFindings'> }
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
  /** How each target stands, by name. */
  targets(): Promise<Readonly<Record<string, TargetState>>>
  stop(): Promise<void>
}

export async function runAlertRole(parts: AlertParts): Promise<AlertRole> {
  const { outbox, store, bus, clock, telemetry, targets } = parts
  const sleep = parts.sleep ?? sleepReally
  const onFatal =
    parts.onFatal ??
    ((error: unknown) => {
      throw error
    })
  const shared = { outbox, clock, telemetry, random: parts.random ?? Math.random, sleep, onFatal }
  const deliveries = startDeliveries({
    ...shared,
    send: targets.send,
    targets: targets.configured.map(({ target }) => target),
    settings: new Map(targets.configured.map(({ target: { name }, redact, flood }) => [name, { redact, flood }])),
  })
  const sinks = [
    new AlertSink({ ...shared, name: ALERT_ROWS, put: (alerts) => store.insertAlerts(newest(alerts)) }),
    ...(bus === undefined
      ? []
      : [
          new AlertSink({
            ...shared,
            name: ALERT_EVENTS,
            put: (alerts) => bus.publish(alerts.map((alert) => alertEvent(alert, clock.nowMs()))),
          }),
        ]),
  ]
  const risk = parts.risk && new RiskWatch({ ...shared, ...parts.risk })
  const grouping = new Grouping({
    ...shared,
    ruleText: (id) => (id === INCIDENT_RULE ? INCIDENT_TEXT : parts.ruleText(id)),
    audience: targets.configured.map(({ target: { name }, minimumSeverity, filter }) => ({
      name,
      minimumSeverity,
      filter,
    })),
    hasEvents: bus !== undefined,
    onAlert: (alert) => parts.onAlert?.(alert),
    onRecorded(alerts) {
      if (alerts.some(({ rule }) => rule !== INCIDENT_RULE)) risk?.wake()
      for (const sink of sinks) sink.wake()
      deliveries.wake()
    },
  })
  const running = grouping.run().catch(onFatal)
  return {
    async idle(findings = 0) {
      const never = new AbortController().signal
      const isIdle = (): boolean =>
        grouping.quiet(findings) && sinks.every(({ resting }) => resting) && deliveries.resting()
      while (!isIdle()) await sleep(IDLE_POLL_MS, never)
    },
    targets: () => deliveries.states(),
    async stop() {
      grouping.stopping.abort()
      await running
      await Promise.all([risk?.stop(), deliveries.stop(), ...sinks.map((sink) => sink.stop())])
    },
  }
}
