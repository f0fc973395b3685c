/** The detect role: events of the log become rows and findings, in the order that loses nothing (DESIGN §6). */
import type { Engine } from '../../detectors/engine.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Consumption, EventBus, LogHandler } from '../../schemas/ports.ts'
import { traced } from '../telemetry.ts'
import { OwnedPartition, type PartitionParts } from './owned-partition.ts'

export interface DetectParts extends PartitionParts {
  readonly bus: EventBus
  /** Called when a partition can go on no more; the process should end and start again. */
  readonly onFatal: (error: unknown) => void
}

const isOver = (error: unknown): boolean => error instanceof AuditdError && error.code === 'ownership_lost'
/** Time to finish a partition at hand-over; below the session time-outs of both drivers. */
const RELEASE_BUDGET_MS = 8_000

export interface DetectRole {
  /** Offsets up to which each owned partition is detected and stored; for readiness and tests. */
  progress(): readonly { readonly partition: number; readonly next: number; readonly stored: number }[]
  engines(): readonly Engine[]
  stop(): Promise<void>
}

export async function startDetectRole(parts: DetectParts): Promise<DetectRole> {
  const owned = new Map<number, OwnedPartition>()
  let consumption: Consumption | undefined
  const release = async (partition: number): Promise<void> => {
    const entry = owned.get(partition)
    if (entry === undefined) return
    await entry.release(consumption, RELEASE_BUDGET_MS)
    owned.delete(partition)
    parts.telemetry.log('partition_revoked', { partition, next: entry.next })
  }
  const failed = (error: unknown): void => {
    if (!isOver(error)) parts.onFatal(error)
  }
  const handler: LogHandler = {
    async assigned(log, partition) {
      // Without a word that the last assignment is over: two owners in one service would count twice.
      await release(partition)
      const snapshot = await parts.state.restore(log, partition)
      owned.set(partition, new OwnedPartition(parts, log, partition, snapshot))
      parts.telemetry.log('partition_assigned', { partition, from: snapshot?.next ?? 0 })
      return snapshot?.next ?? 0
    },
    async batch(batch) {
      const entry = owned.get(batch.partition)
      if (entry === undefined || entry.log !== batch.log) return
      try {
        const attributes = { partition: batch.partition, offset: batch.first, events: batch.entries.length }
        await traced('detect batch', attributes, () => entry.detect(batch, consumption))
      } catch (error) {
        failed(error)
        throw error
      }
    },
    revoked: (_log, partition) => release(partition),
  }
  consumption = await parts.bus.consume(handler)
  const timer = setInterval(
    () => {
      for (const entry of owned.values()) entry.tick(consumption).catch(failed)
    },
    Math.max(50, parts.limits.snapshotEveryMs / 4),
  )
  return {
    progress: () =>
      [...owned.values()].map(({ partition, next, storedNext }) => ({ partition, next, stored: storedNext })),
    engines: () => [...owned.values()].map(({ engine }) => engine),
    async stop() {
      clearInterval(timer)
      await Promise.all([...owned.keys()].map(release))
      await consumption?.close()
    },
  }
}
