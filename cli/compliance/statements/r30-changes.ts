/** R30: changes of servers, rights and of the audit itself are recorded and explained. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R30',
  title: 'Changes of servers, rights and of the audit itself are recorded and explained',
  said: 'MCP security controls: change management',
  rows: ['SCP-008', 'TDF-001', 'TOK-017'],
  query: (
    scope,
  ) => `SELECT countIf(event_type IN ('config.changed', 'grant.changed', 'auditd.config.changed', 'tool.approved', 'tool.approval.revoked'))
    + ${findingsOf(scope, 'tdf-001', 'tok-017')} AS observed,
  ${findingsOf(scope, 'tdf-001', 'tok-017', 'scp-008')} AS exceptions,
  countIf(event_type = 'deployment.event') AS deployments, countIf(JSONExtractString(fields, 'ticket') != '') AS ticketed,
  countIf(event_type = 'auditd.config.changed' AND JSONExtractBool(fields, 'weakened')) AS weakened
FROM events_exact WHERE event_type IN ('config.changed', 'grant.changed', 'auditd.config.changed', 'tool.approved', 'tool.approval.revoked', 'deployment.event') AND ${scope.received}`,
  figure: (of) =>
    `${grouped(of['deployments'])} deployments, ${grouped(of['ticketed'])} changes with a ticket; ${grouped(of['exceptions'])} changes nobody explained; the audit was weakened ${grouped(of['weakened'])} times`,
  notObservable: ['Changes on machines that tell nobody.'],
})
