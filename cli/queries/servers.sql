-- Which servers are there, what do they run, and when were they last heard?
-- from = 90d
SELECT
  tenant, server_id, server_name, server_version, sdk, sdk_version, integration_version, transports, protocol_versions, vantages, server_owner,
  server_env, server_claimed, producers, events, drops, first_seen, last_seen, last_heartbeat
FROM server_health
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND last_seen >= {from:DateTime64(3, 'UTC')} AND first_seen <= {to:DateTime64(3, 'UTC')}
ORDER BY tenant, server_id
LIMIT {limit:UInt32}
