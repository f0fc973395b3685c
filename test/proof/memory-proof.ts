// A proof and its rows in memory, for tests of who seals what: lines by position, manifests as they come.
import { canonicalLineOf } from '../../cli/proof/row-facts.ts'
import type { ProofSource } from '../../cli/proof/source.ts'
import type { ProofHead, ProofKey, ProofManifest, ProofStore, Tombstone } from '../../schemas/proof.ts'
import type { StoredLine } from '../../schemas/stored-row.ts'

export interface MemoryProof extends ProofStore {
  readonly manifests: ProofManifest[]
  readonly tombstones: Tombstone[]
  /** Lines as the store would give them back. */
  lines: string[]
  source(heads?: readonly ProofHead[]): ProofSource
}

export function memoryProof(): MemoryProof {
  const manifests: ProofManifest[] = []
  const tombstones: Tombstone[] = []
  const keys: ProofKey[] = []
  const proof: MemoryProof = {
    manifests,
    tombstones,
    lines: [],
    insertManifests: async (added) => void manifests.push(...added),
    insertTombstones: async (added) => void tombstones.push(...added),
    insertProofKey: async (key) => void keys.push(key),
    manifestsAfter: async (log, partition, number) =>
      manifests
        .filter((each) => each.log === log && each.partition === partition && each.number > number)
        .toSorted((a, b) => a.number - b.number),
    storedLines: async (log, partition, from, to) =>
      proof.lines
        .map((line) => storedOf(canonicalLineOf(line)))
        .filter((row) => row.log === log && row.partition === partition && row.offset >= from && row.offset < to)
        .map(({ line }) => line),
    async removeRows(places) {
      const gone = new Set(places.map(({ offset, index }) => `${offset}/${index}`))
      proof.lines = proof.lines.filter((line) => {
        const { offset, index } = storedOf(line)
        return !gone.has(`${offset}/${index}`)
      })
    },
    resumeRemovals: async () => 0,
    removeMentions: async () => 0,
    source: (heads = []) => ({
      keys: async () => keys,
      heads: async () => heads,
      manifestHeads: async () => manifests,
      manifests: async (hashes) => manifests.filter(({ hash }) => hashes.includes(hash)),
      async *allTombstones() {
        yield tombstones
      },
      tombstones: async () => tombstones,
      days: async () => [...new Set(proof.lines.map(dayOf))].sort(),
      async *rows(day) {
        yield proof.lines.filter((line) => dayOf(line) === day).map((line) => storedOf(canonicalLineOf(line)))
      },
    }),
  }
  return proof
}

const dayOf = (line: string): string => (JSON.parse(line) as string[])[5]!.slice(0, 10)
function storedOf(line: string): StoredLine {
  const row = JSON.parse(line) as unknown[]
  const [log, partition, offset, index] = row.slice(-4) as [string, number, number, number]
  return { line, log, partition, offset, index, eventId: row[3] as string, isWellFormed: true }
}
