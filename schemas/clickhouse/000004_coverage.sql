-- Coverage: for each rule, server and hour whether the rule could see, how often it looked and how often it matched.
CREATE TABLE IF NOT EXISTS coverage_rows
(
  tenant LowCardinality(String) COMMENT 'Tenant. [text; ours]',
  server_id LowCardinality(String) COMMENT 'Server. [text; ours]',
  rule LowCardinality(String) COMMENT 'Rule id. [text; ours]',
  hour DateTime('UTC') COMMENT 'Start of the hour, by event time. [RFC 3339 UTC; ours]',
  part LowCardinality(String) COMMENT 'Log and partition that counted. [text; ours]',
  state LowCardinality(String) COMMENT 'What the rule can see there. [active | degraded | inactive | not_applicable | not_observable; ours]',
  reasons Array(String) COMMENT 'Types and fields that are missing, or why it does not apply. [text; ours]' CODEC(ZSTD(3)),
  evaluations UInt64 COMMENT 'Events the rule looked at so far in the hour. [number; ours]',
  matches UInt64 COMMENT 'Times it matched so far in the hour. [number; ours]'
)
ENGINE = ReplacingMergeTree(evaluations)
PARTITION BY toYYYYMM(hour, 'UTC')
ORDER BY (tenant, server_id, rule, hour, part)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Coverage as written; the view coverage adds up partitions.';

-- One row per tenant, server, rule and hour. No row, or 0 evaluations: not evaluated, which is not the same as nothing found.
CREATE OR REPLACE VIEW coverage AS
SELECT
  tenant,
  server_id,
  rule,
  hour,
  argMax(c.state, c.evaluations) AS state,
  argMax(c.reasons, c.evaluations) AS reasons,
  sum(c.evaluations) AS evaluations,
  sum(c.matches) AS matches,
  multiIf(sum(c.evaluations) = 0, 'not evaluated', sum(c.matches) = 0, 'checked, nothing found', 'found') AS verdict
FROM coverage_rows AS c FINAL
GROUP BY tenant, server_id, rule, hour;

-- How each rule stands on each server by what arrived in the last 24 hours.
CREATE OR REPLACE VIEW coverage_now AS
SELECT
  tenant,
  server_id,
  rule,
  argMax(c.state, c.hour) AS state,
  argMax(c.reasons, c.hour) AS reasons,
  sum(c.evaluations) AS evaluations_24h,
  sum(c.matches) AS matches_24h,
  max(c.hour) AS last_hour
FROM coverage AS c
WHERE c.hour > now() - toIntervalHour(24)
GROUP BY tenant, server_id, rule;
