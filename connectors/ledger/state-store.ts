/** Snapshots and findings in the ledger: what one batch led to is one transaction. */
import { createHash } from 'node:crypto'
import { AuditdError } from '../../schemas/errors.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Outcome, Snapshot, StateStore } from '../../schemas/ports.ts'
import { failpoint, sabotage } from '../failpoint.ts'
import type { Database } from './database.ts'

/** `onFindings` is called after findings became durable, to wake who waits for them. */
export function ledgerStateStore(database: Database, onFindings: () => void): StateStore {
  let withheld: readonly Finding[] = []
  const addFindings = (findings: readonly Finding[]): void => {
    // A finding that comes again after a replay is known by its id, also when it was grouped long ago.
    const verb = sabotage('no-finding-memory') ? 'REPLACE' : 'IGNORE'
    for (const finding of findings)
      database.run(
        `INSERT OR ${verb} INTO findings (finding_id, body) VALUES (?, ?)`,
        finding.findingId,
        JSON.stringify(finding),
      )
  }
  return {
    async restore(log, partition, notAfter = Number.MAX_SAFE_INTEGER) {
      return restore(database, log, partition, notAfter)
    },
    async commit(outcome) {
      if (sabotage('no-manifest') && outcome.snapshot !== undefined) writeSnapshot(database, outcome.snapshot)
      database.transaction(() => {
        if (!sabotage('no-state-transaction')) addFindings(outcome.findings)
        if (outcome.snapshot !== undefined) writeSnapshot(database, outcome.snapshot)
      })
      if (sabotage('no-state-transaction') && outcome.findings.length > 0) {
        addFindings(withheld)
        withheld = outcome.findings
      }
      failpoint('after-findings-before-commit')
      if (outcome.findings.length > 0) onFindings()
    },
    async close() {},
  }
}

/** Chunks that did not change are not written again. A snapshot of a lower position never replaces a higher one. */
function writeSnapshot(database: Database, snapshot: NonNullable<Outcome['snapshot']>): void {
  const { log, partition, next, ruleSetHash, watermarkMs, chunks } = snapshot
  const before = database.get('SELECT next FROM snapshots WHERE log = ? AND partition = ?', log, partition)
  if (before !== undefined && Number(before['next']) > next) return
  database.run(
    'INSERT OR REPLACE INTO snapshots (log, partition, next, rule_set_hash, watermark_ms, chunks) VALUES (?, ?, ?, ?, ?, ?)',
    ...[log, partition, next, ruleSetHash, Math.trunc(watermarkMs), chunks.size],
  )
  const kept = database.all('SELECT name, sha256 FROM chunks WHERE log = ? AND partition = ?', log, partition)
  const hashes = new Map(kept.map((row) => [String(row['name']), String(row['sha256'])]))
  for (const name of hashes.keys())
    if (!chunks.has(name))
      database.run('DELETE FROM chunks WHERE log = ? AND partition = ? AND name = ?', log, partition, name)
  for (const [name, bytes] of chunks) {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    if (hashes.get(name) === sha256) continue
    database.run(
      'INSERT OR REPLACE INTO chunks (log, partition, name, sha256, bytes) VALUES (?, ?, ?, ?, ?)',
      ...[log, partition, name, sha256, bytes],
    )
    failpoint('between-snapshot-chunks')
  }
}

function restore(database: Database, log: string, partition: number, notAfter: number): Snapshot | undefined {
  const row = database.get(
    'SELECT next, rule_set_hash, watermark_ms, chunks FROM snapshots WHERE log = ? AND partition = ? AND next <= ?',
    ...[log, partition, notAfter],
  )
  if (row === undefined) return undefined
  const chunks = new Map<string, Uint8Array>()
  for (const chunk of database.all(
    'SELECT name, sha256, bytes FROM chunks WHERE log = ? AND partition = ?',
    log,
    partition,
  )) {
    const bytes = chunk['bytes'] as Uint8Array
    if (createHash('sha256').update(bytes).digest('hex') !== chunk['sha256'])
      throw new AuditdError('state_corrupt', 'ledger', String(chunk['name']), 'the chunk does not match its checksum')
    chunks.set(String(chunk['name']), bytes)
  }
  if (chunks.size !== Number(row['chunks']) && !sabotage('no-manifest'))
    throw new AuditdError('state_corrupt', 'ledger', 'chunks', `${chunks.size} of ${row['chunks']} are there`)
  return {
    log,
    partition,
    next: Number(row['next']),
    ruleSetHash: String(row['rule_set_hash']),
    watermarkMs: Number(row['watermark_ms']),
    chunks,
  }
}
