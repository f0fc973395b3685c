/** Who is told of which revision. */
import { expect, it } from 'vitest'
import { deliveriesOf } from '../../../../connectors/webhook/revisions.ts'
import { SEVERITIES, severityRank } from '../../../../schemas/finding.ts'
import { sampleAlert } from '../../../fakes/alerts.ts'

const targets = SEVERITIES.map((minimumSeverity) => ({ name: `from-${minimumSeverity}`, minimumSeverity }))
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
