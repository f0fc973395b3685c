-- What was refused before any tool ran, and from where did it come?
-- refusal: why: origin, host, authorization, scope, protocol_version, header_mismatch, session, method, size, other.
-- requests: requests refused so.
-- addresses: source addresses, counted by keyed hash.
-- status: status of the answer.
-- origin: Origin header, as the browser sent it.
-- credential_location: where the credential stood.
SELECT
  tenant, server_id, JSONExtractString(fields, 'refusal') AS refusal, JSONExtractUInt(fields, 'status') AS status,
  JSONExtractString(fields, 'origin') AS origin, JSONExtractString(fields, 'credentialLocation') AS credential_location,
  uniqExact(event_id) AS requests, uniqExactIf(source_address_fp, source_address_fp != '') AS addresses, min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM events
WHERE event_type = 'http.request' AND refusal != ''
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, refusal, status, origin, credential_location
ORDER BY requests DESC
LIMIT {limit:UInt32}
