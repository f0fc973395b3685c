-- Which scopes do tokens hold that no decision asked for?
-- from = 30d
-- held: scopes that accepted tokens of the principal with the client held.
-- needed: scopes that decisions about it required.
-- unused: held and never required.
-- decisions: authorization decisions seen; 0: nobody can say what is unused.
SELECT
  tenant, server_id, principal_key, client_key,
  arraySort(groupUniqArrayArrayIf(200)(scopes, event_type = 'auth.token.validated' AND decision = 'allow')) AS held,
  arraySort(groupUniqArrayArrayIf(200)(required_scopes, event_type = 'authz.decision')) AS needed,
  arrayExcept(held, needed) AS unused,
  countIf(event_type = 'authz.decision') AS decisions,
  max(event_time) AS last_seen
FROM auth
WHERE event_type IN ('auth.token.validated', 'authz.decision') AND principal_key != ''
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND ({principal:String} = '' OR principal_key = {principal:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, principal_key, client_key
HAVING notEmpty(unused)
ORDER BY length(unused) DESC, last_seen DESC
LIMIT {limit:UInt32}
