/** R12: all communication is encrypted. */
import { findingsOf, grouped, share, statement } from '../statement.ts'

export default statement({
  id: 'R12',
  title: 'All communication is encrypted',
  said: 'MCP security controls: TLS everywhere',
  rows: ['TRN-003'],
  query: (
    scope,
  ) => `SELECT countIf(tls != '') AS observed, ${findingsOf(scope, 'trn-003')} AS exceptions, count() AS requests,
  countIf(tls = 'TLSv1.3') AS tls13, arraySort(groupUniqArrayIf(tls, tls != '')) AS versions
FROM (SELECT JSONExtractString(fields, 'tlsVersion') AS tls FROM events_exact WHERE event_type = 'http.request' AND ${scope.received})`,
  figure: (of) =>
    `of ${grouped(of['requests'])} requests ${grouped(of['observed'])} say how they came (${[of['versions'] ?? []].flat().join(', ') || 'nothing'}); ${share(of['tls13'], of['observed'])} with TLS 1.3`,
  notObservable: ['N24', 'What a proxy in front of the server terminates is seen only where it says so.'],
})
