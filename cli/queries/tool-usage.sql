-- Which tools are called, by how many, how often do they fail and how long do they take?
-- calls: calls that ended.
-- principals: principals that called it.
-- sessions: sessions it was called in.
-- failed: share that ended in an error, 0..1.
-- denied: share that was refused, 0..1.
-- p50_ms: half are faster.
-- p95_ms: 95 % are faster.
-- p99_ms: 99 % are faster.
SELECT
  tenant, server_id, tool_name, uniqExact(call_key) AS calls, uniqExactIf(principal_key, principal_key != '') AS principals,
  uniqExactIf(session_fp, session_fp != '') AS sessions, round(avg(outcome IN ('tool_error', 'protocol_error', 'timeout')), 4) AS failed,
  round(avg(outcome = 'denied' OR decision IN ('deny', 'challenge')), 4) AS denied, round(quantile(0.5)(duration_ms), 2) AS p50_ms,
  round(quantile(0.95)(duration_ms), 2) AS p95_ms, round(quantile(0.99)(duration_ms), 2) AS p99_ms, max(event_time) AS last_seen
FROM call_ends
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({tool:String} = '' OR tool_name = {tool:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, tool_name
ORDER BY calls DESC
LIMIT {limit:UInt32}
