-- What happened under a trace, on all servers?
-- trace: trace id, 32 hex digits
-- from = 90d
SELECT
  event_time, tenant, server_id, event_type, method, tool_name, principal_key, session_fp, decision, outcome, duration_ms, span_id,
  trace_client_supplied, request_uid, event_id
FROM events_exact
WHERE trace_id = {trace:String}
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY event_time, producer_seq, event_id
LIMIT {limit:UInt32}
