-- Who was given a handle, task, state or session, and who else used it?
-- handle: fingerprint of the handle, task, requestState, elicitation or session
-- from = 30d
-- handle_kind: handle, state, task, elicitation or session.
-- minted: times the server handed it out to this one.
-- presented: times this one sent it.
SELECT
  tenant, server_id, handle_kind, principal_key, client_key, uniqExactIf(event_id, use = 'minted') AS minted,
  uniqExactIf(event_id, use = 'presented') AS presented, uniqExactIf(event_id, decision IN ('deny', 'challenge')) AS refusals,
  min(event_time) AS first_seen, max(event_time) AS last_seen
FROM (
  SELECT tenant, server_id, handle_kind, toString(principal_key) AS principal_key, toString(client_key) AS client_key, event_id, use, decision, event_time
  FROM handle_uses
  WHERE handle_fp = {handle:String}
  UNION ALL
  SELECT tenant, server_id, 'session', principal_key, client_key, event_id, if(event_type = 'session.created', 'minted', 'presented'), decision, event_time
  FROM events
  WHERE session_fp = {handle:String}
)
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, handle_kind, principal_key, client_key
ORDER BY tenant, server_id, first_seen
LIMIT {limit:UInt32}
