/** Flood control: which deliveries are told alone, which together, and the one message that tells of many. Pure but for `FloodWindow`. */
import { createHash } from 'node:crypto'
import { ALERT_WINDOW_MS, type Alert, aboutNobody } from '../../../schemas/alert.ts'
import { SEVERITIES, severityRank } from '../../../schemas/finding.ts'
import type { Delivery } from '../../../schemas/ports.ts'
import type { DeliverySettings } from './filter.ts'

export type FloodLimit = DeliverySettings['flood']
export const NO_LIMIT: FloodLimit = { most: 0, perMs: 1_000 }
/** Deliveries of one message, at most: their alerts are in memory together. */
export const MOST_TOGETHER = 2_000
/** Alert ids, and rules, that the one message names. */
const NAMED = 50
const TITLED = 5
export const FLOOD_RULE = 'auditd-flood'

/** One message: what the target is given, and the deliveries that it settles. */
export interface Message {
  readonly told: Delivery
  readonly members: readonly Delivery[]
}

/** When messages were told, by our clock. In memory: after a restart the count starts anew. */
export class FloodWindow {
  readonly #limit: FloodLimit
  #toldMs: number[] = []

  constructor(limit: FloodLimit) {
    this.#limit = limit
  }

  get isOn(): boolean {
    return this.#limit.most > 0
  }
  told(nowMs: number): void {
    if (this.isOn) this.#toldMs.push(nowMs)
  }
  /** Messages that may be told now. */
  left(nowMs: number): number {
    if (!this.isOn) return Number.POSITIVE_INFINITY
    this.#toldMs = this.#toldMs.filter((toldMs) => toldMs > nowMs - this.#limit.perMs)
    return Math.max(0, this.#limit.most - this.#toldMs.length)
  }
  /** How long until one more may be told. */
  waitMs(nowMs: number): number {
    return this.left(nowMs) > 0 ? 0 : this.#toldMs.at(-this.#limit.most)! + this.#limit.perMs - nowMs
  }
}

export interface Sorted {
  /** Told at once, whatever the flood: critical alerts, and what became of alerts, which targets with incidents of their own must hear. */
  readonly urgent: readonly Message[]
  /** It is durable how they are told. */
  readonly assigned: readonly Message[]
  /** May still be told alone or together. */
  readonly waiting: readonly Delivery[]
}
export function sorted(due: readonly Delivery[], perMs: number): Sorted {
  const urgent: Message[] = []
  const waiting: Delivery[] = []
  const bundles = new Map<string, Delivery[]>()
  for (const delivery of due) {
    const { bundle, alert } = delivery
    if (bundle !== undefined) bundles.set(bundle, [...(bundles.get(bundle) ?? []), delivery])
    else if (alert.severity === 'critical' || alert.status !== 'open') urgent.push(alone(delivery))
    else waiting.push(delivery)
  }
  return { urgent, waiting, assigned: [...bundles].map(([bundle, members]) => messageOf(bundle, members, perMs)) }
}
export const alone = (delivery: Delivery): Message => ({ told: delivery, members: [delivery] })

function messageOf(bundle: string, members: readonly Delivery[], perMs: number): Message {
  const [first] = members
  if (first!.idempotencyKey === bundle) return alone(first!)
  const attempt = Math.max(...members.map((member) => member.attempt))
  const told = {
    target: first!.target,
    alert: summaryOf(bundle, members, perMs),
    idempotencyKey: bundle,
    attempt,
    bundle,
  }
  return { told, members }
}

/**
 * How waiting deliveries are told when `left` messages may be: alone while they fit, else the last message holds all that do not. Nothing
 * is decided while no message may be told: what comes meanwhile joins them.
 */
export function assignments(
  waiting: readonly Delivery[],
  left: number,
): readonly { readonly delivery: Delivery; readonly bundle: string }[] {
  if (left <= 0) return []
  const singles = waiting.length <= left ? waiting : waiting.slice(0, left - 1)
  const rest = waiting.slice(singles.length)
  const bundle = rest.length === 1 ? rest[0]!.idempotencyKey : bundleId(rest)
  return [
    ...singles.map((delivery) => ({ delivery, bundle: delivery.idempotencyKey })),
    ...rest.map((delivery) => ({ delivery, bundle })),
  ]
}
const hashOf = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
const bundleId = (deliveries: readonly Delivery[]): string =>
  hashOf(['bundle', ...deliveries.map(({ target, idempotencyKey }) => `${target} ${idempotencyKey}`)])

/** An alert that tells of many: exact counts by rule and severity, the first ids, and a query that lists them. */
export function summaryOf(bundle: string, members: readonly Delivery[], perMs: number): Alert {
  const alerts = members.map(({ alert }) => alert)
  const rules = counted(alerts.map(({ rule }) => rule))
  const severities = counted(alerts.map(({ severity }) => severity))
  const severity = alerts.reduce<Alert['severity']>(
    (worst, one) => (severityRank(one.severity) > severityRank(worst) ? one.severity : worst),
    SEVERITIES[0],
  )
  const times = alerts
    .flatMap(({ firstSeen, lastSeen }) => [firstSeen, lastSeen])
    .sort((a, b) => Date.parse(a) - Date.parse(b))
  const ids = alerts.map(({ alertId }) => alertId)
  const servers = [...new Set(alerts.map(({ serverId }) => serverId))]
  const tenants = [...new Set(alerts.map(({ tenant }) => tenant))]
  return {
    ...aboutNobody(),
    alertId: /^[0-9a-f]{32}$/.test(bundle) ? bundle : hashOf([bundle]),
    rule: FLOOD_RULE,
    ruleVersion: 1,
    title: `${alerts.length} more alerts within ${Math.round(perMs / 1_000)} s: ${listed(rules.map(([rule, count]) => `${shortRule(rule)} x${count}`))}`,
    severity,
    severityReason: `${severity}: the gravest of ${alerts.length} alerts that came too fast to be told one by one; none of them is critical`,
    findingSeverity: severity,
    tenant: tenants.length === 1 ? tenants[0]! : '',
    serverId: servers.length === 1 ? servers[0]! : '',
    windowStart: times[0]!,
    windowMs: Math.max(ALERT_WINDOW_MS, perMs),
    revision: 1,
    count: alerts.length,
    firstSeen: times[0]!,
    lastSeen: times.at(-1)!,
    saw: `${alerts.length} alerts of ${rules.length} rules on ${servers.length} servers`,
    evidence: {
      ...Object.fromEntries(severities.map(([name, count]) => [`alerts ${name}`, count])),
      rules: rules.slice(0, NAMED).map(([rule, count]) => `${rule} x${count}`),
      ...(rules.length > NAMED && { 'further rules': rules.length - NAMED }),
      alerts: ids.slice(0, NAMED),
      ...(ids.length > NAMED && { 'further alerts': ids.length - NAMED }),
    },
    triage: [
      'List them with the query, the gravest first.',
      'Suppress what is known, with an owner and an end; raise `flood.most` if this is usual.',
    ],
    query: listing(alerts, times[0]!, times.at(-1)!),
  }
}

/** By count, the most first. */
function counted(names: readonly string[]): readonly (readonly [name: string, count: number])[] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}
const listed = (parts: readonly string[]): string =>
  parts.length <= TITLED
    ? parts.join(', ')
    : `${parts.slice(0, TITLED).join(', ')} and ${parts.length - TITLED} more rules`
/** `tok-001` of `tok-001-audience-mismatch`. */
const shortRule = (rule: string): string => /^[a-z]+-\d+/.exec(rule)?.[0] ?? rule.slice(0, 40)

/** By id while that is a text one can read; then all alerts of these rules in this time, of which they are a part. */
function listing(alerts: readonly Alert[], first: string, last: string): string {
  const quoted = (values: readonly string[]): string =>
    [...new Set(values)].map((value) => `'${value.replace(/[\\']/g, '\\$&').replace(/[\n\r\t]/g, ' ')}'`).join(', ')
  const moment = (time: string): string =>
    `toDateTime64('${time.slice(0, 23).replace('T', ' ').replace('Z', '')}', 3, 'UTC')`
  const which =
    alerts.length <= NAMED
      ? `alert_id IN (${quoted(alerts.map(({ alertId }) => alertId))})`
      : `rule IN (${quoted(alerts.map(({ rule }) => rule))}) AND first_seen >= ${moment(first)} AND last_seen < ${moment(last)} + INTERVAL 1 SECOND`
  return [
    'SELECT severity, status, rule, title, server_id, entity, count, first_seen, last_seen, alert_id',
    'FROM alerts',
    `WHERE ${which}`,
    "ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info'], severity), last_seen",
  ].join('\n')
}
