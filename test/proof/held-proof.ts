// A store’s rows and proof, exported and held in memory as the engine answered them, so that an edit costs nothing and can be taken back.
import type { ProofSource } from '../../cli/proof/source.ts'
import type { ProofHead, ProofKey, ProofManifest, Tombstone } from '../../schemas/proof.ts'
import { ROW_COLUMNS } from '../../schemas/row.ts'
import { lineOfStored, STORED_ROW_COLUMNS } from '../../schemas/stored-row.ts'

/** Values of one row in the order of ROW_COLUMNS as selected for a verification, and whether all its texts are UTF-8. */
export type HeldRow = unknown[]
export interface HeldProof {
  rows: HeldRow[]
  manifests: ProofManifest[]
  tombstones: Tombstone[]
  keys: ProofKey[]
  heads: ProofHead[]
}
export const columnAt = (name: string): number => ROW_COLUMNS.findIndex(([column]) => column === name)
const RECEIVED_AT = columnAt('received_at')
export const dayOf = (row: HeldRow): string => String(row[RECEIVED_AT]).slice(0, 10)

/** Everything a verification would read. */
export async function exported(ask: (sql: string) => Promise<string>, source: ProofSource): Promise<HeldProof> {
  const answer = await ask(`SELECT ${STORED_ROW_COLUMNS} FROM events ORDER BY position_offset, position_index`)
  const rows = answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HeldRow)
  const hashes = (await source.manifestHeads()).map(({ hash }) => hash)
  const tombstones: Tombstone[] = []
  for await (const page of source.allTombstones()) tombstones.push(...page)
  const manifests = (await source.manifests(hashes)).toSorted((a, b) => a.number - b.number)
  return { rows, manifests, tombstones, keys: [...(await source.keys())], heads: [...(await source.heads())] }
}

export const heldSource = (held: HeldProof): ProofSource => ({
  keys: async () => held.keys,
  heads: async () => held.heads,
  manifestHeads: async () => held.manifests,
  manifests: async (hashes) => held.manifests.filter(({ hash }) => hashes.includes(hash)),
  async *allTombstones() {
    yield held.tombstones
  },
  tombstones: async (log, partition, from, to) =>
    held.tombstones.filter(
      (each) =>
        each.log === log &&
        each.partition === partition &&
        (each.number === 0 || (each.number >= from && each.number <= to)),
    ),
  days: async () => [...new Set(held.rows.map(dayOf))].sort(),
  async *rows(day) {
    const lines = held.rows.filter((row) => dayOf(row) === day)
    for (let from = 0; from < lines.length; from += 500)
      yield lines.slice(from, from + 500).map((row) => lineOfStored(JSON.stringify(row)))
  },
})
