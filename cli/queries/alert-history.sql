-- What became of an alert, and who decided what about it?
-- alert: id of the alert
-- kind: decision of a person, or revision of the alert.
-- actor: who decided.
SELECT event_time, tenant, kind, actor, status, severity, verdict, revision, reason, event_id
FROM alert_changes
WHERE alert_id = {alert:String}
  AND ({tenant:String} = '' OR tenant = {tenant:String})
ORDER BY event_time, revision
LIMIT {limit:UInt32}
