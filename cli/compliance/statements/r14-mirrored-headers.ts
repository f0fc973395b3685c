/** R14: headers that mirror the body agree with it. */
import { findingsOf, share, statement } from '../statement.ts'

export default statement({
  id: 'R14',
  title: 'Headers that mirror the body agree with it',
  said: 'MCP 2026-07-28, Streamable HTTP',
  rows: ['TRN-002'],
  query: (
    scope,
  ) => `SELECT countIf(checked IN ('ok', 'mismatch', 'missing')) AS observed, ${findingsOf(scope, 'trn-002')} AS exceptions,
  countIf(checked = 'ok') AS agree, count() AS requests
FROM (SELECT JSONExtractString(fields, 'headerCheck') AS checked FROM events_exact WHERE event_type = 'http.request' AND ${scope.received})`,
  figure: (of) => `${share(of['agree'], of['observed'])} of the requests that were checked agree`,
  notObservable: ['N18'],
})
