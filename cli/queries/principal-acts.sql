-- What did a person or workload do, on all servers, also through somebody who acted for them?
-- principal: key of the principal
-- acted_for: it was done by another principal that acted for this one.
-- from = 30d
SELECT
  event_time, tenant, server_id, event_type, method, tool_name, client_key, session_fp, principal_key != {principal:String} AS acted_for, decision,
  outcome, error_code, labels, event_id
FROM events_exact
WHERE (principal_key = {principal:String} OR has(actor_keys, {principal:String}))
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY event_time, producer_seq, event_id
LIMIT {limit:UInt32}
