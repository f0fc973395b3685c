/** R2: a server does not pass on the token of its client. */
import { grouped, statement } from '../statement.ts'

export default statement({
  id: 'R2',
  title: 'A server does not pass on the token of its client',
  said: 'MCP authorization, OWASP MCP01',
  rows: ['TOK-003'],
  query: (
    scope,
  ) => `SELECT countIf(relation NOT IN ('', 'none', 'unknown')) AS observed, countIf(relation = 'same_token') AS exceptions,
  count() AS requests, countIf(relation = 'exchanged') AS exchanged, countIf(relation = 'service_identity') AS own
FROM (SELECT JSONExtractString(fields, 'credentialRelation') AS relation FROM events_exact
  WHERE event_type = 'outbound.request' AND ${scope.received})`,
  figure: (of) =>
    `of ${grouped(of['requests'])} outbound requests ${grouped(of['observed'])} carried a credential: ${grouped(of['exchanged'])} exchanged, ${grouped(of['own'])} of the server itself, ${grouped(of['exceptions'])} of the client`,
  notObservable: ['N5'],
})
