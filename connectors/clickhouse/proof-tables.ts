/** The tables of the proof: their columns for an insert, and manifests and tombstones as rows and back. */
import type { ProofKey, ProofManifest, SignedHead, Tombstone, TombstoneReason } from '../../schemas/proof.ts'
import { table } from './tables.ts'

const LOW = 'LowCardinality(String)'
const HEAD_COLUMNS = [
  ['position_log', LOW],
  ['position_partition', 'UInt32'],
  ['number', 'UInt64'],
  ['first_offset', 'UInt64'],
  ['next_offset', 'UInt64'],
  ['row_count', 'UInt64'],
  ['received_from', "DateTime64(3, 'UTC')"],
  ['received_to', "DateTime64(3, 'UTC')"],
  ['content_hash', 'String'],
  ['previous_hash', 'String'],
  ['manifest_hash', 'String'],
  ['key_id', LOW],
  ['signature', 'String'],
] as const
export const MANIFESTS = table('proof_manifests', [
  ...HEAD_COLUMNS,
  ['positions', 'String'],
  ['row_hashes', 'Array(String)'],
  ['identity_hashes', 'Array(String)'],
])
export const TOMBSTONES = table('proof_tombstones', [
  ['id', 'String'],
  ['position_log', LOW],
  ['position_partition', 'UInt32'],
  ['number', 'UInt64'],
  ['row_count', 'UInt64'],
  ['positions', 'String'],
  ['reason', LOW],
  ['signed_at', "DateTime64(3, 'UTC')"],
  ['signed_for', 'String'],
  ['note', 'String'],
  ['key_id', LOW],
  ['signature', 'String'],
])
export const PROOF_KEYS = table('proof_keys', [
  ['key_id', 'String'],
  ['public_key', 'String'],
])
export const REMOVALS = table('proof_removals', [
  ['run', 'String'],
  ['position_log', LOW],
  ['position_partition', 'UInt32'],
  ['position_offset', 'UInt64'],
  ['position_index', 'UInt32'],
])

/** Numbers as text: what somebody wrote there may be larger than what we write. */
const asText = (columns: readonly (readonly [name: string, type: string])[]): string =>
  columns.map(([name, type]) => (/^(UInt64|DateTime64)/.test(type) ? `toString(${name})` : name)).join(', ')
export const HEAD_SELECT = asText(HEAD_COLUMNS)
export const CONTENT_SELECT = 'positions, row_hashes, identity_hashes'
export const TOMBSTONE_SELECT = asText(TOMBSTONES.columns)
export const KEY_SELECT = 'key_id, public_key'

const headValues = (m: SignedHead): readonly unknown[] => [
  ...[m.log, m.partition, m.number, m.first, m.next, m.count, m.receivedFrom, m.receivedTo, m.contentHash],
  ...[m.previous, m.hash, m.keyId, m.signature],
]
export const manifestRow = (m: ProofManifest): string =>
  JSON.stringify([...headValues(m), m.positions, m.rowHashes, m.identityHashes])
export const tombstoneRow = (t: Tombstone): string =>
  JSON.stringify([
    ...[t.id, t.log, t.partition, t.number, t.count, t.positions, t.reason, columnTime(t.at), t.by, t.note],
    ...[t.keyId, t.signature],
  ])
export const keyRow = (key: ProofKey): string => JSON.stringify([key.keyId, key.publicKey])

/** An answer to HEAD_SELECT, and CONTENT_SELECT after it where that was asked for. */
export function headOf(answered: readonly unknown[]): SignedHead {
  const text = answered as readonly string[]
  return {
    log: text[0]!,
    partition: Number(answered[1]),
    number: Number(answered[2]),
    first: Number(answered[3]),
    next: Number(answered[4]),
    count: Number(answered[5]),
    receivedFrom: text[6]!,
    receivedTo: text[7]!,
    contentHash: text[8]!,
    previous: text[9]!,
    hash: text[10]!,
    keyId: text[11]!,
    signature: text[12]!,
  }
}
export const manifestOf = (answered: readonly unknown[]): ProofManifest => ({
  ...headOf(answered),
  positions: answered[HEAD_COLUMNS.length] as string,
  rowHashes: answered[HEAD_COLUMNS.length + 1] as string[],
  identityHashes: answered[HEAD_COLUMNS.length + 2] as string[],
})
export const tombstoneOf = (answered: readonly unknown[]): Tombstone => {
  const text = answered as readonly string[]
  return {
    id: text[0]!,
    log: text[1]!,
    partition: Number(answered[2]),
    number: Number(answered[3]),
    count: Number(answered[4]),
    positions: text[5]!,
    reason: text[6] as TombstoneReason,
    at: `${text[7]!.slice(0, 10)}T${text[7]!.slice(11)}Z`,
    by: text[8]!,
    note: text[9]!,
    keyId: text[10]!,
    signature: text[11]!,
  }
}

/** Whether a text holds one of these keys (hex digits and dashes) whole: a key that another one begins with is not that one. */
export function holdsKey(column: string, keys: readonly string[]): string {
  const quoted = keys.map((key) => `'${key}'`).join(', ')
  // The search is fast and leaves few texts for the pattern.
  return `(multiSearchAny(${column}, [${quoted}]) AND match(${column}, '(^|[^0-9a-f])(${keys.join('|')})([^0-9a-f]|$)'))`
}

const columnTime = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, -1)}`
