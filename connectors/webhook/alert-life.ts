/** Where an alert stands in its life, and what several alerts told together say, in the words every target uses. */
import type { Alert, AlertStatus } from '../../schemas/alert.ts'
import { SEVERITIES, type Severity, severityRank } from '../../schemas/finding.ts'
import type { Delivery } from '../../schemas/ports.ts'
import type { Fact } from './alert-facts.ts'

/** `updated`: it repeats, or is graver, or open again. */
export type LifeEvent = 'opened' | 'updated' | Exclude<AlertStatus, 'open'>

export const lifeEvent = ({ status, revision }: Alert): LifeEvent =>
  status !== 'open' ? status : revision === 1 ? 'opened' : 'updated'

/** What a person decided: by whom, why, until when, and what it was found to be. Values are raw. */
export const decision = ({ owner, statusReason, statusUntil, verdict }: Alert): readonly Fact[] =>
  [
    { label: 'By', value: owner },
    { label: 'Reason', value: statusReason },
    { label: 'Until', value: statusUntil },
    { label: 'Verdict', value: verdict.replace('_', ' ') },
  ].filter(({ value }) => value !== '')

/** Alerts of one rule at one severity within a bundle. */
export interface AlertCluster {
  readonly rule: string
  readonly severity: Severity
  readonly alerts: readonly Alert[]
  /** Title of its first alert. Attacker text. */
  readonly title: string
}
export interface BundleSummary {
  /** Alert revisions in the bundle: none is left uncounted. */
  readonly count: number
  /** Gravest first; only those that occur. */
  readonly bySeverity: readonly { readonly severity: Severity; readonly count: number }[]
  /** Gravest first, then the largest. */
  readonly clusters: readonly AlertCluster[]
  /** Named one by one, however many there are. */
  readonly criticals: readonly Alert[]
  readonly firstSeen: string
  readonly lastSeen: string
}

export function summarize(deliveries: readonly Delivery[]): BundleSummary {
  const alerts = deliveries.map(({ alert }) => alert)
  const clusters = [...Map.groupBy(alerts, ({ rule, severity }) => `${severity} ${rule}`).values()].map((own) => ({
    rule: own[0]!.rule,
    severity: own[0]!.severity,
    title: own[0]!.title,
    alerts: own,
  }))
  clusters.sort(
    (a, b) =>
      severityRank(b.severity) - severityRank(a.severity) ||
      b.alerts.length - a.alerts.length ||
      (a.rule < b.rule ? -1 : 1),
  )
  const count = (severity: Severity) => alerts.filter((alert) => alert.severity === severity).length
  return {
    count: alerts.length,
    bySeverity: SEVERITIES.toReversed()
      .map((severity) => ({ severity, count: count(severity) }))
      .filter((one) => one.count > 0),
    clusters,
    criticals: alerts.filter(({ severity }) => severity === 'critical'),
    firstSeen: alerts.map(({ firstSeen }) => firstSeen).sort()[0] ?? '',
    lastSeen:
      alerts
        .map(({ lastSeen }) => lastSeen)
        .sort()
        .at(-1) ?? '',
  }
}

/** `47 alerts: 3 high, 44 medium`. */
export const headline = ({ count, bySeverity }: BundleSummary): string =>
  `${count} alerts: ${bySeverity.map((one) => `${one.count} ${one.severity}`).join(', ')}`

/** As many as fit in `room` characters, and an exact word about those that did not. */
export function keptLines(lines: readonly string[], room: number, rest: (left: number) => string): readonly string[] {
  const kept: string[] = []
  let left = room
  for (const line of lines) {
    left -= line.length + 1
    if (left < 0) break
    kept.push(line)
  }
  return kept.length === lines.length ? kept : [...kept, rest(lines.length - kept.length)]
}
