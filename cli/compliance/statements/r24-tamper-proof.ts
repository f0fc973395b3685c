/** R24: logs cannot be changed unnoticed. */
import { grouped, statement } from '../statement.ts'

export default statement({
  id: 'R24',
  title: 'Logs cannot be changed unnoticed',
  said: 'MCP security controls: immutable, verifiable logs',
  rows: ['AUD-002'],
  query: (scope) => `SELECT (SELECT count() FROM events WHERE ${scope.received}) AS observed,
  (SELECT countIf((position_log, position_partition) NOT IN (SELECT position_log, position_partition FROM proof_manifests) AND received_at < now() - toIntervalMinute(5))
    FROM events WHERE ${scope.received}) AS exceptions,
  (SELECT count() FROM proof_manifests FINAL) AS manifests, (SELECT sum(row_count) FROM proof_manifests FINAL) AS sealed,
  (SELECT sum(row_count) FROM proof_tombstones FINAL) AS tombstoned`,
  figure: (of) =>
    `${grouped(of['sealed'])} rows are sealed in ${grouped(of['manifests'])} signed manifests, ${grouped(of['tombstoned'])} may be gone by a signed tombstone; exceptions are rows of a log that was never sealed. mcp-auditd verify checks every row`,
  notObservable: [
    'N11',
    'A chain proves order and content of what was received, not that everything was sent: gaps of producers are AUD-001.',
  ],
})
