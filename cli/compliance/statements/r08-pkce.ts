/** R8: authorization requests use PKCE. */
import { share, statement } from '../statement.ts'

export default statement({
  id: 'R8',
  title: 'Authorization requests use PKCE',
  said: 'OAuth 2.1, MCP authorization',
  rows: ['OAU-003'],
  query: (
    scope,
  ) => `SELECT countIf(JSONHas(fields, 'pkcePresent')) AS observed, countIf(JSONHas(fields, 'pkcePresent') AND NOT JSONExtractBool(fields, 'pkcePresent')) AS exceptions,
  countIf(JSONExtractString(fields, 'pkceMethod') = 'S256') AS s256
FROM events_exact WHERE event_type = 'oauth.authorize' AND ${scope.received}`,
  figure: (of) => `${share(of['s256'], of['observed'])} of authorization requests with S256`,
  notObservable: ['N6'],
})
