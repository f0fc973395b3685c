/** R7: a proxy with one client id of its own asks for consent per registered client. */
import { findingsOf, share, statement } from '../statement.ts'

export default statement({
  id: 'R7',
  title: 'A proxy with one client id of its own asks for consent per registered client',
  said: 'MCP security best practices: confused deputy',
  rows: ['OAU-001'],
  query: (
    scope,
  ) => `SELECT countIf(event_type = 'oauth.upstream_redirect') AS observed, ${findingsOf(scope, 'oau-001')} AS exceptions,
  countIf(event_type = 'oauth.upstream_redirect' AND JSONExtractString(fields, 'consentState') = 'granted') AS after_consent
FROM events_exact WHERE event_type = 'oauth.upstream_redirect' AND ${scope.received}`,
  figure: (of) => `${share(of['after_consent'], of['observed'])} of redirects to the upstream came after consent`,
  notObservable: ['N6'],
})
