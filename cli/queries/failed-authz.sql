-- Who was refused how often within an hour, and why?
-- at_least = 5: refusals within the hour
-- hour: start of the hour.
-- refusals: token, scope and policy refusals.
-- reasons: reasons and errors given, at most 10.
SELECT
  toStartOfHour(event_time) AS hour, tenant, server_id, principal_key, client_key, source_address_fp, count() AS refusals,
  arraySort(groupUniqArrayIf(10)(if(reason != '', reason, error), reason != '' OR error != '')) AS reasons,
  arraySort(groupUniqArrayIf(20)(toString(tool_name), tool_name != '')) AS tools
FROM auth
WHERE decision IN ('deny', 'challenge')
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({principal:String} = '' OR principal_key = {principal:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY hour, tenant, server_id, principal_key, client_key, source_address_fp
HAVING refusals >= {at_least:UInt32}
ORDER BY refusals DESC, hour DESC
LIMIT {limit:UInt32}
