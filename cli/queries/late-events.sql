-- Which servers send late or with a wrong clock?
-- events: events received.
-- clamped: of these, with a time too far off to be believed.
-- p50_late_ms: half were received sooner after they happened.
-- p99_late_ms: 99 % were received sooner.
-- latest_ms: the latest one.
-- ahead_ms: how far a clock was ahead of ours at most.
SELECT
  tenant, server_id, count() AS events, countIf(has(flags, 'event_time_clamped')) AS clamped, round(quantile(0.5)(late_ms)) AS p50_late_ms,
  round(quantile(0.99)(late_ms)) AS p99_late_ms, max(late_ms) AS latest_ms, greatest(-min(late_ms), 0) AS ahead_ms
FROM (
  SELECT tenant, server_id, flags, dateDiff('millisecond', event_time, received_at) AS late_ms
  FROM events
  WHERE ({tenant:String} = '' OR tenant = {tenant:String})
    AND ({server:String} = '' OR server_id = {server:String})
    AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
)
GROUP BY tenant, server_id
ORDER BY p99_late_ms DESC
LIMIT {limit:UInt32}
