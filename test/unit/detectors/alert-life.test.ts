// The life of an alert: what findings and decisions make of it, at which time.
import { describe, expect, it } from 'vitest'
import { REPETITION, refusalOf, withChange, withFinding } from '../../../detectors/alert-life.ts'
import type { Alert } from '../../../schemas/alert.ts'
import { ALERT_ACTIONS, type AlertChange } from '../../../schemas/alert-change.ts'
import { type Finding, SEVERITIES, type Severity, severityRank } from '../../../schemas/finding.ts'
import { sampleAlert, sampleFinding } from '../../fakes/alerts.ts'

const TEXT = { refs: [], blindSpots: [], triage: [] }
const NOW = Date.parse('2026-10-01T10:10:00Z')
const AT = new Date(NOW).toISOString()
let number = 0
const finding = (severity: Severity, overrides: Partial<Finding> = {}): Finding =>
  sampleFinding({ findingId: (number++).toString(16).padStart(32, '0'), eventId: `e${number}`, severity, ...overrides })
const seen = (before: Alert | undefined, one: Finding, decision?: AlertChange, nowMs = NOW) =>
  withFinding(before, one, TEXT, { nowMs, decision })
const many = (severity: Severity, count: number): Alert => {
  let alert: Alert | undefined
  for (let at = 0; at < count; at++) alert = seen(alert, finding(severity))
  return alert!
}
const change = (overrides: Partial<AlertChange>): AlertChange => ({
  changeId: 'c'.repeat(32),
  alertId: 'a1'.repeat(16),
  tenant: 'default',
  rule: 'tok-001-audience-mismatch',
  entity: 'server=files principal=alice',
  action: 'acknowledge',
  actor: 'kim',
  reason: 'known',
  at: AT,
  ...overrides,
})
const suppress = change({ action: 'suppress', until: '2026-10-08T10:10:00.000Z' })
const medium = sampleAlert({ severity: 'medium', findingSeverity: 'medium', toldSeverity: 'medium' })

describe('repetition', () => {
  it.each(['low', 'medium'] as const)('raises %s by one step at its count, says so, and stays', (severity) => {
    const { count, to } = REPETITION[severity]!
    const before = many(severity, count - 1)
    expect(before).toMatchObject({ severity, findingSeverity: severity })
    const raised = seen(before, finding(severity))
    expect(raised).toMatchObject({ severity: to, findingSeverity: severity, count, toldSeverity: to })
    expect(raised.severityReason).toBe(
      `${to}: ${count} findings in one window raise it from ${severity}; ${before.severityReason.replace(/^[a-z]+: /, '')}`,
    )
    const later = seen(seen(raised, finding(severity)), finding('info'))
    expect([later.severity, later.severityReason]).toEqual([raised.severity, raised.severityReason])
  })
  it.each(['info', 'high', 'critical'] as const)('never raises %s', (severity) => {
    expect(many(severity, 300)).toMatchObject({ severity, findingSeverity: severity })
  })
  it('is counted anew from the gravest finding: nothing is raised by two steps', () => {
    const low = many('low', REPETITION.low!.count)
    const graver = seen(low, finding('medium'))
    expect(graver).toMatchObject({ severity: 'medium', findingSeverity: 'medium' })
    expect(graver.severityReason).not.toContain('raise')
    expect(many('low', REPETITION.medium!.count * 4).severity).toBe('medium')
  })
  it('severity, count and finding severity are the same in every order', () => {
    const given = [...Array.from({ length: 60 }, () => finding('low')), finding('medium')]
    const facts = (all: readonly Finding[]) => {
      const alert = all.reduce<Alert | undefined>((known, one) => seen(known, one), undefined)!
      return [alert.severity, alert.findingSeverity, alert.count]
    }
    expect(facts(given)).toEqual(facts(given.toReversed()))
  })
  it('an alert that an earlier version stored does not fall below what it was', () => {
    const old = sampleAlert({ severity: 'high', findingSeverity: 'high' })
    expect(seen(old, finding('low')).severity).toBe('high')
  })
})

describe('findings', () => {
  it('open a new alert, told at its severity', () => {
    expect(seen(undefined, finding('medium'))).toMatchObject({ status: 'open', statusAt: '', toldSeverity: 'medium' })
  })
  it('leave an acknowledged alert acknowledged, also when it becomes graver', () => {
    const acknowledged = withChange(medium, change({}))
    expect(seen(acknowledged, finding('critical'))).toMatchObject({
      status: 'acknowledged',
      owner: 'kim',
      severity: 'critical',
    })
  })
  it('open a resolved alert again, and keep what it was found to be', () => {
    const resolved = withChange(medium, change({ action: 'resolve', verdict: 'benign' }))
    expect(seen(resolved, finding('medium'))).toMatchObject({
      status: 'open',
      owner: '',
      statusReason: 'seen again after kim resolved it',
      statusAt: AT,
      verdict: 'benign',
    })
  })
  it('the same finding again changes nothing, whatever the alert is', () => {
    const one = finding('medium')
    const resolved = withChange(seen(undefined, one), change({ action: 'resolve', verdict: 'benign' }))
    expect(seen(resolved, one)).toBe(resolved)
  })
})

describe('suppression', () => {
  it('new alerts of the group are silent until it ends: counted, with owner, reason and end', () => {
    const silent = seen(seen(undefined, finding('medium'), suppress), finding('high'), suppress)
    expect(silent).toMatchObject({
      status: 'suppressed',
      owner: 'kim',
      statusReason: 'known',
      statusUntil: suppress.until,
      count: 2,
      severity: 'high',
      toldSeverity: '',
    })
  })
  it('ends by our clock: the next finding opens it', () => {
    const silent = seen(undefined, finding('medium'), suppress)
    const endMs = Date.parse(suppress.until!)
    expect(seen(silent, finding('medium'), suppress, endMs - 1).status).toBe('suppressed')
    expect(seen(silent, finding('medium'), suppress, endMs)).toMatchObject({
      status: 'open',
      statusReason: 'the suppression ended',
      statusUntil: '',
      toldSeverity: 'medium',
    })
  })
  it('ends when somebody ends it', () => {
    const silent = seen(undefined, finding('medium'), suppress)
    expect(seen(silent, finding('medium'), change({ action: 'unsuppress' })).status).toBe('open')
    expect(withChange(silent, change({ action: 'unsuppress' }))).toMatchObject({
      status: 'open',
      toldSeverity: 'medium',
    })
  })
  it('never silences a critical alert: one that turns critical is open', () => {
    expect(seen(undefined, finding('critical'), suppress)).toMatchObject({ status: 'open', toldSeverity: 'critical' })
    const silent = seen(undefined, finding('medium'), suppress)
    const critical = seen(silent, finding('critical'), suppress)
    expect(critical).toMatchObject({ status: 'open', statusReason: 'critical alerts are never suppressed' })
    expect(seen(critical, finding('low'), suppress).status).toBe('open')
  })
  it('silences alerts of the group that were open, acknowledged or resolved when they are seen again', () => {
    for (const status of ['open', 'acknowledged', 'resolved'] as const)
      expect(seen({ ...medium, status }, finding('low'), suppress)).toMatchObject({
        status: 'suppressed',
        toldSeverity: 'medium',
      })
  })
})

describe('decisions', () => {
  it.each<[Alert['status'], AlertChange['action'], Alert['status'] | undefined]>([
    ['open', 'acknowledge', 'acknowledged'],
    ['acknowledged', 'acknowledge', 'acknowledged'],
    ['resolved', 'acknowledge', undefined],
    ['suppressed', 'acknowledge', undefined],
    ['open', 'resolve', 'resolved'],
    ['acknowledged', 'resolve', 'resolved'],
    ['suppressed', 'resolve', 'resolved'],
    ['resolved', 'reopen', 'open'],
    ['acknowledged', 'reopen', 'open'],
    ['open', 'reopen', 'open'],
    ['suppressed', 'reopen', undefined],
    ['open', 'suppress', 'suppressed'],
    ['resolved', 'suppress', 'suppressed'],
    ['suppressed', 'unsuppress', 'open'],
    ['open', 'unsuppress', 'open'],
    ['resolved', 'feedback', 'resolved'],
  ])('%s, %s: %s', (status, action, expected) => {
    const before = { ...medium, status }
    const one = change({ action, verdict: 'true_positive', until: suppress.until! })
    const next = withChange(before, one)
    if (expected === undefined) {
      expect(refusalOf(before, one)).toBeDefined()
      expect(next).toBe(before)
    } else {
      expect(refusalOf(before, one)).toBeUndefined()
      expect(next.status).toBe(expected)
      expect(next.revision).toBe(next === before ? before.revision : before.revision + 1)
    }
  })
  it.each<[string, Partial<AlertChange>, Partial<Alert>]>([
    ['is critical, and critical alerts are never suppressed', suppress, { severity: 'critical' }],
    ['a suppression has an end', { action: 'suppress' }, {}],
    ['the end of a suppression lies in the future', { action: 'suppress', until: AT }, {}],
    ['a suppression has a reason', { ...suppress, reason: ' ' }, {}],
    ['what was it: true_positive, false_positive or benign?', { action: 'resolve' }, {}],
    ['what was it: true_positive, false_positive or benign?', { action: 'feedback', verdict: '' }, {}],
    ['is resolved: reopen it first', {}, { status: 'resolved' }],
  ])('%s', (why, asked, alert) => {
    expect(refusalOf({ ...medium, ...alert }, change(asked))).toBe(why)
  })
  it('the same decision again changes nothing', () => {
    for (const action of ALERT_ACTIONS) {
      const one = change({ action, verdict: 'benign', until: suppress.until! })
      const next = withChange(medium, one)
      expect(withChange(next, one)).toBe(next)
    }
  })
  it('whoever decides stands on the alert, with the reason and since when', () => {
    expect(withChange(medium, change({ reason: 'mine' }))).toMatchObject({
      status: 'acknowledged',
      owner: 'kim',
      statusReason: 'mine',
      statusAt: AT,
      revision: medium.revision + 1,
    })
  })
  it('a severity once told never falls in any life', () => {
    let seed = 7
    const pick = <T>(of: readonly T[]): T => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return of[(seed >>> 8) % of.length]!
    }
    let alert = seen(undefined, finding('low'))
    for (let step = 0; step < 2_000; step++) {
      const before = alert
      alert = pick([true, false])
        ? seen(alert, finding(pick(SEVERITIES.slice(0, 4))), pick([undefined, suppress]))
        : withChange(alert, change({ action: pick(ALERT_ACTIONS), verdict: 'benign', until: suppress.until! }))
      expect(severityRank(alert.severity)).toBeGreaterThanOrEqual(severityRank(before.severity))
      expect(alert.revision).toBe(alert === before ? before.revision : before.revision + 1)
      if (alert.status === 'suppressed') expect(alert.severity).not.toBe('critical')
    }
  })
})
