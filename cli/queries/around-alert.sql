-- What was called on the same server before, during and after an alert, by whom?
-- alert: id of the alert
-- minutes = 15: so long before its first and after its last finding
-- phase: before, during or after the alert.
-- same_caller: the principal of the call, or its session, is the one of the alert.
WITH (
  SELECT any(tuple(tenant, server_id, principal_key, session_fp, first_seen, last_seen)) FROM alerts WHERE alert_id = {alert:String}
) AS a
SELECT
  multiIf(event_time < tupleElement(a, 5), 'before', event_time > tupleElement(a, 6), 'after', 'during') AS phase,
  event_time, tenant, server_id, tool_name,
  (principal_key != '' AND principal_key = tupleElement(a, 3)) OR (session_fp != '' AND session_fp = tupleElement(a, 4)) AS same_caller,
  principal_key, client_name, session_fp, decision, outcome, result_bytes, labels, request_uid
FROM calls
WHERE tenant = tupleElement(a, 1)
  AND server_id = tupleElement(a, 2)
  AND event_time BETWEEN tupleElement(a, 5) - toIntervalMinute({minutes:UInt32}) AND tupleElement(a, 6) + toIntervalMinute({minutes:UInt32})
ORDER BY event_time, request_uid
LIMIT {limit:UInt32}
