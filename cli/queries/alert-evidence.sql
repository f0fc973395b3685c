-- Which events are the evidence of an alert, and what did the rule see in each?
-- alert: id of the alert
SELECT
  e.event_time AS event_time, e.tenant AS tenant, e.server_id AS server_id, e.event_type AS event_type, e.tool_name AS tool_name,
  e.principal_key AS principal_key, e.client_key AS client_key, e.session_fp AS session_fp, e.decision AS decision, e.outcome AS outcome,
  f.saw AS saw, f.expected AS expected, e.fields AS fields, e.event_id AS event_id
FROM events_exact AS e
INNER JOIN (
  SELECT tenant, rule, arrayJoin(evidence_event_ids) AS event_id FROM alerts WHERE alert_id = {alert:String}
) AS a ON a.tenant = e.tenant AND a.event_id = e.event_id
LEFT JOIN findings AS f ON f.tenant = a.tenant AND f.rule = a.rule AND f.event_id = a.event_id
WHERE e.event_id IN (SELECT arrayJoin(evidence_event_ids) FROM alerts WHERE alert_id = {alert:String})
ORDER BY event_time, event_id
LIMIT {limit:UInt32}
