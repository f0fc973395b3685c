/** Where the fault suite may kill this very service or take one protection away. Off unless the environment names a point. */

/**
 * Points at which `MCP_AUDITD_FAILPOINT=<name>` makes the service kill itself with SIGKILL, as a crash would. `<name>:<n>` waits for the
 * n-th passage; `<name>:<n>:stop` stops it with SIGSTOP instead, so that it comes back as a zombie. The point stands in the code where its
 * name says.
 */
export const FAILPOINTS = {
  'after-segment-write': 'Bytes of a spool segment are written, not yet fsynced.',
  'after-segment-fsync': 'A segment is durable, the sender has no acknowledgement yet.',
  'after-take-before-commit': 'What a source topic holds is durable on our bus, its offset is not committed.',
  'after-insert-before-state': 'Rows are in the store, the state is not committed.',
  'after-rows-before-proof': 'Rows are in the store, the manifest that proves them is not.',
  'after-proof-before-snapshot': 'A manifest is in the store, the snapshot that knows it is not.',
  'after-tombstone-before-delete': 'Rows have a tombstone and are still there.',
  'after-findings-before-commit': 'Findings are durable, the position is not.',
  'between-snapshot-chunks': 'One chunk of a snapshot is written, the next is not.',
  'after-signals-before-snapshot': 'Signals of a batch are durable, the position is not.',
  'after-commit': 'A position is committed.',
  'after-manifest-before-deletes': 'A snapshot on Kafka is whole, the one before it still exists.',
  'after-snapshot-before-release': 'The snapshot is durable, the segments before it still exist.',
  'between-bisect-inserts': 'Part of a batch with a refused row is stored.',
  'after-outbox-before-commit': 'The alert is in the outbox, the findings are not marked as taken.',
  'after-delivery-before-settle': 'A target has the alert, the outbox does not know.',
} as const
export type Failpoint = keyof typeof FAILPOINTS

/** Protections that `MCP_AUDITD_SABOTAGE=<name>[,<name>]` takes away: the fault suite must turn red for each. */
export const SABOTAGES = {
  'no-fsync-before-ack': 'A sender is acknowledged while its segment is only in memory.',
  'no-segment-order': 'Segments are detected as they become durable, not by number.',
  'no-retry-set': 'Known retries of a producer are not dropped.',
  'drop-before-store': 'Segments are dropped as soon as they were offered to detection.',
  'no-state-transaction': 'Findings are not part of the transaction of the position.',
  'no-manifest': 'A snapshot counts before all of its chunks are there.',
  'no-token': 'Inserts carry no deduplication token.',
  'no-final-across-partitions': 'FINAL does not look across partitions.',
  'no-bisect': 'A batch with one bad row is dropped whole.',
  'no-ask': 'The store is not asked what it has before an insert is repeated.',
  'skip-detection-of-stored': 'Events whose rows are stored are not detected again.',
  'no-finding-memory': 'Grouped findings are not remembered.',
  'commit-before-signals': 'The position is committed while signals are still on their way.',
  'two-signals-in-flight': 'Signals for one partition are sent side by side, and overtake each other.',
  'no-signal-positions': 'Signals that came before are counted again.',
  'any-rule-set': 'The snapshot of the highest position is taken, whatever rules it was made with.',
  'commit-before-store': 'The position is committed before the rows are stored.',
} as const
export type Sabotage = keyof typeof SABOTAGES

const [armed, passages, manner] = (process.env['MCP_AUDITD_FAILPOINT'] ?? '').split(':')
let left = Number(passages ?? 1)
const sabotaged = new Set((process.env['MCP_AUDITD_SABOTAGE'] ?? '').split(',').filter((name) => name !== ''))

/** Dies (or stops) here when this point is armed. SIGKILL: no handler, no flush, nothing is tidied up. */
export function failpoint(name: Failpoint): void {
  if (armed !== name) return
  left -= 1
  if (left === 0) process.kill(process.pid, manner === 'stop' ? 'SIGSTOP' : 'SIGKILL')
}
/** Is this protection to be left out? Asked at the place of the protection. */
export const sabotage = (name: Sabotage): boolean => sabotaged.has(name)
