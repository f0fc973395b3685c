-- Whom are the alerts of the last day about, added up?
-- at_least = 1: score
-- subject_kind: principal, client, session or server.
-- subject: whom the alerts are about.
-- score: worth of its alerts together; from 25 and two rules on it is an incident.
-- alerts: alerts that count.
-- rules: their rules.
-- grave: alerts of severity high or critical.
-- alert_ids: their ids.
SELECT tenant, subject_kind, subject, score, alerts, grave, rules, first_seen, last_seen, alert_ids
FROM entity_risk
WHERE score >= {at_least:UInt32}
  AND ({tenant:String} = '' OR tenant = {tenant:String})
ORDER BY score DESC, last_seen DESC
LIMIT {limit:UInt32}
