/** Who is told of which revision. */
import { expect, it } from 'vitest'
import { deliveriesOf } from '../../../../../connectors/webhook/delivery/revisions.ts'
import type { Alert } from '../../../../../schemas/alert.ts'
import { SEVERITIES, severityRank } from '../../../../../schemas/finding.ts'
import { sampleAlert } from '../../../../fakes/alerts.ts'

const filter = { rules: [], tenants: [], servers: [], except: [] }
const targets = SEVERITIES.map((minimumSeverity) => ({ name: `from-${minimumSeverity}`, minimumSeverity, filter }))
const told = (before: (typeof SEVERITIES)[number] | undefined, now: (typeof SEVERITIES)[number]) =>
  deliveriesOf(
    before === undefined ? undefined : sampleAlert({ severity: before }),
    sampleAlert({ severity: now, revision: 9 }),
    targets,
  )

it('a new alert goes to every target whose minimum it reaches', () => {
  for (const severity of SEVERITIES) expect(told(undefined, severity)).toHaveLength(severityRank(severity) + 1)
})
it('a revision is told again only when its severity rises', () => {
  for (const before of SEVERITIES)
    for (const now of SEVERITIES)
      expect(told(before, now)).toHaveLength(severityRank(now) > severityRank(before) ? severityRank(now) + 1 : 0)
})
it('a delivery names alert, revision and target', () => {
  expect(told(undefined, 'info')).toEqual([{ alertId: 'a1'.repeat(16), revision: 9, target: 'from-info' }])
})

const audience = [{ name: 'soc', minimumSeverity: 'medium' as const, filter }]
const change = (before: Partial<Alert> | undefined, after: Partial<Alert>) =>
  deliveriesOf(
    before === undefined ? undefined : sampleAlert({ severity: 'medium', toldSeverity: 'medium', ...before }),
    sampleAlert({ severity: 'medium', revision: 2, ...after }),
    audience,
  ).length === 1
it.each<[string, Partial<Alert> | undefined, Partial<Alert>, boolean]>([
  ['acknowledged', {}, { status: 'acknowledged' }, true],
  ['resolved', { status: 'acknowledged' }, { status: 'resolved' }, true],
  ['suppressed', {}, { status: 'suppressed' }, true],
  ['opened anew after it was resolved', { status: 'resolved' }, { status: 'open' }, true],
  ['back and acknowledged at once', { status: 'resolved' }, { status: 'acknowledged' }, true],
  ['seen again while it is acknowledged', { status: 'acknowledged' }, { status: 'acknowledged' }, false],
  ['graver while it is acknowledged', { status: 'acknowledged' }, { status: 'acknowledged', severity: 'high' }, true],
  ['graver while it is suppressed', { status: 'suppressed' }, { status: 'suppressed', severity: 'high' }, false],
  ['born suppressed', undefined, { status: 'suppressed' }, false],
  ['born suppressed, then unsuppressed', { status: 'suppressed', toldSeverity: '' }, { status: 'open' }, true],
  ['born suppressed, then resolved', { status: 'suppressed', toldSeverity: '' }, { status: 'resolved' }, false],
  ['told to others alone, then resolved', { severity: 'low', toldSeverity: 'low' }, { status: 'resolved' }, false],
  ['suppressed until another time', { status: 'suppressed' }, { status: 'suppressed', statusUntil: 'x' }, false],
  ['a verdict alone', {}, { verdict: 'benign' }, false],
])('%s', (_, before, after, isTold) => {
  expect(change(before, after)).toBe(isTold)
})
