// Makes random edits on a held proof, one at a time, and asks the verification what was done.

import { verifyProof } from '../../cli/proof/verification.ts'
import type { ProofKey } from '../../schemas/proof.ts'
import { Random } from '../faults/random.ts'
import { type EditKind, unnamed } from './edit.ts'
import { EDIT_KINDS } from './edits.ts'
import { type HeldProof, heldSource } from './held-proof.ts'

export interface EditRun {
  readonly made: number
  readonly found: number
  /** How often each kind was made. */
  readonly kinds: ReadonlyMap<string, number>
  readonly missed: readonly string[]
}

export async function runEdits(held: HeldProof, count: number, seed: number): Promise<EditRun> {
  const random = new Random(seed)
  const own = { log: held.manifests[0]!.log, keys: held.keys as readonly ProofKey[] }
  const kinds = new Map<string, number>()
  const missed: string[] = []
  let made = 0
  while (made < count) {
    const copy = structuredClone(held)
    const edit = chosen(random)(copy, random)
    if (edit === undefined) continue
    made += 1
    kinds.set(edit.name, (kinds.get(edit.name) ?? 0) + 1)
    const { faults } = await verifyProof(heldSource(copy), { own, mostFaults: 100_000 })
    const left = unnamed(edit.expected, faults)
    if (faults.length === 0) missed.push(`${edit.name}: nothing was found`)
    else if (left.length > 0)
      missed.push(`${edit.name}: not named ${JSON.stringify(left[0])}; found ${JSON.stringify(faults.slice(0, 3))}`)
  }
  return { made, found: made - missed.length, kinds, missed }
}

function chosen(random: Random): EditKind {
  let left = random.between(
    1,
    EDIT_KINDS.reduce((sum, [weight]) => sum + weight, 0),
  )
  for (const [weight, kind] of EDIT_KINDS) {
    left -= weight
    if (left <= 0) return kind
  }
  return EDIT_KINDS[0]![1]
}

/** The newest manifest is taken back: its rows are what the state knows and no manifest holds yet. */
export function withTail(held: HeldProof): HeldProof {
  const manifests = [...held.manifests]
  const { positions, rowHashes, identityHashes, receivedFrom, receivedTo, previous, number, next, log, partition } =
    manifests.pop()!
  const none = { positions: '', rowHashes: [], identityHashes: [], receivedFrom: '', receivedTo: '' }
  const head = {
    log,
    partition,
    number: number - 1,
    hash: previous,
    next,
    pending: { positions, rowHashes, identityHashes, receivedFrom, receivedTo },
    onTheirWay: none,
  }
  return { ...held, manifests, heads: [head] }
}
