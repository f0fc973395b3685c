/** A chain while its rows are looked for: opens the manifests of a day, and finds the one that a position belongs to. */
import { AuditdError } from '../../schemas/errors.ts'
import type { ProofManifest, SignedHead, Tombstone, UnsealedContent } from '../../schemas/proof.ts'
import { tombstoneText } from '../../schemas/proof.ts'
import type { Chain } from './chain.ts'
import { OpenSegment } from './open-segment.ts'
import type { KeyRing } from './signer.ts'
import { type ProofSource, questionsOf } from './source.ts'
import { contentHash, openContent, rowsIn } from './unsealed-rows.ts'
import type { Fault } from './verdict.ts'

export class OpenChain {
  readonly chain: Chain
  /** Rows that the state knows and no manifest holds yet. */
  readonly unsealed: OpenSegment | undefined
  /** Rows that a service which does not run may have stored or not. */
  readonly onTheirWay: OpenSegment | undefined
  private readonly source: ProofSource
  private readonly ring: KeyRing
  private readonly fault: (fault: Fault) => void
  private readonly opened = new Map<string, OpenSegment>()
  /** Content did not match: its rows are unproven. */
  private readonly broken = new Set<string>()
  private readonly all: readonly SignedHead[]
  private last: OpenSegment | undefined

  constructor(chain: Chain, source: ProofSource, ring: KeyRing, fault: (fault: Fault) => void) {
    this.chain = chain
    this.source = source
    this.ring = ring
    this.fault = fault
    this.all = [...chain.main, ...chain.branches]
    this.unsealed = looseSegment(chain, chain.head?.pending)
    this.onTheirWay = looseSegment(chain, chain.head?.onTheirWay)
  }

  get segments(): Iterable<OpenSegment> {
    return this.opened.values()
  }
  /** Offsets from here on have no manifest and are not known to the state. */
  get end(): number {
    return Math.max(this.chain.main.at(-1)?.next ?? 0, this.chain.head?.next ?? 0)
  }
  get start(): number {
    return this.chain.main[0]?.first ?? this.unsealed?.head.first ?? this.end
  }

  /** Everything that may hold a row received on this day. */
  async open(day: string): Promise<void> {
    await this.openThese(
      this.all.filter(
        ({ receivedFrom, receivedTo }) => receivedFrom.slice(0, 10) <= day && receivedTo.slice(0, 10) >= day,
      ),
    )
  }

  /** Leave for rows that have no manifest yet. */
  async openLoose(): Promise<void> {
    if (this.unsealed !== undefined) await this.openAgain(this.unsealed)
  }

  /** Leave that was given since the segment was opened. */
  async openAgain(segment: OpenSegment): Promise<void> {
    const { log, partition } = this.chain
    const { number } = segment.head
    for (const tombstone of await this.source.tombstones(log, partition, number, number))
      if (this.isSigned(tombstone) && (tombstone.number === 0 || tombstone.number === number)) segment.allow(tombstone)
  }

  /** Segments all of whose days are over are given up, once nothing can point to them any more. */
  close(before: string): void {
    for (const [hash, { head }] of this.opened) if (head.receivedTo.slice(0, 10) < before) this.opened.delete(hash)
    this.last = undefined
  }

  /** The segments that have this position, the chain's own first. */
  async segmentsOf(offset: number, index: number): Promise<readonly OpenSegment[]> {
    const { last } = this
    if (this.chain.branches.length === 0 && last !== undefined && last.rowAt(offset, index) >= 0) return [last]
    const found: OpenSegment[] = []
    for (const head of this.candidates(offset)) {
      let segment = this.opened.get(head.hash)
      if (segment === undefined && !this.broken.has(head.hash)) {
        // A row stands on another day than its manifest says: somebody moved it.
        await this.openThese([head])
        segment = this.opened.get(head.hash)
      }
      if (segment !== undefined && segment.rowAt(offset, index) >= 0) found.push(segment)
    }
    if (found.length > 0) this.last = found[0]
    else
      for (const loose of [this.unsealed, this.onTheirWay])
        if (loose !== undefined && loose.rowAt(offset, index) >= 0) found.push(loose)
    return found
  }

  /** Why a position without segment is none of the chain's business; undefined when it should not be there. */
  excuse(offset: number): 'unproven' | 'newer' | undefined {
    if (offset >= this.end) return this.chain.head?.onTheirWay === undefined ? 'newer' : undefined
    const isBroken = this.candidates(offset).some(({ hash }) => this.broken.has(hash))
    const isGap = this.chain.gaps.some(([from, to]) => offset >= from && offset < to)
    return isBroken || isGap || offset < this.start ? 'unproven' : undefined
  }

  /** The manifest nearest to an offset, to name a row that no manifest has. */
  nearest(offset: number): number {
    return this.chain.main.findLast(({ first }) => first <= offset)?.number ?? this.chain.main[0]?.number ?? 0
  }

  private candidates(offset: number): readonly SignedHead[] {
    const { main, branches } = this.chain
    const holds = ({ first, next }: SignedHead): boolean => offset >= first && offset < next
    let low = 0
    let high = main.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (main[middle]!.first <= offset) low = middle + 1
      else high = middle
    }
    const direct = main[low - 1]
    const rest = this.overlaps ? main.filter(holds) : direct !== undefined && holds(direct) ? [direct] : []
    return branches.length === 0 ? rest : [...rest, ...branches.filter(holds)]
  }
  /** Rows that came after a rewind made a manifest reach back: rare, and then every one is looked at. */
  private get overlaps(): boolean {
    this.doesOverlap ??= this.chain.main.some(({ first }, at, main) => at > 0 && first < main[at - 1]!.next)
    return this.doesOverlap
  }
  private doesOverlap: boolean | undefined

  private async openThese(wanted: readonly SignedHead[]): Promise<void> {
    const missing = wanted.filter(({ hash }) => !this.opened.has(hash) && !this.broken.has(hash))
    for (const heads of questionsOf(missing)) {
      const manifests = await this.source.manifests(heads.map(({ hash }) => hash))
      const byHash = Map.groupBy(manifests, ({ hash }) => hash)
      for (const head of heads) this.openOne(head, byHash.get(head.hash) ?? [])
      await this.openLeaves(heads)
    }
  }

  private isSigned(tombstone: Tombstone): boolean {
    return this.ring.isSigned(tombstone.keyId, tombstoneText(tombstone), tombstone.signature)
  }

  /** A second row under the same hash is somebody else's: each is looked at. */
  private openOne(head: SignedHead, manifests: readonly ProofManifest[]): void {
    const whole = manifests.find((each) => contentHash(each) === head.contentHash)
    const content = whole === undefined ? undefined : openContent(whole, head.count)
    if (manifests.some((each) => contentHash(each) !== head.contentHash) || content === undefined)
      this.fault({
        kind: 'manifest-changed',
        ...{ log: head.log, partition: head.partition, segment: head.number },
        reason: 'its rows do not match the hash that is signed',
      })
    if (content === undefined) this.broken.add(head.hash)
    else this.opened.set(head.hash, new OpenSegment(head, content))
  }

  private async openLeaves(heads: readonly SignedHead[]): Promise<void> {
    const { log, partition } = this.chain
    const numbers = heads.map(({ number }) => number)
    // Numbers may be far apart, and then what lies between is asked for too: it is little.
    const tombstones = await this.source.tombstones(log, partition, Math.min(...numbers), Math.max(...numbers))
    const byNumber = Map.groupBy(heads, ({ number }) => number)
    for (const tombstone of tombstones.filter((each) => this.isSigned(each)))
      for (const { hash } of tombstone.number === 0 ? heads : (byNumber.get(tombstone.number) ?? []))
        this.opened.get(hash)?.allow(tombstone)
  }
}

/** Rows without a manifest, as if they had one. */
function looseSegment({ log, partition }: Chain, rows: UnsealedContent | undefined): OpenSegment | undefined {
  const count = rows === undefined ? 0 : rowsIn(rows)
  if (rows === undefined || count === 0) return undefined
  const content = openContent(rows, count)
  if (content === undefined)
    throw new AuditdError('state_corrupt', 'verify', 'state', 'the rows not yet sealed are not well formed')
  const first = content.runs[0]!.offset
  const span = {
    first,
    next: content.runs.at(-1)!.offset + 1,
    receivedFrom: rows.receivedFrom,
    receivedTo: rows.receivedTo,
  }
  return new OpenSegment({ log, partition, number: 0, ...span }, content)
}
