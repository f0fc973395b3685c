-- What is recorded of a request, in all its rounds?
-- request: our id of the request, or of the logical call it is a round of
-- from = 90d
SELECT
  event_time, tenant, server_id, event_type, method, tool_name, definition_hash, principal_key, client_key, session_fp, decision, outcome,
  error_code, duration_ms, labels, matched_rules, fields, request_uid, event_id
FROM events_exact
WHERE (request_uid = {request:String} OR logical_call_id = {request:String})
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY event_time, producer_seq, event_id
LIMIT {limit:UInt32}
