-- Who was refused and soon after allowed the same thing?
-- minutes = 60: so soon after
-- denied_at: when it was refused last.
-- allowed_at: when it was allowed.
-- denied_scopes: scopes the caller had when it was refused, where an authorization decision says them.
-- allowed_scopes: scopes the caller had when it was allowed, likewise.
SELECT
  allowed_at, denied_at, tenant, server_id, principal_key, client_key, tool_name, method, denied_scopes, allowed_scopes, event_id
FROM (
  SELECT
    event_time AS allowed_at, tenant, server_id, principal_key, client_key, tool_name, method, decision, event_id,
    JSONExtract(fields, 'grantedScopes', 'Array(String)') AS allowed_scopes,
    lagInFrame(decision, 1, '') OVER w AS decision_before,
    lagInFrame(event_time, 1, event_time) OVER w AS denied_at,
    lagInFrame(allowed_scopes, 1, allowed_scopes) OVER w AS denied_scopes
  FROM events_exact
  WHERE event_type IN ('authz.decision', 'tool.result') AND decision IN ('allow', 'deny', 'challenge') AND principal_key != ''
    AND ({tenant:String} = '' OR tenant = {tenant:String})
    AND ({server:String} = '' OR server_id = {server:String})
    AND ({principal:String} = '' OR principal_key = {principal:String})
    AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
  WINDOW w AS (PARTITION BY tenant, server_id, principal_key, tool_name ORDER BY event_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE decision = 'allow' AND decision_before IN ('deny', 'challenge') AND allowed_at <= denied_at + toIntervalMinute({minutes:UInt32})
ORDER BY allowed_at DESC
LIMIT {limit:UInt32}
