/** Checks stored rows against their proof: every row, manifest and tombstone, day by day, in bounded memory. */
import type { ProofHead, ProofKey, TombstoneReason } from '../../schemas/proof.ts'
import { tombstoneText } from '../../schemas/proof.ts'
import type { StoredLine } from '../../schemas/stored-row.ts'
import { type Chain, chainOf } from './chain.ts'
import { daysOf, type Missing, missingFault, survivorsOf } from './missing-rows.ts'
import { OpenChain } from './open-chain.ts'
import type { OpenSegment } from './open-segment.ts'
import { unpackRuns } from './positions.ts'
import { IDENTITY_HASH_BYTES, ROW_HASH_BYTES, readRow } from './row-facts.ts'
import { KeyRing } from './signer.ts'
import type { ProofSource } from './source.ts'
import { emptySummary, FaultList, type Verdict } from './verdict.ts'

export interface VerifyOptions {
  /** Days (UTC), both included: rows received then. All when absent. */
  readonly from?: string
  readonly to?: string
  /** Keys that may sign, by whoever verifies; any when absent. */
  readonly pinned?: readonly ProofKey[]
  /** Logs that only these keys may sign: those of the data folder itself. */
  readonly own?: { readonly log: string; readonly keys: readonly ProofKey[] }
  readonly mostFaults?: number
  /** Told of rows that gave way to a copy received before and have no tombstone yet. */
  readonly onMerged?: (segment: OpenSegment, offset: number, index: number) => void
  /** Told of rows that are there, whole and proven, or have just been stored. */
  readonly onRow?: (segment: OpenSegment, row: StoredLine) => void
}
const MOST_FAULTS = 200

export async function verifyProof(source: ProofSource, options: VerifyOptions = {}): Promise<Verdict> {
  return new Verification(source, options).run()
}

class Verification {
  private readonly source: ProofSource
  private readonly options: VerifyOptions
  private readonly faults: FaultList
  private readonly summary = emptySummary()
  private readonly notes: string[] = []
  private readonly chains = new Map<string, OpenChain>()
  /** Earliest receipt any manifest knows: what is older was stored before there was a proof. */
  private earliest = ''
  private readonly rowHash = Buffer.alloc(ROW_HASH_BYTES)
  private readonly identityHash = Buffer.alloc(IDENTITY_HASH_BYTES)

  constructor(source: ProofSource, options: VerifyOptions) {
    this.source = source
    this.options = options
    this.faults = new FaultList(options.mostFaults ?? MOST_FAULTS)
  }

  async run(): Promise<Verdict> {
    const { from = '', to = '9999' } = this.options
    // Heads first: what is sealed meanwhile only adds to them.
    const heads = await this.source.heads()
    const ring = await this.openKeys()
    await this.openChains(heads, ring)
    await this.checkTombstones(ring)
    const chains = [...this.chains.values()]
    const days = new Set([...(await this.source.days()), ...daysOf(chains)])
    const wanted = [...days].filter((day) => day >= from && day <= to).sort()
    for (const chain of chains) await chain.openLoose()
    for (const [at, day] of wanted.entries()) {
      for (const chain of chains) await chain.open(day)
      for await (const rows of this.source.rows(day)) for (const row of rows) await this.check(row)
      await this.settle(day, from, wanted[at + 1])
    }
    this.noteBorders(from, to)
    // Nobody knows when they were received.
    if (from === '' && to === '9999')
      for (const chain of chains) {
        const { unsealed, segments } = chain
        if (unsealed !== undefined) await this.settleRows(chain, [unsealed], [unsealed, ...segments])
      }
    const { faults, summary, notes } = this
    const isWhole = faults.kept.length === 0
    return { isWhole, summary, faults: faults.kept, more: faults.more, notes }
  }

  /** A row that is missing has no day: of a segment that reaches beyond the days asked for, none can be missed. */
  private noteBorders(from: string, to: string): void {
    const cut = [...this.chains.values()].flatMap(({ chain }) =>
      chain.main.filter(({ receivedFrom, receivedTo }) => {
        const [first, last] = [receivedFrom.slice(0, 10), receivedTo.slice(0, 10)]
        return first <= to && last >= from && (first < from || last > to)
      }),
    )
    if (cut.length > 0)
      this.notes.push(
        `segments ${cut.map(({ number }) => number).join(', ')} reach beyond these days: rows that they miss are not noticed`,
      )
  }

  private async openKeys(): Promise<KeyRing> {
    const stored = await this.source.keys()
    const { pinned = [], own } = this.options
    const ring = new KeyRing([...stored, ...pinned, ...(own?.keys ?? [])])
    const honest = new KeyRing(stored)
    for (const { keyId } of stored)
      if (!honest.has(keyId))
        this.faults.add({
          kind: 'key-changed',
          log: '',
          partition: 0,
          segment: 0,
          reason: `the key ${keyId} is not the one of that id`,
        })
    return ring
  }

  private async openChains(heads: readonly ProofHead[], ring: KeyRing): Promise<void> {
    const all = await this.source.manifestHeads()
    const groups = Map.groupBy(all, ({ log, partition }) => `${log}/${partition}`)
    for (const { log, partition } of heads) {
      const name = `${log}/${partition}`
      if (!groups.has(name)) groups.set(name, [])
    }
    for (const [name, manifests] of groups) {
      const head = heads.find(({ log, partition }) => `${log}/${partition}` === name)
      const { log, partition } = manifests[0] ?? head!
      const chain = chainOf(log, partition, manifests, head, ring)
      const allowed = this.allowedFor(log)
      const leaveRing = allowed === undefined ? ring : new KeyRing(allowed)
      for (const fault of chain.faults) this.faults.add(fault)
      this.chains.set(name, new OpenChain(chain, this.source, leaveRing, (fault) => this.faults.add(fault)))
      this.summary.segments += chain.main.length
      this.summary.branches += chain.branches.length
      if (head === undefined)
        this.notes.push(
          `nobody says how far log ${log} partition ${partition} reaches: rows and manifests cut off its end are not noticed`,
        )
      const [first] = chain.main
      if (first !== undefined && (this.earliest === '' || first.receivedFrom < this.earliest))
        this.earliest = first.receivedFrom
      this.checkPins(chain)
    }
  }

  /** Keys that may sign for a log; undefined: any. */
  private allowedFor(log: string): readonly ProofKey[] | undefined {
    const { pinned, own } = this.options
    return pinned ?? (own?.log === log ? own.keys : undefined)
  }

  private checkPins({ log, partition, main, branches }: Chain): void {
    const allowed = this.allowedFor(log)
    const isAllowed = new Set(allowed?.map(({ keyId }) => keyId))
    const signers = Map.groupBy([...main, ...branches], ({ keyId }) => keyId)
    for (const [keyId, [first]] of signers) {
      if (isAllowed.has(keyId)) continue
      if (allowed === undefined)
        this.notes.push(`key ${keyId} of log ${log} partition ${partition} is not pinned (--key)`)
      else
        this.faults.add({
          ...{ kind: 'key-not-pinned', log, partition, segment: first!.number },
          reason: `signed with the key ${keyId}, which is not among the pinned ones`,
        })
    }
  }

  /** A key that somebody put beside the others gives no leave where it is known who may. */
  private async checkTombstones(ring: KeyRing): Promise<void> {
    const strangers = new Set<string>()
    for await (const page of this.source.allTombstones())
      for (const tombstone of page) {
        const { id, log, partition, number, keyId, signature } = tombstone
        const allowed = this.allowedFor(log)
        const isAllowed = allowed?.some((key) => key.keyId === keyId) ?? true
        const isGenuine =
          Buffer.from(signature, 'base64').toString('base64') === signature &&
          ring.isSigned(keyId, tombstoneText(tombstone), signature)
        if (allowed === undefined) strangers.add(keyId)
        if (isAllowed && isGenuine && unpackRuns(tombstone.positions) !== undefined) continue
        const reason = `the tombstone ${id} does not match its signature, or its key may not sign`
        this.faults.add({ kind: 'tombstone-forged', log, partition, segment: number, reason })
      }
    for (const keyId of strangers) this.notes.push(`key ${keyId} of tombstones is not pinned (--key)`)
  }

  private async check(row: StoredLine): Promise<void> {
    const { log, partition, offset, index, eventId, line, isWellFormed } = row
    const chain = this.chains.get(`${log}/${partition}`)
    const position = `${offset}/${index}`
    if (chain === undefined) return this.checkStranger(row, position)
    const bytes = Buffer.from(line)
    readRow(bytes, 0, bytes.length, this.rowHash, this.identityHash, 0)
    const holders = await chain.segmentsOf(offset, index)
    const isRight = isWellFormed && holders.some((each) => each.isRight(each.rowAt(offset, index), this.rowHash))
    const [first] = holders
    if (first === undefined) {
      const excuse = chain.excuse(offset)
      if (excuse === 'newer') this.summary.unknownTail += 1
      else if (excuse === 'unproven') this.summary.unproven += 1
      else
        this.faults.add({
          ...{ kind: 'row-inserted', log, partition, segment: chain.nearest(offset), position, eventId },
          reason: 'no manifest has a row at this position',
        })
      return
    }
    const at = first.rowAt(offset, index)
    if (!isRight) {
      for (const each of holders) each.mark(each.rowAt(offset, index), false)
      const reason = 'the row is not the one that was stored here'
      this.faults.add({ kind: 'row-changed', log, partition, segment: first.head.number, position, eventId, reason })
      return
    }
    if (first.hasRight(at)) this.summary.copies += 1
    else if (first.head.number === 0) this.summary.unsealed += 1
    else this.summary.proven += 1
    if (first.hasLeaves() && !first.hasRight(at) && first.leaveFor(offset, index) !== undefined)
      this.summary.leaving += 1
    if (!first.hasRight(at)) this.options.onRow?.(first, row)
    for (const each of holders) each.mark(each.rowAt(offset, index), true)
  }

  /** A row of a log that has no chain at all. */
  private checkStranger({ log, partition, eventId, line }: StoredLine, position: string): void {
    const receivedAt = (JSON.parse(line) as string[])[RECEIVED_AT]!
    const isUpgraded = [...this.chains.values()].some(({ start }) => start > 0)
    if (this.earliest === '' || (isUpgraded && receivedAt < this.earliest)) {
      this.summary.unproven += 1
      return
    }
    const reason = 'nothing proves any row of this log'
    this.faults.add({ kind: 'row-inserted', log, partition, segment: 0, position, eventId, reason })
  }

  /** After a day: whose days are all over must have shown all of their rows by now. */
  private async settle(day: string, from: string, nextDay: string | undefined): Promise<void> {
    const chains = [...this.chains.values()]
    const open = chains.flatMap((chain) => [
      ...chain.segments,
      ...(chain.unsealed === undefined ? [] : [chain.unsealed]),
    ])
    const isOver = ({ head }: OpenSegment): boolean =>
      head.number > 0 && head.receivedFrom.slice(0, 10) >= from && head.receivedTo.slice(0, 10) === day
    for (const chain of chains) await this.settleRows(chain, [...chain.segments].filter(isOver), open)
    // One day longer: a copy of a row that was received around midnight may have given way to it.
    if (nextDay !== undefined) for (const chain of chains) chain.close(day)
  }

  private async settleRows(
    chain: OpenChain,
    over: readonly OpenSegment[],
    open: readonly OpenSegment[],
  ): Promise<void> {
    const missing = new Map<string, Missing[]>()
    for (const segment of over) {
      let row = -1
      for (const [offset, index] of segment.positions()) {
        row += 1
        if (segment.wasSeen(row)) continue
        const reason: TombstoneReason | undefined = segment.leaveFor(offset, index)
        if (reason !== undefined) this.summary.gone[reason] += 1
        else {
          const identity = segment.identityOf(row)
          const others = missing.get(identity)
          if (others === undefined) missing.set(identity, [{ segment, offset, index }])
          else others.push({ segment, offset, index })
        }
      }
    }
    if (missing.size === 0) return
    const survivors = survivorsOf(missing, open)
    const unexplained: Missing[] = []
    for (const [identity, rows] of missing)
      for (const row of rows) {
        // The engine keeps the copy that was received first.
        const survivor = survivors.get(identity)
        if (survivor !== undefined && survivor <= row.segment.head.receivedTo) {
          this.summary.merged += 1
          this.options.onMerged?.(row.segment, row.offset, row.index)
        } else unexplained.push(row)
      }
    await this.accuse(chain, unexplained)
  }

  /** A service may have given leave since we asked: it is asked once more before anybody is accused. */
  private async accuse(chain: OpenChain, rows: readonly Missing[]): Promise<void> {
    for (const segment of new Set(rows.map((row) => row.segment))) await chain.openAgain(segment)
    for (const { segment, offset, index } of rows) {
      const reason = segment.leaveFor(offset, index)
      if (reason === undefined) this.faults.add(missingFault(segment, `${offset}/${index}`))
      else this.summary.gone[reason] += 1
    }
  }
}

const RECEIVED_AT = 5
