/** Catalogue of every counter, gauge and log line of the service itself. Nothing else may be emitted. */

export const COUNTERS = {
  mcp_auditd_events_received_total: 'Events taken at an edge, before validation. Labels: edge.',
  mcp_auditd_events_accepted_total: 'Events made durable and acknowledged. Labels: edge.',
  mcp_auditd_events_rejected_total: 'Events sent to the dead letter. Labels: component, reason.',
  mcp_auditd_events_dropped_total: 'Events not kept on purpose, such as known retries. Labels: component, reason.',
  mcp_auditd_events_detected_total: 'Events the rules have seen.',
  mcp_auditd_events_stored_total: 'Rows handed to the store and durable.',
  mcp_auditd_signals_sent_total: 'Signals sent to the owners of keys that cross servers. Labels: scope.',
  mcp_auditd_signals_taken_total: 'Signals the rules that cross servers have seen. Labels: scope.',
  mcp_auditd_signals_dropped_total: 'Signals not counted, such as those of an earlier owner. Labels: reason.',
  mcp_auditd_sources_recreated_total: 'Topics of events that signals came from and that were created anew.',
  mcp_auditd_store_inserts_total: 'Inserts. Labels: result.',
  mcp_auditd_store_skipped_total: 'Rows not inserted because the store has their position.',
  mcp_auditd_findings_total: 'Findings. Labels: rule.',
  mcp_auditd_rule_evaluations_total: 'Evaluations. Labels: rule.',
  mcp_auditd_rule_errors_total: 'Rules that threw. Labels: rule.',
  mcp_auditd_state_evictions_total: 'Rows of state evicted at the cap. Labels: scope.',
  mcp_auditd_snapshots_total: 'Snapshots written. Labels: result.',
  mcp_auditd_alerts_total: 'Alerts opened. Labels: rule, severity.',
  mcp_auditd_deliveries_total: 'Deliveries to targets. Labels: target, result.',
  mcp_auditd_requests_total: 'OTLP requests. Labels: path, status.',
} as const
export const GAUGES = {
  mcp_auditd_lag_events: 'Events behind the end of the log. Labels: partition.',
  mcp_auditd_spool_bytes: 'Bytes of segments not yet dropped.',
  mcp_auditd_spool_segments: 'Segments not yet dropped.',
  mcp_auditd_outbox_pending: 'Deliveries waiting. Labels: target.',
  mcp_auditd_state_rows: 'Rows of state. Labels: partition, scope.',
  mcp_auditd_watermark_ms: 'Watermark of a partition. Labels: partition.',
} as const
export const LOGS = {
  started: 'The service accepts events.',
  stopped: 'The service has stopped.',
  failed: 'A role can go on no more; the service ends.',
  partition_assigned: 'A partition is ours.',
  partition_revoked: 'A partition was given up.',
  state_restored: 'State was restored from a snapshot.',
  state_discarded: 'A snapshot of another rule set was not used.',
  event_rejected: 'An event went to the dead letter.',
  rule_quarantined: 'A rule threw too often and was switched off for the partition.',
  store_retry: 'An insert failed and is repeated.',
  not_accepted: 'Events cannot be made durable; their senders are told to try again.',
  request_failed: 'A request met a defect of ours and was answered 503.',
  bus_retry: 'The bus failed and is asked again.',
  source_retry: 'A source topic cannot be read and is tried again.',
  delivery_failed: 'A target did not take an alert.',
  segment_quarantined: 'A spool segment failed its checksum.',
  topic_recreated: 'The topic has a new id: its offsets start anew.',
  secret_exposed: 'A file with a secret can be read by every user of the machine.',
  secret_changed: 'A secret was read anew.',
  secret_unreadable: 'A secret cannot be read any more: the one before stays in force.',
  insecure: 'No keys are configured; every identity is claimed.',
} as const
export type CounterName = keyof typeof COUNTERS
export type GaugeName = keyof typeof GAUGES
export type LogName = keyof typeof LOGS
