/** What came of the week, as text. */
import type { Alert } from '../../schemas/alert.ts'
import { SEVERITIES, severityRank } from '../../schemas/finding.ts'
import type { Verdict } from './judge.ts'

export const MOST_FALSE_HIGH = 10
const EXAMPLE_CHARS = 900

export const falseAbove = ({ falseAlerts }: Verdict, severity: Alert['severity']): number =>
  falseAlerts.filter(({ alert }) => alert.severity === severity).length
/** The bar, for as many events as there were: a million, when asked for less too. */
export const holds = (verdict: Verdict): boolean =>
  falseAbove(verdict, 'critical') === 0 &&
  falseAbove(verdict, 'high') <= MOST_FALSE_HIGH &&
  verdict.missed.length === 0 &&
  verdict.invalid.length === 0

export function reportText(verdict: Verdict, isVerbose = false): string {
  const { events, seconds, alerts, falseAlerts, found, missed, aftermath, counters, attackEvents, invalid } = verdict
  const per = 1_000_000 / events
  const lines = [
    `${events} events, ${attackEvents} of them of attacks; ${Math.round(events / seconds)} events/s, ${Math.round(seconds)} s`,
    `alerts: ${bySeverity(alerts)}`,
    `  of attacks ${alerts.length - falseAlerts.length - aftermath.length}, left behind by them ${aftermath.length}`,
    `  of benign events: ${bySeverity(falseAlerts.map(({ alert }) => alert))}`,
    `per 1,000,000: ${(falseAbove(verdict, 'critical') * per).toFixed(1)} critical, ${(falseAbove(verdict, 'high') * per).toFixed(1)} high`,
    '',
    'benign events: alerts by rule',
  ]
  const rules = Map.groupBy(falseAlerts, ({ alert }) => alert.rule)
  const worst = (rule: string): number => Math.max(...rules.get(rule)!.map(({ alert }) => severityRank(alert.severity)))
  for (const rule of [...rules.keys()].sort(
    (a, b) => worst(b) - worst(a) || rules.get(b)!.length - rules.get(a)!.length,
  )) {
    const of = rules.get(rule)!
    lines.push(`  ${rule}: ${bySeverity(of.map(({ alert }) => alert))}`)
    if (worst(rule) < severityRank(isVerbose ? 'medium' : 'high')) continue
    for (const { alert, examples } of of
      .toSorted((a, b) => severityRank(b.alert.severity) - severityRank(a.alert.severity))
      .slice(0, 2)) {
      lines.push(
        `    ${alert.severity} ${alert.firstSeen} ${alert.entity} x${alert.count}: saw ${alert.saw}; expected ${alert.expected}`,
      )
      for (const event of examples.slice(0, isVerbose ? 1 : 2))
        lines.push(`      ${JSON.stringify(event).slice(0, EXAMPLE_CHARS)}`)
    }
  }
  const rulesThatFound = Map.groupBy(found, ({ rule }) => rule)
  lines.push('', `attacks: ${found.length} of ${found.length + missed.length} found`)
  for (const { attack, rule, severity, events: after, ms } of found.toSorted((a, b) =>
    a.attack.name < b.attack.name ? -1 : 1,
  ))
    lines.push(`  ${attack.name}: ${rule} (${severity}), after ${after} events and ${(ms / 1_000).toFixed(1)} s`)
  for (const { name, serverId } of missed) lines.push(`  MISSED ${name} on ${serverId}`)
  const mean = (of: (each: (typeof found)[number]) => number): number =>
    found.reduce((sum, each) => sum + of(each), 0) / Math.max(1, found.length)
  lines.push(
    `mean time to detect: ${mean(({ events: after }) => after).toFixed(1)} events of the attack, ${(mean(({ ms }) => ms) / 1_000).toFixed(1)} s; by ${rulesThatFound.size} rules`,
    `evictions: ${
      Object.entries(counters.evictions)
        .filter(([, n]) => n > 0)
        .map(([scope, n]) => `${scope} ${n}`)
        .join(', ') || 'none'
    }`,
    `quarantined: ${counters.quarantined.join(', ') || 'none'}`,
  )
  if (invalid.length > 0)
    lines.push(`INVALID events: ${invalid.length}, such as ${[...new Set(invalid)].slice(0, 5).join('; ')}`)
  lines.push(holds(verdict) ? 'the bar holds' : 'THE BAR IS MISSED')
  return lines.join('\n')
}

function bySeverity(alerts: readonly Pick<Alert, 'severity'>[]): string {
  const counts = SEVERITIES.toReversed().map((severity) => {
    const count = alerts.filter((alert) => alert.severity === severity).length
    return count === 0 ? '' : `${count} ${severity}`
  })
  return counts.filter((each) => each !== '').join(', ') || 'none'
}
