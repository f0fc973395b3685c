-- Which alerts ask for somebody, the gravest first?
-- severity = low: at least this: info, low, medium, high, critical
-- status = open: open, acknowledged, resolved or suppressed; empty: all
SELECT
  severity, status, title, rule, tenant, server_id, entity, principal_key, session_fp, tool_name, count, owner, status_reason, verdict, first_seen,
  last_seen, alert_id
FROM alerts
WHERE indexOf(['info', 'low', 'medium', 'high', 'critical'], severity) >= indexOf(['info', 'low', 'medium', 'high', 'critical'], {severity:String})
  AND ({status:String} = '' OR status = {status:String})
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({principal:String} = '' OR principal_key = {principal:String})
  AND last_seen BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY indexOf(['info', 'low', 'medium', 'high', 'critical'], severity) DESC, last_seen DESC
LIMIT {limit:UInt32}
