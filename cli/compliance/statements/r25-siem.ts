/** R25: alerts reach a SIEM, behaviour is watched, threats are matched, incidents are answered. */
import { grouped, statement } from '../statement.ts'

export default statement({
  id: 'R25',
  title: 'Alerts reach a SIEM, behaviour is watched, threats are matched, incidents are answered',
  said: 'MCP security controls, OWASP MCP08',
  rows: ['BEH', 'BEH-013'],
  query: (scope) => `SELECT count() AS observed,
  countIf(severity IN ('critical', 'high') AND status = 'open' AND window_start < now() - toIntervalHour(24)) AS exceptions,
  countIf(status IN ('acknowledged', 'resolved')) AS answered, countIf(status = 'suppressed') AS suppressed,
  (SELECT count() FROM events_exact WHERE event_type = 'ti.indicator' AND ${scope.received}) AS indicators
FROM alerts WHERE ${scope.alerted}`,
  figure: (of) =>
    `${grouped(of['answered'])} of ${grouped(of['observed'])} alerts were acknowledged or resolved, ${grouped(of['suppressed'])} suppressed; ${grouped(of['indicators'])} indicators were taken in; exceptions are high or critical ones open for more than a day`,
  notObservable: [
    'Whether a target showed an alert to a person.',
    'BEH-013: indicators are taken in, no rule matches them yet.',
  ],
})
