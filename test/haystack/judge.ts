/** The week through the engine and the grouping of alerts, in process and in the default configuration; what was found, missed, and false. */

import { withFinding } from '../../detectors/alert-life.ts'
import { createEngine, type EngineCounters } from '../../detectors/engine/engine.ts'
import { alertIdOf, NO_RULE_TEXT } from '../../detectors/grouping.ts'
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import type { Alert } from '../../schemas/alert.ts'
import { type AuditEvent, parseEvent } from '../../schemas/event.ts'
import { type Finding, isAlerting, severityRank } from '../../schemas/finding.ts'
import type { Attack } from './attack.ts'
import { HOUR_MS } from './fleet.ts'

export interface Found {
  readonly attack: Attack
  readonly rule: string
  readonly severity: string
  /** Events of the attack until then, and time since its first. */
  readonly events: number
  readonly ms: number
}
export interface FalseAlert {
  readonly alert: Alert
  /** The events behind it, as far as they were kept. */
  readonly examples: readonly AuditEvent[]
}
export interface Verdict {
  readonly events: number
  readonly seconds: number
  readonly attackEvents: number
  readonly found: readonly Found[]
  readonly missed: readonly Attack[]
  /** Alerts that no attack explains. */
  readonly falseAlerts: readonly FalseAlert[]
  /** What an attack left behind: alerts of its family about its server or person after it. */
  readonly aftermath: readonly Alert[]
  readonly alerts: readonly Alert[]
  readonly counters: EngineCounters
  /** Events that the schema refuses: a fault of the generator. */
  readonly invalid: readonly string[]
}
const EXAMPLES = 2
const SECONDS = 1_000
/** How long what an attack changed may go on to alert. */
const AFTERMATH_MS = 48 * HOUR_MS
const VALIDATED_EACH = 50

export function judge(
  events: Iterable<Record<string, unknown>>,
  attacks: readonly Attack[],
  rules: LoadedRules,
  stateRows: number,
): Verdict {
  const startedMs = performance.now()
  const engine = createEngine(rules, { stateRows })
  const byEvent = new Map(attacks.flatMap((attack) => attack.eventIds.map((id) => [id, attack] as const)))
  const alerts = new Map<string, Alert>()
  const explained = new Map<string, 'attack' | 'aftermath'>()
  const examples = new Map<string, AuditEvent[]>()
  const found = new Map<Attack, Found>()
  const seen = new Map<Attack, { events: number; firstMs: number }>()
  const invalid: string[] = []
  let count = 0
  let attackEvents = 0
  for (const fields of events) {
    const event = fields as unknown as AuditEvent
    count++
    if (count % VALIDATED_EACH === 0) {
      const parsed = parseEvent(event)
      if ('fault' in parsed) invalid.push(`${event.eventType} ${parsed.fault.field}: ${parsed.fault.reason}`)
    }
    const attack = byEvent.get(event.eventId)
    if (attack !== undefined) {
      attackEvents++
      const known = seen.get(attack) ?? { events: 0, firstMs: Date.parse(event.eventTime) }
      known.events++
      seen.set(attack, known)
    }
    for (const finding of engine.apply(event)) {
      if (!isAlerting(finding)) continue
      const id = alertIdOf(finding)
      const alert = withFinding(alerts.get(id), finding, NO_RULE_TEXT, { nowMs: 0 })
      alerts.set(id, alert)
      const by = byEvent.get(finding.eventId) ?? attackOfTimer(finding, attacks, seen)
      if (by !== undefined) {
        explained.set(id, 'attack')
        const at = seen.get(by) ?? { events: 0, firstMs: Date.parse(finding.eventTime) }
        if (isNews(finding, by, found, at.firstMs))
          found.set(by, {
            attack: by,
            rule: finding.rule,
            severity: finding.severity,
            events: at.events,
            ms: Date.parse(finding.eventTime) - at.firstMs,
          })
      } else if (!explained.has(id) && attacks.some((each) => isLeftBehind(finding, each, seen)))
        explained.set(id, 'aftermath')
      const kept = examples.get(id) ?? []
      examples.set(id, kept)
      if (kept.length < EXAMPLES && severityRank(finding.severity) >= 2) kept.push(event)
    }
  }
  const all = [...alerts.values()]
  return {
    events: count,
    seconds: (performance.now() - startedMs) / SECONDS,
    attackEvents,
    found: [...found.values()],
    missed: attacks.filter((attack) => !found.has(attack)),
    falseAlerts: all
      .filter(({ alertId }) => !explained.has(alertId))
      .map((alert) => ({ alert, examples: examples.get(alert.alertId) ?? [] })),
    aftermath: all.filter(({ alertId }) => explained.get(alertId) === 'aftermath'),
    alerts: all,
    counters: engine.counters(),
    invalid,
  }
}

const fits = (rule: string, { fits: families }: Attack): boolean => families.some((family) => rule.startsWith(family))
type Seen = ReadonlyMap<Attack, { readonly firstMs: number }>
/** Found is: an alert of severity medium or above, of a fitting family, about an event of the attack, within an hour of its beginning. */
function isNews(
  { severity, rule, eventTime }: Finding,
  attack: Attack,
  found: ReadonlyMap<Attack, Found>,
  firstMs: number,
): boolean {
  const isLate = Date.parse(eventTime) > Math.max(firstMs, attack.lastMs) + HOUR_MS
  return !found.has(attack) && severityRank(severity) >= severityRank('medium') && fits(rule, attack) && !isLate
}
/** A timer has no event: what counts is whom it is about. */
function attackOfTimer(finding: Finding, attacks: readonly Attack[], seen: Seen): Attack | undefined {
  if (finding.eventId !== '') return undefined
  return attacks.find((attack) => {
    const ms = Date.parse(finding.eventTime)
    return seen.has(attack) && fits(finding.rule, attack) && isAbout(finding, attack) && ms <= attack.lastMs + HOUR_MS
  })
}
function isLeftBehind(finding: Finding, attack: Attack, seen: Seen): boolean {
  const ms = Date.parse(finding.eventTime)
  // A definition that turned is another one until somebody decides about it.
  const isOver = attack.tools.length === 0 && ms > attack.lastMs + AFTERMATH_MS
  return seen.has(attack) && !isOver && fits(finding.rule, attack) && isAbout(finding, attack)
}
/** The same server, and the same tool, person or session where the finding names one. */
function isAbout({ serverId, toolName, principalKey, entity }: Finding, attack: Attack): boolean {
  if (serverId !== attack.serverId && !attack.others.some((other) => entity.includes(other))) return false
  if (attack.tools.length > 0) return attack.tools.includes(toolName)
  return attack.others.length === 0 || attack.others.some((other) => principalKey === other || entity.includes(other))
}
