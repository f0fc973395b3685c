/** What a verification reads: the store of a service, running or idle, files written once, or what a test holds in memory. */
import type { ProofHead, ProofKey, ProofManifest, SignedHead, Tombstone } from '../../schemas/proof.ts'
import type { StoredLine } from '../../schemas/stored-row.ts'

/** Manifests of one question: their rows are 32 bytes each, and their hashes stand in the statement, whose length is bounded. */
const ROWS_A_QUESTION = 200_000
const MANIFESTS_A_QUESTION = 500

/** Heads cut into lists that one question may be about. */
export function* questionsOf(heads: readonly SignedHead[]): Generator<readonly SignedHead[]> {
  for (let from = 0; from < heads.length; ) {
    let to = from
    for (let rows = 0; to < heads.length && to - from < MANIFESTS_A_QUESTION && rows < ROWS_A_QUESTION; to++)
      rows += heads[to]!.count
    yield heads.slice(from, to)
    from = to
  }
}

export interface ProofSource {
  /** Public keys as they stand beside the manifests: nobody vouches for them. */
  keys(): Promise<readonly ProofKey[]>
  /** How far chains reach by what is kept outside the store; empty when nobody can say. */
  heads(): Promise<readonly ProofHead[]>
  manifestHeads(): Promise<readonly SignedHead[]>
  /** Whole manifests by their hash. */
  manifests(hashes: readonly string[]): Promise<readonly ProofManifest[]>
  /** All of them, page by page. */
  allTombstones(): AsyncIterable<readonly Tombstone[]>
  /** Tombstones of these numbers of one chain, and those of rows that had no manifest yet. */
  tombstones(log: string, partition: number, from: number, to: number): Promise<readonly Tombstone[]>
  /** Days (UTC, `YYYY-MM-DD`) on which stored rows were received, rising. */
  days(): Promise<readonly string[]>
  /** Stored rows received on a day, page by page; copies stand as often as they are stored. */
  rows(day: string): AsyncIterable<readonly StoredLine[]>
}

/** A source that can also be asked for the rows of one manifest. */
export interface RowsByManifest {
  /** Stored rows at positions of its range, by position. */
  rowsOf(head: SignedHead): AsyncIterable<readonly StoredLine[]>
}
