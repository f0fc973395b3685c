-- Which tokens came from several addresses or went to several servers?
SELECT
  tenant, token_fp, principal_key, client_key, servers, addresses, validations, refusals, aud, scopes, toDateTime(exp_at, 'UTC') AS expires_at,
  first_seen, last_seen
FROM tokens
WHERE (length(servers) > 1 OR addresses > 1)
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR has(servers, {server:String}))
  AND ({principal:String} = '' OR principal_key = {principal:String})
  AND last_seen >= {from:DateTime64(3, 'UTC')} AND first_seen <= {to:DateTime64(3, 'UTC')}
ORDER BY addresses DESC, length(servers) DESC, last_seen DESC
LIMIT {limit:UInt32}
