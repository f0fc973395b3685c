/** R3: every request is verified where authorization is implemented. */
import { findingsOf, grouped, share, statement } from '../statement.ts'

export default statement({
  id: 'R3',
  title: 'Every request is verified where authorization is implemented',
  said: 'MCP authorization: verify all inbound requests',
  rows: ['TOK-011', 'SES-003'],
  query: (scope) => `SELECT countIf(event_type = 'tool.call' AND server_id IN (
    SELECT server_id FROM events_exact WHERE event_type = 'auth.token.validated' AND ${scope.received})) AS observed,
  ${findingsOf(scope, 'tok-011')} AS exceptions,
  countIf(event_type = 'tool.call') AS calls
FROM events_exact WHERE event_type = 'tool.call' AND ${scope.received}`,
  figure: (of) =>
    `${share(of['observed'], of['calls'])} of calls went to servers that verify tokens; ${grouped(of['exceptions'])} were carried out without`,
  notObservable: ['N10', 'N17'],
})
