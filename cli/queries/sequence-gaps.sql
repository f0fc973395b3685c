-- Which events did a producer number that we never stored?
SELECT tenant, server_id, producer_id, first_missing, last_missing, missing, noticed_at, next_event_id
FROM gaps
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND noticed_at BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY noticed_at DESC
LIMIT {limit:UInt32}
