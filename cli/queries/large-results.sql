-- Who took how much out of which tool?
-- bytes = 10000000: at least so many bytes in all
-- calls: calls that returned something.
-- total_bytes: bytes of their results.
-- largest_bytes: bytes of the largest.
SELECT
  tenant, server_id, tool_name, principal_key, client_key, uniqExact(call_key) AS calls, sum(result_bytes) AS total_bytes,
  max(result_bytes) AS largest_bytes, min(event_time) AS first_seen, max(event_time) AS last_seen
FROM call_ends
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({tool:String} = '' OR tool_name = {tool:String})
  AND ({principal:String} = '' OR principal_key = {principal:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, tool_name, principal_key, client_key
HAVING total_bytes >= {bytes:UInt64}
ORDER BY total_bytes DESC
LIMIT {limit:UInt32}
