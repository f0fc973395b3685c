-- Which principals are seen on several servers?
-- at_least = 2: servers
SELECT tenant, principal_key, principal_kind, servers, clients, tools, scopes, addresses, calls, refusals, first_seen, last_seen
FROM principals
WHERE length(servers) >= {at_least:UInt32}
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR has(servers, {server:String}))
  AND last_seen >= {from:DateTime64(3, 'UTC')} AND first_seen <= {to:DateTime64(3, 'UTC')}
ORDER BY length(servers) DESC, calls DESC
LIMIT {limit:UInt32}
