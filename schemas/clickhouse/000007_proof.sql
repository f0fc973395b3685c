-- Proof over the rows of `events`: which rows were stored, chained and signed. Append only; nothing here is ever changed.
CREATE TABLE IF NOT EXISTS proof_manifests
(
  position_log LowCardinality(String) COMMENT 'Log of the rows: topic id or data folder id. [id; ours]',
  position_partition UInt32 COMMENT 'Partition of the log. [number; ours]',
  number UInt64 COMMENT 'Number of the manifest in its log and partition, from 1. [number; ours]',
  first_offset UInt64 COMMENT 'Lowest offset of its rows. [number; ours]',
  next_offset UInt64 COMMENT 'Offset after the highest of its rows. [number; ours]',
  row_count UInt64 COMMENT 'Rows it proves. [number; ours]',
  received_from DateTime64(3, 'UTC') COMMENT 'Earliest receipt of its rows. [RFC 3339 UTC; ours]',
  received_to DateTime64(3, 'UTC') COMMENT 'Latest receipt of its rows. [RFC 3339 UTC; ours]',
  content_hash String COMMENT 'SHA-256 over positions, row hashes and identity hashes. [id; ours]' CODEC(ZSTD(1)),
  previous_hash String COMMENT 'Hash of the manifest before; empty for the first. [id; ours]' CODEC(ZSTD(1)),
  manifest_hash String COMMENT 'SHA-256 of the signed text. [id; ours]' CODEC(ZSTD(1)),
  key_id LowCardinality(String) COMMENT 'Key it is signed with. [id; ours]',
  signature String COMMENT 'Ed25519 signature, base64. [base64; ours]' CODEC(ZSTD(1)),
  positions String COMMENT 'Runs of (offset, first index, rows), packed. [base64; ours]' CODEC(ZSTD(1)),
  row_hashes Array(String) COMMENT '128 bits of SHA-256 of each row, by position, 1,024 rows an element. [base64; ours]' CODEC(ZSTD(1)),
  identity_hashes Array(String) COMMENT '64 bits of SHA-256 of each row’s (tenant, server_id, event_id), in the same order. [base64; ours]' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_to, 'UTC')
ORDER BY (position_log, position_partition, number, manifest_hash)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Signed manifests of the rows of events, chained per log and partition; mcp-auditd verify checks them.';

CREATE TABLE IF NOT EXISTS proof_tombstones
(
  id String COMMENT 'Id of the tombstone. [id; ours]',
  position_log LowCardinality(String) COMMENT 'Log of the rows. [id; ours]',
  position_partition UInt32 COMMENT 'Partition of the log. [number; ours]',
  number UInt64 COMMENT 'Manifest of the rows; 0 when they had none yet. [number; ours]',
  row_count UInt64 COMMENT 'Rows it covers. [number; ours]',
  positions String COMMENT 'Runs of (offset, first index, rows), packed. [base64; ours]' CODEC(ZSTD(1)),
  reason LowCardinality(String) COMMENT 'Why they went. [retention | duplicate | erase; ours]',
  signed_at DateTime64(3, 'UTC') COMMENT 'When it was signed. [RFC 3339 UTC; ours]',
  signed_for String COMMENT 'The job, or the person named. [text; ours]',
  note String COMMENT 'Reason given. [text; ours]',
  key_id LowCardinality(String) COMMENT 'Key it is signed with. [id; ours]',
  signature String COMMENT 'Ed25519 signature, base64. [base64; ours]' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(signed_at, 'UTC')
ORDER BY (position_log, position_partition, number, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Signed leave for rows of events to be gone.';

CREATE TABLE IF NOT EXISTS proof_keys
(
  key_id String COMMENT '128 bits of SHA-256 of the public key. [id; ours]',
  public_key String COMMENT 'Ed25519 public key, SPKI DER in base64. [base64; ours]',
  first_used DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When a service first signed with it. [RFC 3339 UTC; ours]'
)
ENGINE = ReplacingMergeTree
ORDER BY key_id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Public keys that manifests and tombstones are signed with.';

-- Rows with a tombstone that are being deleted; emptied when they are gone, taken up again after a crash.
CREATE TABLE IF NOT EXISTS proof_removals
(
  run String COMMENT 'The removal it belongs to. [id; ours]',
  position_log LowCardinality(String) COMMENT 'Log of the row. [id; ours]',
  position_partition UInt32 COMMENT 'Partition of the log. [number; ours]',
  position_offset UInt64 COMMENT 'Offset of the row. [number; ours]',
  position_index UInt32 COMMENT 'Index of the row. [number; ours]'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (position_log, position_partition, position_offset, position_index)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000
COMMENT 'Rows with a tombstone that are being deleted.';
