/** R23: security events are found and recorded. */
import { grouped, statement } from '../statement.ts'

export default statement({
  id: 'R23',
  title: 'Security events are found and recorded',
  said: 'MCP security controls, OWASP MCP08',
  rows: ['all rules'],
  query: (scope) => `SELECT (SELECT count() FROM findings WHERE ${scope.found} AND disposition = 'alert') AS observed,
  (SELECT count() FROM (SELECT rule, tenant, entity, toStartOfHour(event_time) AS hour_of FROM findings
    WHERE ${scope.found} AND disposition = 'alert' AND event_time < now() - toIntervalMinute(5)
    AND (rule, tenant, entity, toStartOfHour(event_time)) NOT IN (SELECT rule, tenant, entity, toDateTime(window_start) FROM alerts)
    GROUP BY rule, tenant, entity, hour_of)) AS exceptions,
  (SELECT count() FROM alerts WHERE ${scope.alerted}) AS alerts,
  (SELECT countIf(severity IN ('critical', 'high')) FROM alerts WHERE ${scope.alerted}) AS grave,
  (SELECT uniqExact(rule) FROM coverage WHERE ${scope.hours} AND evaluations > 0) AS rules_looking`,
  figure: (of) =>
    `${grouped(of['rules_looking'])} rules looked; ${grouped(of['observed'])} findings stand in ${grouped(of['alerts'])} alerts, ${grouped(of['grave'])} of them high or critical; exceptions are groups without an alert`,
  notObservable: ['N1', 'N2', 'N15'],
})
