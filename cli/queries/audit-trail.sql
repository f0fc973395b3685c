-- What was changed, read, refused or lost in the audit itself, and by whom?
-- from = 30d
-- actor: who did it.
-- what: setting, operation, component and code.
-- detail: subject, message or reason.
-- dropped: events lost by it.
SELECT
  event_time, tenant, server_id, event_type, JSONExtractString(fields, 'actor') AS actor,
  arrayStringConcat(arrayFilter(one -> one != '', [
    JSONExtractString(fields, 'setting'), JSONExtractString(fields, 'operation'), JSONExtractString(fields, 'component'),
    JSONExtractString(fields, 'code')
  ]), ' ') AS what,
  arrayStringConcat(arrayFilter(one -> one != '', [
    JSONExtractString(fields, 'subject'), JSONExtractString(fields, 'message'), JSONExtractString(fields, 'reason')
  ]), ' ') AS detail,
  JSONExtractUInt(fields, 'dropped') AS dropped, event_id
FROM events_exact
WHERE event_type IN ('auditd.config.changed', 'auditd.error', 'audit.access')
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY event_time DESC
LIMIT {limit:UInt32}
