// Edits that somebody with write access to the store may make: each changes a held proof, and says what a verification must name.
import { createHash, generateKeyPairSync } from 'node:crypto'
import { signerOf } from '../../cli/proof/signer.ts'
import { contentHash } from '../../cli/proof/unsealed-rows.ts'
import type { Fault, FaultKind } from '../../cli/proof/verdict.ts'
import { manifestText, type ProofManifest, type Tombstone, tombstoneText } from '../../schemas/proof.ts'
import { ROW_COLUMNS } from '../../schemas/row.ts'
import type { Random } from '../faults/random.ts'
import { columnAt, type HeldProof, type HeldRow } from './held-proof.ts'

/** What must be among the faults: a row by its position, or a manifest or tombstone by what the fault says. */
export interface Expected {
  readonly kinds: readonly FaultKind[]
  readonly segment?: number
  readonly position?: string
  readonly reason?: string
}
export interface Edit {
  readonly name: string
  readonly expected: readonly Expected[]
}
/** Undefined where this proof has nothing of the kind. */
export type EditKind = (held: HeldProof, random: Random) => Edit | undefined

const [OFFSET, INDEX, EVENT_ID] = [columnAt('position_offset'), columnAt('position_index'), columnAt('event_id')]
const RECEIVED_AT = columnAt('received_at')
export const positionOf = (row: HeldRow): string => `${row[OFFSET] as string}/${row[INDEX] as number}`
const pick = <T>(random: Random, list: readonly T[]): T => list[random.between(0, list.length - 1)]!

export function segmentOf(held: HeldProof, row: HeldRow): number {
  const offset = Number(row[OFFSET])
  return held.manifests.find(({ first, next }) => offset >= first && offset < next)?.number ?? 0
}
const rowFault = (
  held: HeldProof,
  row: HeldRow,
  kinds: readonly FaultKind[],
  segment = segmentOf(held, row),
): Expected => ({
  ...{ kinds, segment, position: positionOf(row) },
})

/** Another value of the column’s type, as the engine would answer it. */
export function otherValue(type: string, value: unknown, random: Random): unknown {
  const text = String(value)
  if (type.startsWith('Array')) {
    const list = value as string[]
    return list.length > 0 && random.chance(0.5) ? list.slice(1) : [...list, pick(random, ['', 'x', 'scp-999'])]
  }
  if (type === 'Bool') return !(value as boolean)
  if (type.startsWith('UInt64'))
    return random.chance(0.5) ? String(BigInt(text) + 1n) : String(2n ** 63n + BigInt(random.between(0, 9)))
  if (/^UInt/.test(type)) return (value as number) === 0 ? 1 : (value as number) - 1
  if (type.startsWith('Float'))
    return text === '0' && random.chance(0.3) ? '-0' : String(Number(text) * (1 + 2 ** -50) + 1e-9)
  if (type.startsWith('DateTime64(9')) return `${text.slice(0, -1)}${(Number(text.at(-1)) + 1) % 10}`
  if (type.startsWith('DateTime64'))
    return new Date(Date.parse(`${text.replace(' ', 'T')}Z`) + random.between(1, 86_400_000))
      .toISOString()
      .replace('T', ' ')
      .slice(0, -1)
  if (text.startsWith('{'))
    return text === '{}'
      ? '{"a":1}'
      : pick(random, [
          '{}',
          text.replace('{', '{ '),
          text.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)).concat(/\d/.test(text) ? '' : ' '),
        ])
  return pick(random, [
    `${text} `,
    text === '' ? 'x' : '',
    `${text}\u0000`,
    text === '' ? 'deny' : text.toUpperCase() === text ? `${text}a` : text.toUpperCase(),
  ])
}

const changeColumn: EditKind = (held, random) => {
  const row = pick(random, held.rows)
  const at = random.between(0, ROW_COLUMNS.length - 1)
  const [name, type] = ROW_COLUMNS[at]!
  const expected = rowFault(held, row, ['row-changed', 'row-missing'])
  row[at] = otherValue(type, row[at], random)
  return { name: `column ${name}`, expected: [expected] }
}
const brokenText: EditKind = (held, random) => {
  const row = pick(random, held.rows)
  const expected = rowFault(held, row, ['row-changed'])
  row[ROW_COLUMNS.length] = 0
  return { name: 'bytes that are no UTF-8', expected: [expected] }
}
const removeRow: EditKind = (held, random) => {
  const at = random.between(0, held.rows.length - 1)
  const [row] = held.rows.splice(at, 1)
  return { name: 'a row removed', expected: [rowFault(held, row!, ['row-missing'])] }
}
const removeSome: EditKind = (held, random) => {
  const from = random.between(0, held.rows.length - 1)
  const gone = held.rows.splice(from, random.between(2, 40))
  return { name: `${gone.length} rows removed`, expected: gone.map((row) => rowFault(held, row, ['row-missing'])) }
}
const swapPlaces: EditKind = (held, random) => {
  const [a, b] = [pick(random, held.rows), pick(random, held.rows)]
  if (a === b) return undefined
  const expected = [a, b].map((row) => rowFault(held, row, ['row-changed']))
  const [offset, index] = [a[OFFSET], a[INDEX]]
  a[OFFSET] = b[OFFSET]
  a[INDEX] = b[INDEX]
  b[OFFSET] = offset
  b[INDEX] = index
  return { name: 'two rows change places', expected }
}
const swapEvents: EditKind = (held, random) => {
  const [a, b] = [pick(random, held.rows), pick(random, held.rows)]
  const at = columnAt('principal_key')
  if (a[at] === b[at]) return undefined
  const expected = [a, b].map((row) => rowFault(held, row, ['row-changed']))
  const key = a[at]
  a[at] = b[at]
  b[at] = key
  return { name: 'two rows change principals', expected }
}
const insertRow: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[EVENT_ID] = 'f'.repeat(32)
  row[INDEX] = random.between(5_000, 9_000)
  held.rows.push(row)
  return { name: 'a row added within the log', expected: [{ kinds: ['row-inserted'], position: positionOf(row) }] }
}
const insertBehind: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[EVENT_ID] = 'e'.repeat(32)
  row[OFFSET] = String(10_000 + random.between(0, 1_000))
  held.rows.push(row)
  return { name: 'a row added behind the log', expected: [{ kinds: ['row-inserted'], position: positionOf(row) }] }
}
const insertStranger: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[columnAt('position_log')] = '0'.repeat(32)
  if (random.chance(0.5)) row[RECEIVED_AT] = '2020-01-01 00:00:00.000'
  held.rows.push(row)
  return { name: 'a row of a log that is none', expected: [{ kinds: ['row-inserted'], position: positionOf(row) }] }
}
const insertTwin: EditKind = (held, random) => {
  const row = structuredClone(pick(random, held.rows))
  row[columnAt('decision')] = row[columnAt('decision')] === 'allow' ? 'deny' : 'allow'
  const expected = rowFault(held, row, ['row-changed'])
  held.rows.push(row)
  return { name: 'another row at the place of one', expected: [expected] }
}
const restoreErased: EditKind = (held, random) => {
  // What was erased is brought back with other content: its hash is still known.
  const tombstone = pick(random, held.tombstones)
  const row = structuredClone(pick(random, held.rows))
  const packed = Buffer.from(tombstone.positions, 'base64')
  const offset = packed[0]! >= 128 ? (packed[0]! & 127) + packed[1]! * 128 : packed[0]!
  row[OFFSET] = String(offset)
  row[INDEX] = packed[packed[0]! >= 128 ? 2 : 1]!
  const expected = rowFault(held, row, ['row-changed'], tombstone.number)
  held.rows.push(row)
  return { name: 'another row where one was erased', expected: [expected] }
}
const truncate: EditKind = (held, random) => {
  const last = held.manifests.at(-1)!
  const keep = random.between(1, held.manifests.length - 1)
  const cut = held.manifests.splice(keep)
  const from = cut[0]!.first
  held.rows = held.rows.filter((row) => Number(row[OFFSET]) < from)
  return {
    name: `rows and manifests cut off after ${keep}`,
    expected: [{ kinds: ['chain-cut'], segment: last.number }],
  }
}
const truncateRows: EditKind = (held, random) => {
  const kept = held.rows.length - random.between(1, 60)
  const gone = held.rows.splice(kept)
  const unsealed = (row: HeldRow) => (Number(row[OFFSET]) < held.manifests.at(-1)!.next ? segmentOf(held, row) : 0)
  return {
    name: 'the newest rows cut off',
    expected: gone.map((row) => rowFault(held, row, ['row-missing'], unsealed(row))),
  }
}

const MANIFEST_FIELDS = [
  'log',
  'partition',
  'number',
  'first',
  'next',
  'count',
  'receivedFrom',
  'receivedTo',
  'contentHash',
  'previous',
  'hash',
  'keyId',
  'signature',
] as const
const changeManifest: EditKind = (held, random) => {
  const at = random.between(0, held.manifests.length - 1)
  const before = held.manifests[at]!
  const field = pick(random, MANIFEST_FIELDS)
  const value = before[field]
  const changed =
    typeof value === 'number' ? value + random.between(1, 5) : value === '' ? 'a' : otherText(value, random)
  held.manifests[at] = { ...before, [field]: changed }
  const moved = field === 'log' || field === 'partition' || field === 'number'
  const named: Expected = {
    kinds: moved ? ['manifest-missing', 'chain-cut'] : ['manifest-changed'],
    segment: before.number,
  }
  return { name: `manifest ${field}`, expected: [named] }
}
/** One character is another, also where the spelling of base64 leaves it open. */
function otherText(value: string, random: Random): string {
  const at = random.chance(0.3) ? value.replace(/=+$/, '').length - 1 : random.between(0, value.length - 1)
  const other = value[at] === 'a' ? 'b' : 'a'
  return value.slice(0, at) + other + value.slice(at + 1)
}
const changeContent: EditKind = (held, random) => {
  const at = random.between(0, held.manifests.length - 1)
  const before = held.manifests[at]!
  const field = pick(random, ['positions', 'rowHashes', 'identityHashes'] as const)
  const value = before[field]
  const changed =
    typeof value === 'string' ? otherText(value, random) : [otherText(value[0]!, random), ...value.slice(1)]
  held.manifests[at] = { ...before, [field]: changed }
  return { name: `manifest ${field}`, expected: [{ kinds: ['manifest-changed'], segment: before.number }] }
}
const removeManifest: EditKind = (held, random) => {
  const at = random.between(0, held.manifests.length - 1)
  const [gone] = held.manifests.splice(at, 1)
  return { name: 'a manifest removed', expected: [{ kinds: ['manifest-missing', 'chain-cut'], segment: gone!.number }] }
}
const swapManifests: EditKind = (held, random) => {
  const [a, b] = [random.between(0, held.manifests.length - 1), random.between(0, held.manifests.length - 1)]
  if (a === b) return undefined
  const [first, second] = [held.manifests[a]!, held.manifests[b]!]
  held.manifests[a] = { ...first, number: second.number }
  held.manifests[b] = { ...second, number: first.number }
  return {
    name: 'two manifests change numbers',
    expected: [
      { kinds: ['manifest-changed'], segment: first.number },
      { kinds: ['manifest-changed'], segment: second.number },
    ],
  }
}
const doubleManifest: EditKind = (held, random) => {
  const before = pick(random, held.manifests)
  held.manifests.push({ ...before, rowHashes: [...before.rowHashes].map((block) => otherText(block, random)) })
  return {
    name: 'a second manifest under the same hash',
    expected: [{ kinds: ['manifest-changed'], segment: before.number }],
  }
}

const thief = signerOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
const resignChain: EditKind = (held, random) => {
  // The whole chain from a manifest on is made anew with a key of the thief's own, which he puts beside the others.
  const at = random.between(0, held.manifests.length - 1)
  let { previous } = held.manifests[at]!
  held.manifests = held.manifests.map((manifest, i) => {
    if (i < at) return manifest
    const forged = resigned({ ...manifest, previous })
    previous = forged.hash
    return forged
  })
  held.keys = [...held.keys, thief.key]
  return { name: 'the chain signed anew by a stranger', expected: [{ kinds: ['key-not-pinned'], segment: at + 1 }] }
}
function resigned(manifest: ProofManifest): ProofManifest {
  const head = { ...manifest, contentHash: contentHash(manifest), keyId: thief.key.keyId }
  const text = manifestText(head)
  return { ...head, hash: createHash('sha256').update(text).digest('hex'), signature: thief.sign(text) }
}
const changeKey: EditKind = (held) => {
  const [key] = held.keys
  held.keys = [{ ...key!, publicKey: thief.key.publicKey }]
  return { name: 'another key under the same id', expected: [{ kinds: ['key-changed'], reason: key!.keyId }] }
}

const TOMBSTONE_FIELDS = [
  'id',
  'log',
  'partition',
  'number',
  'count',
  'positions',
  'reason',
  'at',
  'by',
  'note',
  'keyId',
  'signature',
] as const
const changeTombstone: EditKind = (held, random) => {
  const at = random.between(0, held.tombstones.length - 1)
  const before = held.tombstones[at]!
  const field = pick(random, TOMBSTONE_FIELDS)
  const value = before[field]
  const changed = typeof value === 'number' ? value + 1 : value === '' ? 'a' : otherText(value, random)
  const after = { ...before, [field]: changed } as Tombstone
  held.tombstones[at] = after
  return { name: `tombstone ${field}`, expected: [{ kinds: ['tombstone-forged'], reason: after.id }] }
}
const widenTombstone: EditKind = (held, random) => {
  // Rows go, and a tombstone of others is made to cover them.
  const row = pick(random, held.rows)
  held.rows.splice(held.rows.indexOf(row), 1)
  const at = random.between(0, held.tombstones.length - 1)
  const before = held.tombstones[at]!
  const run = [0, 0, 0].map(() => random.between(0, 100))
  const positions = Buffer.concat([Buffer.from(before.positions, 'base64'), Buffer.from(run)]).toString('base64')
  held.tombstones[at] = { ...before, positions }
  return {
    name: 'a row removed under a widened tombstone',
    expected: [rowFault(held, row, ['row-missing']), { kinds: ['tombstone-forged'], reason: before.id }],
  }
}
const forgeTombstone: EditKind = (held, random) => {
  const row = pick(random, held.rows)
  held.rows.splice(held.rows.indexOf(row), 1)
  const model = held.tombstones[0]!
  const unsigned = {
    ...model,
    id: 'd'.repeat(32),
    number: segmentOf(held, row),
    count: 1,
    positions: packedOne(Number(row[OFFSET]), row[INDEX] as number),
    keyId: thief.key.keyId,
  }
  held.tombstones.push({ ...unsigned, signature: thief.sign(tombstoneText(unsigned)) })
  return {
    name: 'a tombstone by an unknown key',
    expected: [rowFault(held, row, ['row-missing']), { kinds: ['tombstone-forged'], reason: 'd'.repeat(32) }],
  }
}
function packedOne(offset: number, index: number): string {
  const bytes: number[] = []
  for (const number of [offset, index, 1]) {
    let left = number
    for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
    bytes.push(left)
  }
  return Buffer.from(bytes).toString('base64')
}
const removeTombstone: EditKind = (held, random) => {
  const at = random.between(0, held.tombstones.length - 1)
  const before = held.tombstones[at]!
  // Copies that gave way are explained by the row that stayed.
  if (before.reason === 'duplicate') return undefined
  held.tombstones.splice(at, 1)
  return { name: 'a tombstone removed', expected: [{ kinds: ['row-missing'], segment: before.number }] }
}

/** By weight: rows are what most edits are about. */
export const EDIT_KINDS: readonly (readonly [weight: number, kind: EditKind])[] = [
  ...([
    [30, changeColumn],
    [2, brokenText],
    [10, removeRow],
    [4, removeSome],
    [6, swapPlaces],
    [3, swapEvents],
  ] as const),
  ...([
    [5, insertRow],
    [3, insertBehind],
    [2, insertStranger],
    [4, insertTwin],
    [2, restoreErased],
  ] as const),
  ...([
    [4, truncate],
    [4, truncateRows],
    [8, changeManifest],
    [5, changeContent],
    [4, removeManifest],
  ] as const),
  ...([
    [2, swapManifests],
    [2, doubleManifest],
    [2, resignChain],
    [1, changeKey],
    [5, changeTombstone],
  ] as const),
  ...([
    [2, widenTombstone],
    [2, forgeTombstone],
    [3, removeTombstone],
  ] as const),
]

/** Which of the expected nobody named. */
export const unnamed = (expected: readonly Expected[], faults: readonly Fault[]): readonly Expected[] =>
  expected.filter(
    ({ kinds, segment, position, reason }) =>
      !faults.some(
        (fault) =>
          kinds.includes(fault.kind) &&
          (segment === undefined || fault.segment === segment) &&
          (position === undefined || fault.position === position) &&
          (reason === undefined || fault.reason.includes(reason)),
      ),
  )
