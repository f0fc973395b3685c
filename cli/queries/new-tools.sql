-- Which tools did a principal call for the first time?
-- from = 1d: first called since
-- known_since: when the principal was first seen calling anything; as late as first_seen: everything is new to it.
SELECT
  tenant, principal_key, server_id, tool_name, first_seen, calls, tool_risk, known_since
FROM (
  SELECT
    tenant, principal_key, server_id, tool_name, min(event_time) AS first_seen, uniqExact(call_key) AS calls, any(tool_risk) AS tool_risk,
    min(min(event_time)) OVER (PARTITION BY tenant, principal_key) AS known_since
  FROM call_ends
  WHERE principal_key != '' AND tool_name != ''
    AND ({tenant:String} = '' OR tenant = {tenant:String})
    AND ({server:String} = '' OR server_id = {server:String})
    AND ({principal:String} = '' OR principal_key = {principal:String})
    AND event_time <= {to:DateTime64(3, 'UTC')}
  GROUP BY tenant, principal_key, server_id, tool_name
)
WHERE first_seen >= {from:DateTime64(3, 'UTC')}
ORDER BY first_seen DESC
LIMIT {limit:UInt32}
