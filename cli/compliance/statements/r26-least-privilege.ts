/** R26: rights are as small as the work, and are reviewed. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R26',
  title: 'Rights are as small as the work, and are reviewed',
  said: 'MCP security best practices: scope minimization',
  rows: ['SCP-002', 'SCP-003', 'SCP-004'],
  query: (
    scope,
  ) => `SELECT uniqExactIf(principal_key, principal_key != '') AS observed, ${findingsOf(scope, 'scp-002', 'scp-003', 'scp-004')} AS exceptions,
  uniqExactArray(scopes) AS scopes_granted,
  (SELECT uniqExactArray(required_scopes) FROM auth WHERE event_type = 'authz.decision' AND decision = 'allow' AND ${scope.received}) AS scopes_used
FROM auth WHERE event_type = 'auth.token.validated' AND decision = 'allow' AND ${scope.received}`,
  figure: (of) =>
    `${grouped(of['observed'])} principals hold ${grouped(of['scopes_granted'])} scopes, decisions needed ${grouped(of['scopes_used'])}`,
  notObservable: ['Rights that are given at the identity provider and never used here.'],
})
