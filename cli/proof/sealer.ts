/** The chain of one partition while it is ours: rows that became durable are hashed, and sealed into manifests before the position moves. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { failpoint } from '../../connectors/failpoint.ts'
import type { Clock, RefusedRow, RowBatch, Telemetry } from '../../schemas/ports.ts'
import {
  type ManifestHead,
  manifestText,
  type ProofHead,
  type ProofManifest,
  type ProofStore,
  type SignedHead,
  type UnsealedContent,
} from '../../schemas/proof.ts'
import { chosenLine } from './chosen-line.ts'
import { KeyRing, type Signer } from './signer.ts'
import { UnsealedRows } from './unsealed-rows.ts'

/** What the roles need to prove what they store. */
export interface ProofParts {
  readonly store: ProofStore
  readonly signer: Signer
  /** Rows that are worth a manifest at once, and how long fewer may wait. */
  readonly sealRows: number
  readonly sealEveryMs: number
}
export interface SealerParts extends ProofParts {
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Repeats until durable. */
  readonly untilDurable: <T>(what: string, attempt: () => Promise<T>) => Promise<T>
}

/** Rows after which a manifest ends, at the next offset. */
const MANIFEST_ROWS = 32_768
/** Lines hashed between two turns of the event loop are those of one source; a source is at most one insert. */
const NONE: ReadonlySet<number> = new Set()

interface Saved {
  readonly number: number
  readonly hash: string
  readonly next: number
  readonly rows: UnsealedContent
}

/**
 * The order: rows durable, then their manifest, then the snapshot, which holds the head of the chain and the rows not yet sealed. An owner
 * that comes after a crash finds manifests above its snapshot's head and goes on after them, so the chain does not fork; a zombie's
 * manifest is a branch of rows that the chain has too.
 */
export class Sealer {
  /** Everything is to be sealed at the next chance: the partition is given up. */
  isClosing = false
  private number = 0
  private hash = ''
  /** Offset before which stored rows are in a manifest or among the unsealed. */
  private next = 0
  private readonly rows = new UnsealedRows()
  private since: number | undefined
  private hasAsked = false
  private readonly parts: SealerParts
  private readonly log: string
  private readonly partition: number

  constructor(parts: SealerParts, log: string, partition: number, saved: Uint8Array | undefined) {
    this.parts = parts
    this.log = log
    this.partition = partition
    if (saved === undefined) return
    const { number, hash, next, rows } = JSON.parse(Buffer.from(saved).toString('utf8')) as Saved
    this.number = number
    this.hash = hash
    this.next = next
    this.rows.restore(rows)
    if (this.rows.count > 0) this.since = parts.clock.nowMs()
  }

  /** Once, before anything is added: what an earlier owner sealed after the snapshot we began with. */
  async takeOver(): Promise<void> {
    if (this.hasAsked) return
    const { store, signer } = this.parts
    const found = await this.parts.untilDurable('manifests', () =>
      store.manifestsAfter(this.log, this.partition, this.number),
    )
    const ring = new KeyRing([signer.key])
    const isOurs = (head: SignedHead): boolean =>
      !ring.has(head.keyId) || ring.isSigned(head.keyId, manifestText(head), head.signature)
    const genuine = found.filter(isOurs)
    for (;;) {
      const children = genuine.filter(({ number, previous }) => number === this.number + 1 && previous === this.hash)
      const child = children.sort((a, b) => b.next - a.next)[0]
      if (child === undefined) break
      this.number = child.number
      this.hash = child.hash
      this.next = Math.max(this.next, child.next)
      this.rows.dropBelow(child.next)
    }
    this.hasAsked = true
  }

  /** Stored rows of this offset are in the chain already. */
  covers(offset: number): boolean {
    return offset < this.next
  }

  /** Rows that were inserted just now; refused ones are counted by their line. */
  async inserted(source: RowBatch['source'], refused: readonly RefusedRow[]): Promise<void> {
    const without = refused.length === 0 ? NONE : new Set(refused.map(({ line }) => line))
    if ('rows' in source) this.rows.addLines(Buffer.from(source.rows), without)
    else if (refused.length === 0) for (const file of source.files) this.rows.addLines(await readFile(file), NONE)
    else this.rows.addLines(Buffer.concat(await Promise.all(source.files.map((file) => readFile(file)))), without)
    if (this.rows.count > 0) this.since ??= this.parts.clock.nowMs()
  }

  /** Rows that an earlier owner inserted, as we would have made them: the stored ones count, unless they were changed since. */
  async found(
    built: readonly { readonly line: string; readonly offset: number; readonly index: number }[],
  ): Promise<void> {
    const missing = built.filter(({ offset }) => !this.covers(offset))
    if (missing.length === 0) return
    const { store } = this.parts
    const offsets = missing.map(({ offset }) => offset)
    const [from, to] = [offsets[0]!, offsets.at(-1)! + 1]
    const stored = await this.parts.untilDurable('stored rows', () =>
      store.storedLines(this.log, this.partition, from, to),
    )
    const lines = missing.map(({ line, offset, index }) => chosenLine(line, offset, index, stored))
    this.rows.addLines(Buffer.from(`${lines.join('\n')}\n`), NONE)
    this.since ??= this.parts.clock.nowMs()
  }

  /** Enough rows wait, or some wait long. */
  get isDue(): boolean {
    const { sealRows, sealEveryMs, clock } = this.parts
    if (this.rows.count === 0) return false
    return this.isClosing || this.rows.count >= sealRows || clock.nowMs() - (this.since ?? 0) >= sealEveryMs
  }

  /** Durable when it resolves. `next`: the position up to which all rows are stored. */
  async sealIfDue(next: number): Promise<void> {
    if (this.isDue) {
      failpoint('after-rows-before-proof')
      const manifests = this.manifests()
      await this.parts.untilDurable('manifests', () => this.parts.store.insertManifests(manifests))
      const last = manifests.at(-1)!
      this.number = last.number
      this.hash = last.hash
      this.rows.clear()
      this.since = undefined
      this.parts.telemetry.count('mcp_auditd_manifests_total', manifests.length)
      failpoint('after-proof-before-snapshot')
    }
    this.next = Math.max(this.next, next)
  }

  save(): Uint8Array {
    const saved: Saved = { number: this.number, hash: this.hash, next: this.next, rows: this.rows.save() }
    return Buffer.from(JSON.stringify(saved))
  }

  head(): ProofHead {
    return headOf(this.log, this.partition, this.save())
  }

  private manifests(): ProofManifest[] {
    const { signer } = this.parts
    let { number, hash } = this
    return this.rows.sealed(MANIFEST_ROWS).map(({ positions, rowHashes, identityHashes, ...rows }) => {
      const { log, partition } = this
      const head: ManifestHead = { log, partition, number: ++number, ...rows, previous: hash, keyId: signer.key.keyId }
      const text = manifestText(head)
      hash = createHash('sha256').update(text).digest('hex')
      return { ...head, hash, signature: signer.sign(text), positions, rowHashes, identityHashes }
    })
  }
}

/** The head that a snapshot of state holds. */
export function headOf(log: string, partition: number, saved: Uint8Array): ProofHead {
  const { number, hash, next, rows } = JSON.parse(Buffer.from(saved).toString('utf8')) as Saved
  return { log, partition, number, hash, next, pending: rows }
}
