/** From a match to a finding: ids are functions of rule, key and event, so a replay gives the same ones. Strings are only built here. */
import { createHash } from 'node:crypto'
import type { Finding, Severity } from '../schemas/finding.ts'
import { entityText } from './engine/scope.ts'
import type { View } from './engine/view.ts'
import type { LoadedRule } from './loaded-rule.ts'
import type { Match } from './rule.ts'

const TEXT_CHARS = 1_024
const LIST_LENGTH = 50
/** A rule may have cut a name between two halves of a character, and the store refuses the finding then. */
const cut = (text: string): string => (text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text).toWellFormed()

/** 128 bits of SHA-256 over the parts, unambiguous whatever they contain. */
export const idOfParts = (parts: readonly (string | number | readonly string[])[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

/** A refused request is a probe, an allowed one a failure of control. What the server did not say counts as allowed. */
export const wasRefused = (view: Pick<View, 'decision' | 'outcome'>): boolean =>
  view.decision === 'deny' || view.decision === 'challenge' || view.outcome === 'denied'

export function severityOf(rule: LoadedRule, view: View | undefined, match: Match): Severity {
  if (match.severity !== undefined) return match.severity
  if (typeof rule.severity === 'string') return rule.severity
  return view !== undefined && wasRefused(view) ? rule.severity.denied : rule.severity.allowed
}

/** What the engine knows of a match. `key` is that of the state, or whom it is about; without a view it is a timer that was due at `atMs`. */
export interface Found {
  readonly rule: LoadedRule
  readonly tenant: string
  readonly key: readonly string[]
  readonly entity: string
  readonly view: View | undefined
  readonly match: Match
  readonly atMs: number
}

export function findingOf({ rule, tenant, key, entity, view, match, atMs }: Found): Finding {
  const cause = match.named !== undefined ? `named:${match.named}` : view === undefined ? `timer:${atMs}` : view.id
  const wire = view?.wire ?? {}
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  // Copied at once: evidence may be a list that lives on in a cell.
  const evidence = Object.fromEntries(
    Object.entries(match.evidence ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? cut(value) : typeof value === 'number' ? value : value.slice(0, LIST_LENGTH).map(cut),
    ]),
  )
  return {
    findingId: idOfParts([`${rule.id}@${rule.version}`, tenant, key, cause]),
    rule: rule.id,
    ruleVersion: rule.version,
    title: rule.title,
    severity: severityOf(rule, view, match),
    tenant,
    serverId: view?.server ?? key[0] ?? '',
    entity,
    eventId: view?.id ?? '',
    eventTime: view === undefined ? new Date(atMs).toISOString() : text(wire['eventTime']),
    saw: cut(match.saw),
    expected: cut(match.expected ?? ''),
    evidence,
    principalKey: view?.principal ?? '',
    clientKey: view?.client ?? '',
    sessionFp: view?.session ?? '',
    toolName: view?.tool ?? '',
    decision: view?.decision ?? '',
    vantage: text(wire['vantage']),
    evidenceLevel: rule.inferred ? 'inferred' : 'observed',
  }
}

export const QUARANTINE_RULE = 'auditd-rule-quarantined'
/** The operator’s finding: a rule threw too often and is off for this partition. Part of the log’s outcome, so it is replayed alike. */
export function quarantineFinding(rule: LoadedRule, view: View, errors: number, reason: string): Finding {
  const watch = {
    ...rule,
    id: QUARANTINE_RULE,
    version: 1,
    title: 'A rule was switched off',
    severity: 'high' as const,
  }
  const match = {
    saw: `${rule.id}@${rule.version} threw ${errors} times`,
    expected: 'rules that never throw',
    evidence: { reason },
  }
  const finding = findingOf({
    rule: watch,
    tenant: view.tenant,
    key: [view.server],
    entity: `${entityText('server', [view.server])} rule=${rule.id}`,
    view,
    match,
    atMs: 0,
  })
  return {
    ...finding,
    findingId: idOfParts([QUARANTINE_RULE, rule.id, rule.version, view.tenant, view.server, view.id]),
  }
}
