-- The life of an alert: where it stands, who decided, what it was found to be; what was decided, and the risk of whom alerts are about.
ALTER TABLE alert_rows
  ADD COLUMN IF NOT EXISTS finding_severity LowCardinality(String) DEFAULT severity COMMENT 'Highest severity of its findings, before repetition raised it. [info | low | medium | high | critical; ours]' AFTER severity_reason,
  ADD COLUMN IF NOT EXISTS status LowCardinality(String) DEFAULT 'open' COMMENT 'Where it stands in its life. [open | acknowledged | resolved | suppressed; ours]' AFTER finding_severity,
  ADD COLUMN IF NOT EXISTS owner String COMMENT 'Who acknowledged, resolved or suppressed it. [text; ours]' CODEC(ZSTD(3)) AFTER status,
  ADD COLUMN IF NOT EXISTS status_reason String COMMENT 'Why it stands there. [text; ours]' CODEC(ZSTD(3)) AFTER owner,
  ADD COLUMN IF NOT EXISTS status_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when, by our clock; NULL while it is new. [RFC 3339 UTC; ours]' AFTER status_reason,
  ADD COLUMN IF NOT EXISTS status_until Nullable(DateTime64(3, 'UTC')) COMMENT 'End of a suppression; NULL otherwise. [RFC 3339 UTC; ours]' AFTER status_at,
  ADD COLUMN IF NOT EXISTS verdict LowCardinality(String) COMMENT 'What a person found it to be; empty while nobody said. [true_positive | false_positive | benign; ours]' AFTER status_until,
  ADD COLUMN IF NOT EXISTS told_severity LowCardinality(String) DEFAULT severity COMMENT 'Highest severity at which targets were told of it; empty while it was only counted. [info | low | medium | high | critical; ours]' AFTER verdict;

CREATE OR REPLACE VIEW alerts AS
SELECT * FROM alert_rows FINAL
COMMENT 'Alerts in their latest revision: what a person gets.';

-- Events say it: the table of alerts keeps the latest revision alone.
CREATE OR REPLACE VIEW alert_changes AS
SELECT
  event_id,
  event_type,
  event_time,
  received_at,
  tenant,
  if(event_type = 'audit.access', JSONExtractString(fields, 'subject'), JSONExtractString(fields, 'alertId')) AS alert_id,
  if(event_type = 'audit.access', 'decision', 'revision') AS kind,
  JSONExtractString(fields, 'actor') AS actor,
  JSONExtractString(fields, 'alertStatus') AS status,
  JSONExtractString(fields, 'severity') AS severity,
  JSONExtractString(fields, 'verdict') AS verdict,
  JSONExtractString(fields, 'rule') AS rule,
  JSONExtractUInt(fields, 'revision') AS revision,
  JSONExtractString(fields, 'reason') AS reason
FROM events FINAL
WHERE event_type = 'detection.alert' OR (event_type = 'audit.access' AND JSONExtractString(fields, 'operation') = 'alert')
SETTINGS do_not_merge_across_partitions_select_final = 0
COMMENT 'What became of alerts, and what people decided about them, from the events of the service itself.';

ALTER TABLE alert_changes
  COMMENT COLUMN alert_id 'Alert. [id; ours]',
  COMMENT COLUMN kind 'A person decided (decision), or the alert changed (revision). [decision | revision; ours]',
  COMMENT COLUMN actor 'Who decided. [text; ours]',
  COMMENT COLUMN status 'Where the alert stood afterwards; empty for a decision. [open | acknowledged | resolved | suppressed; ours]',
  COMMENT COLUMN severity 'Severity of the alert afterwards; empty for a decision. [info | low | medium | high | critical; ours]',
  COMMENT COLUMN verdict 'What it was found to be; empty for a decision. [true_positive | false_positive | benign; ours]',
  COMMENT COLUMN rule 'Rule id; empty for a decision. [text; ours]',
  COMMENT COLUMN revision 'Revision of the alert; 0 for a decision. [number; ours]',
  COMMENT COLUMN reason 'What was decided and why, or why it stands there. [text; ours]';

-- Whom alerts of the last day are about, and how much that is together. detectors/risk.ts makes the same figures for the alert role:
-- info 0, low 1, medium 4, high 10, critical 25; halved with each 12 hours before the subject's last alert, and with each further alert
-- of one rule. Alerts that are resolved, suppressed, or found to be false or benign, and incidents themselves do not count.
CREATE OR REPLACE VIEW entity_risk AS
SELECT
  tenant,
  subject_kind,
  subject,
  round(sum(worth), 2) AS score,
  count() AS alerts,
  arraySort(groupUniqArray(rule)) AS rules,
  countIf(severity IN ('high', 'critical')) AS grave,
  min(first_seen) AS first_seen,
  max(last_seen) AS last_seen,
  groupArray(alert_id) AS alert_ids
FROM
(
  SELECT *,
    aged * exp2(1 - row_number() OVER (PARTITION BY tenant, subject_kind, subject, rule ORDER BY aged DESC, alert_id)) AS worth
  FROM
  (
    SELECT *,
      transform(severity, ['low', 'medium', 'high', 'critical'], [1., 4., 10., 25.], 0.)
        * exp2(-dateDiff('second', last_seen, max(last_seen) OVER (PARTITION BY tenant, subject_kind, subject)) / 43200.) AS aged
    FROM
    (
      SELECT tenant, rule, severity, alert_id, first_seen, last_seen,
        multiIf(principal_key != '', 'principal', client_key != '', 'client', session_fp != '', 'session', 'server') AS subject_kind,
        multiIf(principal_key != '', toString(principal_key), client_key != '', toString(client_key), session_fp != '', session_fp, toString(server_id)) AS subject
      FROM alerts
      WHERE last_seen > now() - toIntervalDay(1) AND window_start > now() - toIntervalDay(2)
        AND rule != 'auditd-incident' AND status NOT IN ('resolved', 'suppressed') AND verdict NOT IN ('false_positive', 'benign')
    )
  )
)
GROUP BY tenant, subject_kind, subject
COMMENT 'Risk of whom alerts of the last 24 hours are about: principal, else client, session, server.';

ALTER TABLE entity_risk
  COMMENT COLUMN tenant 'Tenant. [text; ours]',
  COMMENT COLUMN subject_kind 'What the subject is. [principal | client | session | server; ours]',
  COMMENT COLUMN subject 'Whom the alerts are about. [id; server]',
  COMMENT COLUMN score 'Worth of its alerts together; from 25 and two rules on it is an incident. [number; ours]',
  COMMENT COLUMN alerts 'Alerts that count. [number; ours]',
  COMMENT COLUMN rules 'Their rules. [text; ours]',
  COMMENT COLUMN grave 'Alerts of severity high or critical. [number; ours]',
  COMMENT COLUMN first_seen 'Event time of the first finding. [RFC 3339 UTC; ours]',
  COMMENT COLUMN last_seen 'Event time of the last finding. [RFC 3339 UTC; ours]',
  COMMENT COLUMN alert_ids 'Alerts that count. [id; ours]';
