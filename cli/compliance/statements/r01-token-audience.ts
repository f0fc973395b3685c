/** R1: a server takes only tokens that were issued for it. */
import { findingsOf, share, statement } from '../statement.ts'

export default statement({
  id: 'R1',
  title: 'A server takes only tokens that were issued for it',
  said: 'MCP authorization, security best practices, OWASP MCP07',
  rows: ['TOK-001'],
  query: (scope) => `SELECT countIf(decision = 'allow' AND notEmpty(expected_aud)) AS observed,
  ${findingsOf(scope, 'tok-001')} AS exceptions,
  countIf(decision = 'allow' AND notEmpty(expected_aud) AND hasAny(aud, expected_aud)) AS named_literally,
  countIf(decision = 'allow') AS allowed
FROM auth WHERE event_type = 'auth.token.validated' AND ${scope.received}`,
  figure: (of) =>
    `${share(of['observed'], of['allowed'])} of accepted tokens could be compared; ${share(of['named_literally'], of['observed'])} of these name the server letter by letter, the others in another spelling or as an exception`,
  notObservable: ['N19'],
})
