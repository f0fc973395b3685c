/** Dead letters in the ledger: what was refused and why, by number, the oldest gone first. */
import type { DeadLetter, DeadLetterCount, DeadLetters } from '../../schemas/ports.ts'
import type { Position } from '../../schemas/position.ts'
import type { Database } from './database.ts'

/** A flood of refused input must not fill the disk; counters know the true number. */
const KEPT = 100_000

export type StoredDeadLetter = DeadLetter & { readonly id: number }
export interface LedgerDeadLetters extends DeadLetters, DeadLetterCount {
  /** Newest first, older than `before` when given. */
  list(limit: number, before?: number): readonly StoredDeadLetter[]
  show(id: number): StoredDeadLetter | undefined
}

export function ledgerDeadLetters(database: Database): LedgerDeadLetters {
  return {
    async add(letters) {
      if (letters.length === 0) return
      database.transaction(() => {
        for (const letter of letters)
          database.run(
            'INSERT INTO dead_letters (at, component, field, reason, tenant, position, digest) VALUES (?, ?, ?, ?, ?, ?, ?)',
            ...[letter.at, letter.component, letter.field, letter.reason, letter.tenant],
            letter.position === undefined ? null : JSON.stringify(letter.position),
            letter.digest,
          )
        database.run('DELETE FROM dead_letters WHERE id <= (SELECT max(id) FROM dead_letters) - ?', KEPT)
      })
    },
    // Numbers are never given twice.
    total: async () => Number(database.get('SELECT coalesce(max(id), 0) AS total FROM dead_letters')?.['total'] ?? 0),
    list: (limit, before = Number.MAX_SAFE_INTEGER) =>
      database.all('SELECT * FROM dead_letters WHERE id < ? ORDER BY id DESC LIMIT ?', before, limit).map(letterOf),
    show(id) {
      const row = database.get('SELECT * FROM dead_letters WHERE id = ?', id)
      return row === undefined ? undefined : letterOf(row)
    },
  }
}

const letterOf = (row: Record<string, unknown>): StoredDeadLetter => ({
  id: Number(row['id']),
  at: String(row['at']),
  component: String(row['component']),
  field: String(row['field']),
  reason: String(row['reason']),
  tenant: String(row['tenant']),
  digest: String(row['digest']),
  ...(row['position'] === null ? {} : { position: JSON.parse(String(row['position'])) as Position }),
})
