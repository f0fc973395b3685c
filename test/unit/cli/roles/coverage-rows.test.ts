/** Rows of coverage: at most once in a time, and never of the service itself. */
import { expect, it } from 'vitest'
import { CoverageRows } from '../../../../cli/roles/coverage-rows.ts'

const hour = (server: string) => ({
  ...{ tenant: 'default', server, rule: 'tok-001-audience-mismatch', hourMs: 0, state: 'ACTIVE' as const },
  ...{ reasons: [], evaluations: 1, matches: 0 },
})
it('servers are told of, the service itself is none of them, though it has events', () => {
  const rows = new CoverageRows({ coverageHours: () => [hour('hr'), hour('mcp-auditd')] }, 'p0', 1_000)
  expect(rows.due(0, false).map(({ serverId }) => serverId)).toEqual(['hr'])
  expect(rows.due(999, false)).toEqual([])
  expect(rows.due(999, true)).toHaveLength(1)
})
it('a rule that is switched off within the hour is told as off, with what it had looked at before', () => {
  const before = new CoverageRows({ coverageHours: () => [{ ...hour('hr'), evaluations: 7 }] }, 'p0', 0)
  before.due(0, true)
  const off = { ...hour('hr'), state: 'NOT_APPLICABLE' as const, evaluations: 0 }
  const after = new CoverageRows({ coverageHours: () => [off] }, 'p0', 0, before)
  expect(after.due(1, true)).toMatchObject([{ state: 'not_applicable', evaluations: 7 }])
  const next = new CoverageRows({ coverageHours: () => [{ ...off, hourMs: 3_600_000 }] }, 'p0', 0, after)
  expect(next.due(2, true)).toMatchObject([{ state: 'not_applicable', evaluations: 0 }])
})
