-- Which clients connect, in which versions, to which servers?
-- from = 30d
-- principals: principals that used it.
-- servers: servers it was seen on.
SELECT
  tenant, client_name, client_version, client_key, client_kind, uniqExactIf(principal_key, principal_key != '') AS principals,
  arraySort(groupUniqArray(50)(toString(server_id))) AS servers, arraySort(groupUniqArrayIf(20)(toString(protocol_version), protocol_version != '')) AS protocol_versions,
  uniqExact(event_id) AS events, min(event_time) AS first_seen, max(event_time) AS last_seen
FROM events
WHERE client_name != ''
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({client:String} = '' OR client_key = {client:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, client_name, client_version, client_key, client_kind
ORDER BY events DESC
LIMIT {limit:UInt32}
