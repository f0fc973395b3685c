-- How do calls fail, where and for whom?
-- calls: calls that ended so.
-- principals: principals it happened to.
-- last_request: request of the last such call.
SELECT
  tenant, server_id, tool_name, outcome, error_code, uniqExact(call_key) AS calls, uniqExactIf(principal_key, principal_key != '') AS principals,
  min(event_time) AS first_seen, max(event_time) AS last_seen, argMax(request_uid, event_time) AS last_request
FROM call_ends
WHERE outcome NOT IN ('', 'ok')
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({tool:String} = '' OR tool_name = {tool:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, tool_name, outcome, error_code
ORDER BY calls DESC, last_seen DESC
LIMIT {limit:UInt32}
