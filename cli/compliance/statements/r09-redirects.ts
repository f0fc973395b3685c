/** R9: redirect URIs match exactly, and state is used once and after consent. */
import { findingsOf, share, statement } from '../statement.ts'

export default statement({
  id: 'R9',
  title: 'Redirect URIs match exactly, and state is used once and after consent',
  said: 'OAuth 2.1, MCP security best practices',
  rows: ['OAU-002', 'OAU-004'],
  query: (
    scope,
  ) => `SELECT countIf(event_type = 'oauth.authorize') + countIf(event_type = 'oauth.callback') AS observed,
  ${findingsOf(scope, 'oau-002', 'oau-004')} AS exceptions,
  countIf(JSONExtractString(fields, 'redirectMatch') IN ('exact', 'loopback_port')) AS matching, countIf(event_type = 'oauth.authorize') AS requests
FROM events_exact WHERE event_type IN ('oauth.authorize', 'oauth.callback') AND ${scope.received}`,
  figure: (of) => `${share(of['matching'], of['requests'])} of redirect URIs are the registered ones`,
  notObservable: ['N6', 'N7'],
})
