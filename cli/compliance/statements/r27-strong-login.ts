/** R27: privileged work asks for a strong login. */
import { findingsOf, share, statement } from '../statement.ts'

export default statement({
  id: 'R27',
  title: 'Privileged work asks for a strong login',
  said: 'MCP security controls: MFA, conditional access',
  rows: ['SCP-010'],
  query: (
    scope,
  ) => `SELECT countIf(principal_kind IN ('', 'user')) AS observed, ${findingsOf(scope, 'scp-010')} AS exceptions,
  countIf(JSONExtractString(fields, 'acr') != '' OR JSONLength(fields, 'acrs') > 0 OR JSONLength(fields, 'amr') > 0) AS told
FROM events_exact WHERE event_type = 'auth.token.validated' AND decision = 'allow' AND ${scope.received}`,
  figure: (of) =>
    `${share(of['told'], of['observed'])} of tokens of people say how they logged in: of the others nothing is known`,
  notObservable: ['N20', 'N23'],
})
