/** R13: the Origin of a web page is checked. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R13',
  title: 'The Origin of a web page is checked',
  said: 'MCP transports: servers must validate Origin',
  rows: ['TRN-001'],
  query: (
    scope,
  ) => `SELECT countIf(JSONExtractString(fields, 'origin') != '') AS observed, ${findingsOf(scope, 'trn-001')} AS exceptions,
  countIf(JSONExtractString(fields, 'origin') != '' AND decision = 'deny') AS refused
FROM events_exact WHERE event_type = 'http.request' AND ${scope.received}`,
  figure: (of) => `${grouped(of['observed'])} requests came from a web page, ${grouped(of['refused'])} were refused`,
  notObservable: ['Requests that are refused before our hook at the HTTP edge.'],
})
