/** The ledger: one SQLite file for everything small that must change together: findings, snapshots, alerts, deliveries, dead letters. */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { AuditdError } from '../../schemas/errors.ts'

/** Schema by version; `user_version` says how many were applied. Only ever appended. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE findings (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     finding_id TEXT NOT NULL UNIQUE,
     body TEXT,
     grouped_at_ms INTEGER
   ) STRICT;
   CREATE INDEX findings_grouped ON findings (grouped_at_ms) WHERE grouped_at_ms IS NOT NULL;
   CREATE TABLE snapshots (
     log TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
     rule_set_hash TEXT NOT NULL, watermark_ms INTEGER NOT NULL, chunks INTEGER NOT NULL,
     PRIMARY KEY (log, partition)
   ) STRICT;
   CREATE TABLE chunks (
     log TEXT NOT NULL, partition INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes BLOB NOT NULL,
     PRIMARY KEY (log, partition, name)
   ) STRICT;
   CREATE TABLE alerts (alert_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL, changed_at_ms INTEGER NOT NULL) STRICT;
   CREATE TABLE deliveries (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     target TEXT NOT NULL, alert_id TEXT NOT NULL, revision INTEGER NOT NULL,
     body TEXT, attempt INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
     settled_at_ms INTEGER,
     UNIQUE (target, alert_id, revision)
   ) STRICT;
   CREATE INDEX deliveries_due ON deliveries (target, seq) WHERE state = 'due';
   CREATE TABLE cursors (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
   CREATE TABLE dead_letters (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     at TEXT NOT NULL, component TEXT NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, tenant TEXT NOT NULL,
     position TEXT, digest TEXT NOT NULL
   ) STRICT;`,
  `ALTER TABLE findings ADD COLUMN kind TEXT NOT NULL DEFAULT 'finding';
   ALTER TABLE deliveries ADD COLUMN bundle TEXT NOT NULL DEFAULT '';
   CREATE INDEX deliveries_bundled ON deliveries (target, bundle) WHERE state = 'due' AND bundle != '';
   CREATE TABLE decisions (
     tenant TEXT NOT NULL, rule TEXT NOT NULL, entity TEXT NOT NULL, body TEXT NOT NULL, recorded_at_ms INTEGER NOT NULL,
     PRIMARY KEY (tenant, rule, entity)
   ) STRICT;`,
  'CREATE TABLE job_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;',
]

/** Statements are prepared once; a transaction is one fsync (WAL, synchronous=FULL), and the disk has it when `transaction` returns. */
export class Database {
  private readonly sqlite: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()

  constructor(path: string) {
    try {
      this.sqlite = new DatabaseSync(path)
      this.sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;')
    } catch (error) {
      throw new AuditdError('state_corrupt', 'ledger', path, String(error), error)
    }
    this.migrate(path)
  }

  get(sql: string, ...values: (string | number | Uint8Array | null)[]): Record<string, unknown> | undefined {
    return this.prepared(sql).get(...values) as Record<string, unknown> | undefined
  }
  all(sql: string, ...values: (string | number | Uint8Array | null)[]): readonly Record<string, unknown>[] {
    return this.prepared(sql).all(...values) as Record<string, unknown>[]
  }
  /** Rows changed. */
  run(sql: string, ...values: (string | number | Uint8Array | null)[]): number {
    return Number(this.prepared(sql).run(...values).changes)
  }

  /** All of `work` or nothing of it. A full disk is trouble of the moment, so it is transient. */
  transaction<Result>(work: () => Result): Result {
    this.sqlite.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.sqlite.exec('COMMIT')
      return result
    } catch (error) {
      if (this.sqlite.isTransaction) this.sqlite.exec('ROLLBACK')
      if (error instanceof AuditdError) throw error
      throw new AuditdError('store_unavailable', 'ledger', 'transaction', String(error), error)
    }
  }

  close(): void {
    this.statements.clear()
    if (this.sqlite.isOpen) this.sqlite.close()
  }

  private prepared(sql: string): StatementSync {
    const known = this.statements.get(sql)
    if (known !== undefined) return known
    const statement = this.sqlite.prepare(sql)
    this.statements.set(sql, statement)
    return statement
  }

  private migrate(path: string): void {
    const version = Number(this.get('PRAGMA user_version')?.['user_version'] ?? 0)
    if (version > MIGRATIONS.length)
      throw new AuditdError('config_invalid', 'ledger', path, `was written by a newer version (schema ${version})`)
    for (const [i, sql] of MIGRATIONS.entries()) {
      if (i < version) continue
      this.transaction(() => this.sqlite.exec(`${sql} PRAGMA user_version = ${i + 1};`))
    }
  }
}
