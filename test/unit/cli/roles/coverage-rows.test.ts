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
