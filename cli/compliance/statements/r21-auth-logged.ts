/** R21: authentication, token checks, sessions and decisions are logged. */
import { grouped, statement } from '../statement.ts'

export default statement({
  id: 'R21',
  title: 'Authentication, token checks, sessions and decisions are logged',
  said: 'MCP security controls: logging',
  rows: ['AUD-001', 'AUD-005'],
  query: (scope) => `SELECT uniqExactIf(server_id, transport = 'http') AS observed,
  uniqExactIf(server_id, transport = 'http' AND server_id NOT IN (SELECT server_id FROM events_exact
    WHERE event_type IN ('auth.token.validated', 'auth.challenge.sent') AND ${scope.received})) AS exceptions,
  countIf(event_type IN ('auth.token.validated', 'auth.challenge.sent')) AS checks, countIf(event_type = 'authz.decision') AS decisions,
  countIf(event_type IN ('session.created', 'session.terminated')) AS sessions
FROM events_exact WHERE ${scope.received}`,
  figure: (of) =>
    `${grouped(of['checks'])} token checks, ${grouped(of['decisions'])} decisions, ${grouped(of['sessions'])} session events; exceptions are HTTP servers that tell of no authentication at all`,
  notObservable: ['N10', 'N17'],
})
