-- What happened in a session, in order?
-- session: fingerprint of the session
-- from = 30d
SELECT
  event_time, tenant, server_id, event_type, method, tool_name, principal_key, client_key, client_name, source_address_fp, decision, outcome,
  error_code, labels, event_id
FROM events_exact
WHERE session_fp = {session:String}
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY event_time, producer_seq, event_id
LIMIT {limit:UInt32}
