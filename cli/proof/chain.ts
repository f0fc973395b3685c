/** The chain of one partition as its manifests tell it: which are genuine, which belong to it, and where it is cut. */
import { createHash } from 'node:crypto'
import { manifestText, type ProofHead, type SignedHead } from '../../schemas/proof.ts'
import type { KeyRing } from './signer.ts'
import type { Fault } from './verdict.ts'

export interface Chain {
  readonly log: string
  readonly partition: number
  /** Genuine manifests from the first to the newest. */
  readonly main: readonly SignedHead[]
  /** Genuine, and beside the chain. */
  readonly branches: readonly SignedHead[]
  /** By what is kept outside the store. */
  readonly head: ProofHead | undefined
  /** Offsets whose manifest is missing or changed: rows there are neither proven nor inserted. */
  readonly gaps: readonly (readonly [from: number, to: number])[]
  readonly faults: readonly Fault[]
}

/** The signature stands for every field; another spelling of the same bytes is a change too. */
const isGenuine = (head: SignedHead, ring: KeyRing): boolean => {
  const text = manifestText(head)
  return (
    createHash('sha256').update(text).digest('hex') === head.hash &&
    Buffer.from(head.signature, 'base64').toString('base64') === head.signature &&
    ring.isSigned(head.keyId, text, head.signature)
  )
}

/** `heads`: all manifests that name this log and partition. */
export function chainOf(
  log: string,
  partition: number,
  heads: readonly SignedHead[],
  head: ProofHead | undefined,
  ring: KeyRing,
): Chain {
  const faults: Fault[] = []
  const fault = (kind: Fault['kind'], segment: number, reason: string): void =>
    void faults.push({ kind, log, partition, segment, reason })
  const genuine = new Map<string, SignedHead>()
  for (const each of heads) {
    if (isGenuine(each, ring)) genuine.set(each.hash, each)
    else
      fault(
        'manifest-changed',
        each.number,
        ring.has(each.keyId)
          ? 'the manifest does not match its signature'
          : `it is signed with the unknown key ${each.keyId}`,
      )
  }
  const tip = tipOf([...genuine.values()], head)
  if (head !== undefined && head.number > 0 && !genuine.has(head.hash))
    fault('chain-cut', head.number, `the state knows manifest ${head.number}, the store ends at ${tip?.number ?? 0}`)
  const { main, cuts } = walk(tip, genuine)
  for (const [from, to] of cuts)
    fault('manifest-missing', from, from === to ? 'the manifest is gone' : `manifests ${from} to ${to} are gone`)
  const own = new Set(main)
  return {
    ...{ log, partition, main, head, faults },
    branches: [...genuine.values()].filter((each) => !own.has(each)),
    gaps: gapsOf(main, head),
  }
}

/** The newest manifest of the branch that the state knows, else the one that reaches furthest. */
function tipOf(genuine: readonly SignedHead[], head: ProofHead | undefined): SignedHead | undefined {
  const known = genuine.find(({ hash }) => hash === head?.hash)
  if (known !== undefined) {
    for (let tip = known; ; ) {
      const child = furthest(genuine.filter(({ previous }) => previous === tip.hash))
      if (child === undefined) return tip
      tip = child
    }
  }
  return furthest(genuine)
}
const furthest = (heads: readonly SignedHead[]): SignedHead | undefined =>
  heads.reduce<SignedHead | undefined>(
    (best, each) =>
      best === undefined || each.number > best.number || (each.number === best.number && each.next > best.next)
        ? each
        : best,
    undefined,
  )

/** From the tip back to the first; where a manifest is gone, on from the highest number below. */
function walk(
  tip: SignedHead | undefined,
  genuine: ReadonlyMap<string, SignedHead>,
): { readonly main: SignedHead[]; readonly cuts: [from: number, to: number][] } {
  const main: SignedHead[] = []
  const cuts: [number, number][] = []
  const byNumber = [...genuine.values()].sort((a, b) => a.number - b.number || a.next - b.next)
  for (let at = tip; at !== undefined; ) {
    const { number, previous }: SignedHead = at
    main.push(at)
    if (number === 1) break
    const before = genuine.get(previous)
    const below: SignedHead | undefined = before ?? byNumber.findLast((each) => each.number < number)
    if (before === undefined) cuts.push([(below?.number ?? 0) + 1, Math.max(number - 1, (below?.number ?? 0) + 1)])
    at = below
  }
  return { main: main.reverse(), cuts: cuts.reverse() }
}

function gapsOf(main: readonly SignedHead[], head: ProofHead | undefined): [number, number][] {
  const gaps: [number, number][] = []
  for (const [at, { first, previous }] of main.entries()) {
    const before = main[at - 1]
    if (previous !== (before?.hash ?? '')) gaps.push([before?.next ?? 0, first])
  }
  const last = main.at(-1)
  const isCut = head !== undefined && head.number > (last?.number ?? 0)
  if (isCut) gaps.push([last?.next ?? 0, head.next])
  return gaps
}
