-- Which tokens were shown to a server they were not made for, and were they accepted?
-- times: how often.
-- principals: principals that showed one.
-- tokens: different tokens.
SELECT
  tenant, server_id, decision, iss, aud, expected_aud, count() AS times, uniqExact(token_fp) AS tokens, uniqExact(principal_key) AS principals,
  min(event_time) AS first_seen, max(event_time) AS last_seen
FROM auth
WHERE event_type = 'auth.token.validated' AND notEmpty(aud) AND notEmpty(expected_aud) AND NOT hasAny(aud, expected_aud)
  AND ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY tenant, server_id, decision, iss, aud, expected_aud
ORDER BY decision = 'allow' DESC, times DESC
LIMIT {limit:UInt32}
