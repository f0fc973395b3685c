-- Which rules cannot see all they need, on which servers, and why?
SELECT tenant, server_id, rule, state, reasons, evaluations_24h, last_hour
FROM coverage_now
WHERE state NOT IN ('active', 'not_applicable')
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
ORDER BY tenant, server_id, state, rule
LIMIT {limit:UInt32}
