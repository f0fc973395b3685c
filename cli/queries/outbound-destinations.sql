-- Where do servers send requests, for which tool, with whose credential?
-- requests: requests that were sent.
-- named_by_caller: of these, with a host that stands in the arguments of the call.
-- bytes_out: bytes sent.
SELECT
  tenant, server_id, tool_name, destination_host, ip_class, credential_relation, count() AS requests, countIf(argument_match) AS named_by_caller,
  sum(o.bytes_out) AS bytes_out, arraySort(groupUniqArrayIf(20)(toString(principal_key), principal_key != '')) AS principals,
  min(event_time) AS first_seen, max(event_time) AS last_seen
FROM outbound AS o
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({tool:String} = '' OR tool_name = {tool:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, tool_name, destination_host, ip_class, credential_relation
ORDER BY first_seen DESC
LIMIT {limit:UInt32}
