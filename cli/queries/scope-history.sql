-- How did the scopes of a principal with a client change?
-- from = 30d
-- scopes: scopes of the accepted tokens, sorted.
-- added: scopes that the set before did not have.
-- removed: scopes of the set before that this one does not have.
-- validations: how often a token with this set was accepted.
SELECT
  tenant, principal_key, client_key, first_seen, last_seen, scopes,
  arrayFilter(one -> NOT has(before, one), scopes) AS added,
  arrayFilter(one -> NOT has(scopes, one), before) AS removed,
  servers, validations
FROM (
  SELECT
    *,
    lagInFrame(scopes, 1, scopes) OVER (
      PARTITION BY tenant, principal_key, client_key ORDER BY first_seen ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
    ) AS before
  FROM (
    SELECT
      tenant, principal_key, client_key, arraySort(a.scopes) AS scopes, min(event_time) AS first_seen, max(event_time) AS last_seen,
      arraySort(groupUniqArray(100)(server_id)) AS servers, count() AS validations
    FROM auth AS a
    WHERE event_type = 'auth.token.validated' AND decision = 'allow'
      AND ({tenant:String} = '' OR tenant = {tenant:String})
      AND ({server:String} = '' OR server_id = {server:String})
      AND ({principal:String} = '' OR principal_key = {principal:String})
      AND ({client:String} = '' OR client_key = {client:String})
      AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
    GROUP BY tenant, principal_key, client_key, arraySort(a.scopes)
  )
)
ORDER BY tenant, principal_key, client_key, first_seen
LIMIT {limit:UInt32}
