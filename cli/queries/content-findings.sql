-- Which classes of content were found where?
-- category = '': secret, pii, injection, unicode, …; empty: all
-- hits: hits in all.
-- requests: requests they stood in.
-- principals: principals whose requests they were.
SELECT
  tenant, server_id, tool_name, surface, finding_class, verdict, sum(c.hits) AS hits, uniqExact(request_uid) AS requests,
  arraySort(groupUniqArrayIf(20)(toString(principal_key), principal_key != '')) AS principals, min(event_time) AS first_seen,
  max(event_time) AS last_seen
FROM content AS c
WHERE ({category:String} = '' OR c.category = {category:String})
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({tool:String} = '' OR tool_name = {tool:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, tool_name, surface, finding_class, verdict
ORDER BY hits DESC, last_seen DESC
LIMIT {limit:UInt32}
