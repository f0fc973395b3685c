/** The partitions of one topic that are ours: taken over from their snapshots, handed their batches, given up in order. */
import { AuditdError } from '../../schemas/errors.ts'
import type { Consumption, LogPiece, PartitionHandler, Snapshot, StateStore, Telemetry } from '../../schemas/ports.ts'
import { traced } from '../telemetry.ts'

export interface Owned<Piece> {
  readonly log: string
  readonly partition: number
  readonly next: number
  detect(piece: Piece, consumption: Consumption | undefined): Promise<void>
  tick(consumption: Consumption | undefined): Promise<void>
  release(consumption: Consumption | undefined, budgetMs: number): Promise<void>
}
export interface GroupParts<Piece, Each> {
  /** What a batch holds, in traces. */
  readonly what: string
  readonly state: StateStore
  readonly telemetry: Telemetry
  readonly ruleSetHash: () => string
  readonly tickEveryMs: number
  readonly own: (log: string, partition: number, snapshot: Snapshot | undefined) => Each
  readonly consume: (handler: PartitionHandler<Piece & LogPiece>) => Promise<Consumption>
  /** Called when a partition can go on no more. */
  readonly onFatal: (error: unknown) => void
}

const isOver = (error: unknown): boolean => error instanceof AuditdError && error.code === 'ownership_lost'
/** Time to finish a partition at hand-over; below the session time-outs of both drivers. */
const RELEASE_BUDGET_MS = 8_000

export class OwnedGroup<
  Piece extends LogPiece & { readonly entries: readonly unknown[] },
  Each extends Owned<Piece> = Owned<Piece>,
> {
  private readonly owned = new Map<number, Each>()
  private readonly parts: GroupParts<Piece, Each>
  private consumption: Consumption | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(parts: GroupParts<Piece, Each>) {
    this.parts = parts
  }

  get partitions(): readonly Each[] {
    return [...this.owned.values()]
  }

  async start(): Promise<this> {
    this.consumption = await this.parts.consume(this.handler)
    const tick = (): void => {
      for (const entry of this.owned.values()) entry.tick(this.consumption).catch(this.failed)
    }
    this.timer = setInterval(tick, this.parts.tickEveryMs)
    return this
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all([...this.owned.keys()].map((partition) => this.release(partition)))
    await this.consumption?.close()
  }

  private readonly handler: PartitionHandler<Piece> = {
    assigned: async (log, partition) => {
      const { state, telemetry, ruleSetHash, own } = this.parts
      // Without a word that the last assignment is over: two owners in one service would count twice.
      await this.release(partition)
      const snapshot = await state.restore(log, partition, undefined, ruleSetHash())
      this.owned.set(partition, own(log, partition, snapshot))
      telemetry.log('partition_assigned', { partition, holds: this.parts.what, from: snapshot?.next ?? 0 })
      return snapshot?.next ?? 0
    },
    batch: async (piece) => {
      const entry = this.owned.get(piece.partition)
      if (entry === undefined || entry.log !== piece.log) return
      const { partition, first, entries } = piece
      try {
        const attributes = { partition, offset: first, [this.parts.what]: entries.length }
        await traced('detect batch', attributes, () => entry.detect(piece, this.consumption))
      } catch (error) {
        this.failed(error)
        throw error
      }
    },
    revoked: (_log, partition) => this.release(partition),
  }

  private async release(partition: number): Promise<void> {
    const entry = this.owned.get(partition)
    if (entry === undefined) return
    await entry.release(this.consumption, RELEASE_BUDGET_MS)
    this.owned.delete(partition)
    this.parts.telemetry.log('partition_revoked', { partition, holds: this.parts.what, next: entry.next })
  }

  private readonly failed = (error: unknown): void => {
    if (!isOver(error)) this.parts.onFatal(error)
  }
}
