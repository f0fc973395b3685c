-- Which versions of a definition were there, and how much was called under each?
-- from = 90d
-- calls: results of calls under this version.
-- principals: principals that called it.
-- last_call: time of the last call under this version; 1970 when there is none.
SELECT
  d.tenant AS tenant, d.server_id AS server_id, d.tool_name AS tool_name, d.definition_hash AS definition_hash, d.first_seen AS first_seen,
  d.last_seen AS last_seen, d.findings AS findings, d.annotations AS annotations, c.calls AS calls, c.principals AS principals,
  c.last_call AS last_call
FROM definitions AS d
LEFT JOIN (
  SELECT
    tenant, server_id, tool_name, definition_hash, uniqExact(call_key) AS calls, uniqExact(principal_key) AS principals, max(event_time) AS last_call
  FROM call_ends
  WHERE ({tool:String} = '' OR tool_name = {tool:String}) AND ({server:String} = '' OR server_id = {server:String})
  GROUP BY tenant, server_id, tool_name, definition_hash
) AS c ON c.tenant = d.tenant AND c.server_id = d.server_id AND c.tool_name = d.tool_name AND c.definition_hash = d.definition_hash
WHERE ({tenant:String} = '' OR d.tenant = {tenant:String})
  AND ({server:String} = '' OR d.server_id = {server:String})
  AND ({tool:String} = '' OR d.tool_name = {tool:String})
  AND d.last_seen >= {from:DateTime64(3, 'UTC')} AND d.first_seen <= {to:DateTime64(3, 'UTC')}
ORDER BY tenant, server_id, tool_name, first_seen
LIMIT {limit:UInt32}
