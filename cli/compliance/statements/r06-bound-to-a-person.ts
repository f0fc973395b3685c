/** R6: sessions, tasks and handles belong to one person. */
import { findingsOf, share, statement } from '../statement.ts'

export default statement({
  id: 'R6',
  title: 'Sessions, tasks and handles belong to one person',
  said: 'MCP: bind sessions to users; tasks and elicitation must be',
  rows: ['SES-001', 'SES-002', 'SES-011'],
  query: (scope) => `SELECT countIf(event_type = 'task.accessed' OR session_fp != '') AS observed,
  ${findingsOf(scope, 'ses-001', 'ses-002', 'ses-011')} AS exceptions,
  countIf(session_fp != '' AND principal_key != '') AS bound, countIf(session_fp != '') AS in_session
FROM events_exact WHERE event_type IN ('tool.call', 'task.accessed') AND ${scope.received}`,
  figure: (of) => `${share(of['bound'], of['in_session'])} of calls in a session name a verified person`,
  notObservable: ['N17', 'N18'],
})
