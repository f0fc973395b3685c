/** Proof over the rows of `events`: signed manifests of consecutive rows, chained per log and partition, and signed tombstones for rows that went. */

/** What a manifest is signed over: everything but the packed bytes, of which it holds the hash. */
export interface ManifestHead {
  readonly log: string
  readonly partition: number
  /** From 1; the one before has the number below. */
  readonly number: number
  /** Lowest offset of its rows, and the offset after the highest. */
  readonly first: number
  readonly next: number
  /** Rows. */
  readonly count: number
  /** Earliest and latest receipt of its rows, as the column prints it. */
  readonly receivedFrom: string
  readonly receivedTo: string
  /** SHA-256 over positions, row hashes and identity hashes. */
  readonly contentHash: string
  /** Hash of the manifest before; '' for the first. */
  readonly previous: string
  readonly keyId: string
}
export interface SignedHead extends ManifestHead {
  /** SHA-256 of the signed text. */
  readonly hash: string
  /** Ed25519 over the signed text, base64. */
  readonly signature: string
}
/** What a manifest says of its rows, in the order of positions. */
export interface ProofContent {
  /** Runs of (offset, first index, rows) as base64 of variable-length numbers. */
  readonly positions: string
  /** Base64 of 16 bytes a row, a block of rows an element. */
  readonly rowHashes: readonly string[]
  /** Base64 of 8 bytes a row: hashes of (tenant, server_id, event_id), which show that a copy gave way to the row received first. */
  readonly identityHashes: readonly string[]
}
export interface ProofManifest extends SignedHead, ProofContent {}
/** Rows without a manifest, with their earliest and latest receipt; both '' when there are none. */
export interface UnsealedContent extends ProofContent {
  readonly receivedFrom: string
  readonly receivedTo: string
}

export const TOMBSTONE_REASONS = ['retention', 'duplicate', 'erase'] as const
export type TombstoneReason = (typeof TOMBSTONE_REASONS)[number]
/** Rows that went, or are about to, with leave. */
export interface Tombstone {
  readonly id: string
  readonly log: string
  readonly partition: number
  /** Manifest of the rows; 0 when they had none yet. */
  readonly number: number
  readonly count: number
  /** Packed as those of a manifest. */
  readonly positions: string
  readonly reason: TombstoneReason
  /** RFC 3339 UTC. */
  readonly at: string
  /** Who asked for it: a job, or the name given. */
  readonly by: string
  readonly note: string
  readonly keyId: string
  readonly signature: string
}
/** A key that signs, under the hash of itself: nobody can put another key in its place. */
export interface ProofKey {
  readonly keyId: string
  /** SPKI DER, base64. */
  readonly publicKey: string
}
/** How far the chain of one partition reaches, as kept outside the store. */
export interface ProofHead {
  readonly log: string
  readonly partition: number
  readonly number: number
  readonly hash: string
  /** Offset before which every row is in a manifest or in `pending`. */
  readonly next: number
  /** Rows stored and not yet in a manifest. */
  readonly pending: UnsealedContent
  /** Of a service that does not run: rows that were on their way, and may be stored or not. Nothing else is newer. */
  readonly onTheirWay?: UnsealedContent
}

export const manifestText = (head: ManifestHead): string =>
  JSON.stringify([
    ...['mcp-auditd manifest 1', head.log, head.partition, head.number, head.first, head.next, head.count],
    ...[head.receivedFrom, head.receivedTo, head.contentHash, head.previous, head.keyId],
  ])

export const tombstoneText = (tombstone: Omit<Tombstone, 'signature'>): string =>
  JSON.stringify([
    ...['mcp-auditd tombstone 1', tombstone.id, tombstone.log, tombstone.partition, tombstone.number],
    ...[tombstone.count, tombstone.positions, tombstone.reason, tombstone.at, tombstone.by, tombstone.note],
    tombstone.keyId,
  ])

/** Where one row stands. */
export interface RowPlace {
  readonly log: string
  readonly partition: number
  readonly offset: number
  readonly index: number
}
/** Where the proof is kept. Writes are durable when they resolve and harmless when repeated. */
export interface ProofStore {
  insertManifests(manifests: readonly ProofManifest[]): Promise<void>
  insertTombstones(tombstones: readonly Tombstone[]): Promise<void>
  insertProofKey(key: ProofKey): Promise<void>
  /** Signed heads above a number, by number; asked where it comes after every write of this service. */
  manifestsAfter(log: string, partition: number, number: number): Promise<readonly SignedHead[]>
  /** Lines of stored rows with their offset in [from, to), by position. */
  storedLines(log: string, partition: number, from: number, to: number): Promise<readonly string[]>
  /** Deletes exactly these rows of `events`; they have tombstones. Taken up by `resumeRemovals` when the service died halfway. */
  removeRows(rows: readonly RowPlace[]): Promise<void>
  /** Removals that were begun: how many there were. */
  resumeRemovals(): Promise<number>
  /** Deletes findings and alerts that mention one of these keys; answers how many there were. */
  removeMentions(tenant: string, keys: readonly string[]): Promise<number>
}
