-- Which rules make the most alerts, and how much of what they find is suppressed or only watched?
-- alerts: alerts of the rule.
-- false_positives: alerts that a person found to be false or benign.
-- silenced: alerts that a person suppressed.
-- alerting: findings that alert.
-- suppressed: findings that somebody answers for.
-- shadow: findings of a rule that only watches.
-- entities: different entities they are about.
-- servers: servers they are on.
SELECT
  f.rule AS rule, a.alerts AS alerts, a.false_positives AS false_positives, a.silenced AS silenced, f.alerting AS alerting, f.suppressed AS suppressed,
  f.shadow AS shadow, f.entities AS entities, f.servers AS servers, f.last_seen AS last_seen
FROM (
  SELECT
    rule, countIf(disposition = 'alert') AS alerting, countIf(disposition = 'suppressed') AS suppressed, countIf(disposition = 'shadow') AS shadow,
    uniqExact(tenant, entity) AS entities, uniqExact(tenant, server_id) AS servers, max(event_time) AS last_seen
  FROM findings
  WHERE ({tenant:String} = '' OR tenant = {tenant:String})
    AND ({server:String} = '' OR server_id = {server:String})
    AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
  GROUP BY rule
) AS f
LEFT JOIN (
  SELECT rule, count() AS alerts, countIf(verdict IN ('false_positive', 'benign')) AS false_positives, countIf(status = 'suppressed') AS silenced
  FROM alerts
  WHERE ({tenant:String} = '' OR tenant = {tenant:String})
    AND ({server:String} = '' OR server_id = {server:String})
    AND last_seen BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
  GROUP BY rule
) AS a ON a.rule = f.rule
ORDER BY alerts DESC, alerting DESC, rule
LIMIT {limit:UInt32}
