/** R4: a session or a handle is not taken for authentication. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R4',
  title: 'A session or a handle is not taken for authentication',
  said: 'MCP security best practices: session hijacking',
  rows: ['SES-003', 'SES-002'],
  query: (
    scope,
  ) => `SELECT count() AS observed, ${findingsOf(scope, 'ses-003', 'ses-002')} AS exceptions, countIf(session_fp != '') AS with_session
FROM events_exact WHERE event_type = 'tool.call' AND ${scope.received}
  AND (session_fp != '' OR JSONLength(fields, 'argHandles') > 0)`,
  figure: (of) =>
    `${grouped(of['observed'])} calls showed a session or a handle (${grouped(of['with_session'])} a session)`,
  notObservable: ['N18', 'N17'],
})
