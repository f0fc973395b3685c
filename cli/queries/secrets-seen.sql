-- Which secrets and personal data went through, in whose hands?
-- span_hash: the same secret seen twice has the same.
SELECT
  event_time, tenant, server_id, tool_name, surface, finding_class, hits, principal_key, client_name, session_fp, content_path, span_hash, request_uid,
  event_id
FROM content
WHERE category IN ('secret', 'pii')
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({principal:String} = '' OR principal_key = {principal:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY category = 'secret' DESC, event_time DESC
LIMIT {limit:UInt32}
