-- Findings and alerts. Both are written again after a crash: a finding has one content per id, an alert keeps its highest revision.
CREATE TABLE IF NOT EXISTS finding_rows
(
  finding_id String COMMENT '128 bits of SHA-256(rule@version, tenant, key, event id or timer:due). [id; ours]' CODEC(ZSTD(3)),
  rule LowCardinality(String) COMMENT 'Rule id. [text; ours]',
  rule_version UInt32 COMMENT 'Version of the rule. [version; ours]',
  title String COMMENT 'Title of the rule. [text; ours]' CODEC(ZSTD(3)),
  severity LowCardinality(String) COMMENT 'Verdict-aware severity. [info | low | medium | high | critical; ours]',
  tenant LowCardinality(String) COMMENT 'Tenant. [text; ours]',
  server_id LowCardinality(String) COMMENT 'Server of the event. [text; ours]',
  entity String COMMENT 'Whom or what it is about, as column=value pairs. [text; ours]' CODEC(ZSTD(3)),
  event_id String COMMENT 'Event that completed the match; empty for a timer. [id; ours]' CODEC(ZSTD(3)),
  event_time DateTime64(9, 'UTC') COMMENT 'Event time of the match. [RFC 3339 UTC; ours]' CODEC(Delta(8), ZSTD(1)),
  saw String COMMENT 'What was seen; may hold attacker text. [text; server]' CODEC(ZSTD(3)),
  expected String COMMENT 'What was expected instead. [text; ours]' CODEC(ZSTD(3)),
  evidence String COMMENT 'Facts behind the verdict, as JSON. [JSON; ours]' CODEC(ZSTD(3)),
  principal_key LowCardinality(String) COMMENT 'Principal of the event. [id; server]',
  client_key LowCardinality(String) COMMENT 'Client of the event. [id; server]',
  session_fp String COMMENT 'Session of the event. [id; server]' CODEC(ZSTD(3)),
  tool_name LowCardinality(String) COMMENT 'Tool of the event. [text; client]',
  decision LowCardinality(String) COMMENT 'What the server decided. [allow | deny | challenge | error; server]',
  vantage LowCardinality(String) COMMENT 'From where the event was seen. [server | gateway | client; ours]',
  evidence_level LowCardinality(String) COMMENT 'We computed it, the server reported it, or statistics say so. [observed | asserted | inferred; ours]'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(event_time, 'UTC')
ORDER BY (tenant, rule, finding_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'What rules matched, as written; the view findings has each once.';

CREATE TABLE IF NOT EXISTS alert_rows
(
  alert_id String COMMENT '128 bits of SHA-256(rule, tenant, entity, window). [id; ours]' CODEC(ZSTD(3)),
  rule LowCardinality(String) COMMENT 'Rule id. [text; ours]',
  rule_version UInt32 COMMENT 'Version of the rule. [version; ours]',
  title String COMMENT 'One line with the facts. [text; ours]' CODEC(ZSTD(3)),
  severity LowCardinality(String) COMMENT 'Highest severity of its findings. [info | low | medium | high | critical; ours]',
  severity_reason String COMMENT 'Why this severity. [text; ours]' CODEC(ZSTD(3)),
  tenant LowCardinality(String) COMMENT 'Tenant. [text; ours]',
  server_id LowCardinality(String) COMMENT 'Server of the events. [text; ours]',
  entity String COMMENT 'Whom or what it is about, as column=value pairs. [text; ours]' CODEC(ZSTD(3)),
  window_start DateTime64(3, 'UTC') COMMENT 'Start of the window, by event time. [RFC 3339 UTC; ours]',
  window_ms UInt64 COMMENT 'Length of the window. [ms; ours]',
  revision UInt32 COMMENT 'Rises with each change, from 1. [number; ours]',
  count UInt64 COMMENT 'Findings in the group. [number; ours]',
  first_seen DateTime64(9, 'UTC') COMMENT 'Event time of the first finding. [RFC 3339 UTC; ours]',
  last_seen DateTime64(9, 'UTC') COMMENT 'Event time of the last finding. [RFC 3339 UTC; ours]',
  saw String COMMENT 'What was seen; may hold attacker text. [text; server]' CODEC(ZSTD(3)),
  expected String COMMENT 'What was expected instead. [text; ours]' CODEC(ZSTD(3)),
  evidence String COMMENT 'Facts behind the verdict, as JSON. [JSON; ours]' CODEC(ZSTD(3)),
  evidence_event_ids Array(String) COMMENT 'Event ids, oldest first, at most 50. [id; ours]' CODEC(ZSTD(3)),
  finding_ids Array(String) COMMENT 'Finding ids, oldest first, at most 50. [id; ours]' CODEC(ZSTD(3)),
  principal_key LowCardinality(String) COMMENT 'Principal of the event. [id; server]',
  client_key LowCardinality(String) COMMENT 'Client of the event. [id; server]',
  session_fp String COMMENT 'Session of the event. [id; server]' CODEC(ZSTD(3)),
  tool_name LowCardinality(String) COMMENT 'Tool of the event. [text; client]',
  decision LowCardinality(String) COMMENT 'What the server decided. [allow | deny | challenge | error; server]',
  evidence_level LowCardinality(String) COMMENT 'We computed it, the server reported it, or statistics say so. [observed | asserted | inferred; ours]',
  refs Array(LowCardinality(String)) COMMENT 'OWASP MCP, ATT&CK and ATLAS ids. [text; ours]',
  blind_spots Array(String) COMMENT 'What this rule cannot see. [text; ours]' CODEC(ZSTD(3)),
  triage Array(String) COMMENT 'Runbook: next steps, in order. [text; ours]' CODEC(ZSTD(3)),
  query String COMMENT 'A query that shows the evidence and runs as printed. [SQL; ours]' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(window_start, 'UTC')
ORDER BY (tenant, rule, alert_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Alerts by revision, as written; the view alerts has the latest of each.';

CREATE OR REPLACE VIEW findings AS
SELECT * FROM finding_rows FINAL;

CREATE OR REPLACE VIEW alerts AS
SELECT * FROM alert_rows FINAL;
