-- Who called risky tools outside working hours?
-- zone = UTC: time zone of the office, such as Europe/Berlin
-- opens = 7: first hour of work
-- closes = 19: first hour after work
-- local_time: time in that zone.
-- weekend: it was a Saturday or Sunday there.
SELECT
  toTimeZone(event_time, {zone:String}) AS local_time, toDayOfWeek(local_time) >= 6 AS weekend, tenant, server_id, tool_name, tool_risk,
  principal_key, client_name, session_fp, decision, outcome, result_bytes, request_uid
FROM call_ends
WHERE tool_risk IN ('write', 'destructive', 'exec')
  AND (weekend OR toHour(local_time) < {opens:UInt8} OR toHour(local_time) >= {closes:UInt8})
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({principal:String} = '' OR principal_key = {principal:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY event_time DESC
LIMIT {limit:UInt32}
