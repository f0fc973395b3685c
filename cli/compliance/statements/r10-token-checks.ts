/** R10: issuer, signature, lifetime and scope of every token are checked. */
import { findingsOf, grouped, share, statement } from '../statement.ts'

export default statement({
  id: 'R10',
  title: 'Issuer, signature, lifetime and scope of every token are checked',
  said: 'OAuth 2.1 resource servers, MCP security controls',
  rows: ['TOK-004', 'TOK-005', 'TOK-006', 'SCP-001'],
  query: (
    scope,
  ) => `SELECT count() AS observed, ${findingsOf(scope, 'tok-004', 'tok-005', 'tok-006', 'scp-001')} AS exceptions,
  countIf(iss != '') AS issuer, countIf(exp_at > 0) AS expiry, countIf(notEmpty(scopes) OR notEmpty(roles)) AS scoped, uniqExact(server_id) AS servers
FROM auth WHERE event_type = 'auth.token.validated' AND decision = 'allow' AND ${scope.received}`,
  figure: (of) =>
    `on ${grouped(of['servers'])} servers: issuer known of ${share(of['issuer'], of['observed'])}, expiry of ${share(of['expiry'], of['observed'])}, scopes or roles of ${share(of['scoped'], of['observed'])}`,
  notObservable: ['N19'],
})
