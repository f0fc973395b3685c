/** R15: state that a client carries cannot be changed by it. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R15',
  title: 'State that a client carries cannot be changed by it',
  said: 'MCP 2026-07-28: requestState',
  rows: ['SES-010'],
  query: (
    scope,
  ) => `SELECT countIf(event_type = 'mrtr.retry') AS observed, ${findingsOf(scope, 'ses-010')} AS exceptions,
  uniqExactIf(server_id, event_type = 'server.started' AND JSONExtractBool(fields, 'requestStateProtected')) AS sealing
FROM events_exact WHERE event_type IN ('mrtr.retry', 'server.started') AND ${scope.received}`,
  figure: (of) =>
    `${grouped(of['observed'])} states came back; ${grouped(of['sealing'])} servers say that they seal them`,
  notObservable: ['N11'],
})
