-- Which servers were heard before and are silent now?
-- minutes = 15: nothing received for so long
-- silent_minutes: how long nothing was received.
SELECT
  tenant, server_id, intDiv(toUnixTimestamp(now()) - toUnixTimestamp(last_received), 60) AS silent_minutes, last_received, last_heartbeat,
  server_version, integration_version, server_owner, events
FROM server_health
WHERE last_received < now() - toIntervalMinute({minutes:UInt32})
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
ORDER BY last_received DESC
LIMIT {limit:UInt32}
