-- Which sessions were used by more than one principal, client or address?
SELECT tenant, server_id, session_fp, principals, clients, addresses, calls, refusals, first_seen, last_seen
FROM sessions
WHERE (length(principals) > 1 OR length(clients) > 1 OR addresses > 1)
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND last_seen >= {from:DateTime64(3, 'UTC')} AND first_seen <= {to:DateTime64(3, 'UTC')}
ORDER BY length(principals) DESC, length(clients) DESC, addresses DESC, last_seen DESC
LIMIT {limit:UInt32}
