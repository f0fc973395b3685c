/** R11: tokens live shortly, are rotated and cannot be replayed. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R11',
  title: 'Tokens live shortly, are rotated and cannot be replayed',
  said: 'OAuth 2.1, MCP security controls',
  rows: ['TOK-007', 'TOK-008', 'OAU-009'],
  query: (
    scope,
  ) => `SELECT countIf(exp_at > issued_at AND issued_at > 0) AS observed, ${findingsOf(scope, 'tok-007', 'tok-008', 'oau-009')} AS exceptions,
  round(quantileExactIf(0.5)(exp_at - issued_at, exp_at > issued_at AND issued_at > 0)) AS median_s,
  maxIf(exp_at - issued_at, exp_at > issued_at AND issued_at > 0) AS longest_s
FROM auth WHERE event_type = 'auth.token.validated' AND decision = 'allow' AND ${scope.received}`,
  figure: (of) => `half of them live ${grouped(of['median_s'])} s or less, the longest ${grouped(of['longest_s'])} s`,
  notObservable: ['N4', 'N19'],
})
