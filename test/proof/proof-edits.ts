// Edits of what proves the rows: manifests, keys, tombstones.
import { createHash, generateKeyPairSync } from 'node:crypto'
import { signerOf } from '../../cli/proof/signer.ts'
import { contentHash } from '../../cli/proof/unsealed-rows.ts'
import { manifestText, type ProofManifest, type Tombstone, tombstoneText } from '../../schemas/proof.ts'
import type { Random } from '../faults/random.ts'
import { type EditKind, type Expected, INDEX, OFFSET, pick, rowFault, segmentOf } from './edit.ts'

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
export const changeManifest: EditKind = (held, random) => {
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
export const changeContent: EditKind = (held, random) => {
  const at = random.between(0, held.manifests.length - 1)
  const before = held.manifests[at]!
  const field = pick(random, ['positions', 'rowHashes', 'identityHashes'] as const)
  const value = before[field]
  const changed =
    typeof value === 'string' ? otherText(value, random) : [otherText(value[0]!, random), ...value.slice(1)]
  held.manifests[at] = { ...before, [field]: changed }
  return { name: `manifest ${field}`, expected: [{ kinds: ['manifest-changed'], segment: before.number }] }
}
export const removeManifest: EditKind = (held, random) => {
  const at = random.between(0, held.manifests.length - 1)
  const [gone] = held.manifests.splice(at, 1)
  return { name: 'a manifest removed', expected: [{ kinds: ['manifest-missing', 'chain-cut'], segment: gone!.number }] }
}
export const swapManifests: EditKind = (held, random) => {
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
export const doubleManifest: EditKind = (held, random) => {
  const before = pick(random, held.manifests)
  held.manifests.push({ ...before, rowHashes: [...before.rowHashes].map((block) => otherText(block, random)) })
  return {
    name: 'a second manifest under the same hash',
    expected: [{ kinds: ['manifest-changed'], segment: before.number }],
  }
}

const thief = signerOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
export const resignChain: EditKind = (held, random) => {
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
export const changeKey: EditKind = (held) => {
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
export const changeTombstone: EditKind = (held, random) => {
  const at = random.between(0, held.tombstones.length - 1)
  const before = held.tombstones[at]!
  const field = pick(random, TOMBSTONE_FIELDS)
  const value = before[field]
  const changed = typeof value === 'number' ? value + 1 : value === '' ? 'a' : otherText(value, random)
  const after = { ...before, [field]: changed } as Tombstone
  held.tombstones[at] = after
  return { name: `tombstone ${field}`, expected: [{ kinds: ['tombstone-forged'], reason: after.id }] }
}
export const widenTombstone: EditKind = (held, random) => {
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
export const forgeTombstone: EditKind = (held, random) => {
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
  // He may also put his key beside the others.
  if (random.chance(0.5)) held.keys = [...held.keys, thief.key]
  return {
    name: 'a tombstone by a stranger',
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
export const removeTombstone: EditKind = (held, random) => {
  const at = random.between(0, held.tombstones.length - 1)
  const before = held.tombstones[at]!
  // Copies that gave way are explained by the row that stayed.
  if (before.reason === 'duplicate') return undefined
  held.tombstones.splice(at, 1)
  return { name: 'a tombstone removed', expected: [{ kinds: ['row-missing'], segment: before.number }] }
}
