-- Where, when and from how many places was a token shown?
-- token: fingerprint of the token
-- from = 30d
SELECT
  event_time, tenant, server_id, principal_key, client_key, session_fp, source_address_fp, decision, reason, iss, aud, scopes,
  toDateTime(exp_at, 'UTC') AS expires_at, event_id
FROM auth
WHERE token_fp = {token:String}
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY event_time, event_id
LIMIT {limit:UInt32}
