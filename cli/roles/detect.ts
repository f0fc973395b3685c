/** The detect role: events of the log become rows, findings and signals, signals become findings, in the order that loses nothing (DESIGN §6). */
import type { Engine } from '../../detectors/engine/engine.ts'
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import type { EventBus, LogBatch, SignalBatch } from '../../schemas/ports.ts'
import type { ProofHead } from '../../schemas/proof.ts'
import { OwnedGroup } from './owned-group.ts'
import { OwnedKeys } from './owned-keys.ts'
import { OwnedPartition, type PartitionParts } from './owned-partition.ts'

export interface DetectParts extends PartitionParts {
  readonly bus: EventBus
  /** Called when a partition can go on no more; the process should end and start again. */
  readonly onFatal: (error: unknown) => void
}

export interface DetectRole {
  /** Offsets up to which each owned partition is detected and stored; for readiness and tests. */
  progress(): readonly { readonly partition: number; readonly next: number; readonly stored: number }[]
  /** The same of signals; none where there is one log. */
  signalsProgress(): readonly { readonly partition: number; readonly next: number }[]
  /** From the next batch on. */
  useRules(rules: LoadedRules): Promise<void>
  /** How far the chains of the owned partitions reach. */
  proven(): readonly ProofHead[]
  engines(): readonly Pick<Engine, 'counters'>[]
  stop(): Promise<void>
}

export async function startDetectRole(parts: DetectParts): Promise<DetectRole> {
  const { state, telemetry, limits, signals, onFatal } = parts
  let { rules } = parts
  const shared = {
    ...{ state, telemetry, ruleSetHash: () => rules.hash, onFatal },
    tickEveryMs: Math.max(50, limits.snapshotEveryMs / 4),
  }
  // Keys first: what the owners of events send is taken at once.
  const keys =
    signals === undefined
      ? undefined
      : await new OwnedGroup<SignalBatch, OwnedKeys>({
          ...shared,
          what: 'signals',
          own: (log, partition, snapshot) => new OwnedKeys({ ...parts, rules }, log, partition, snapshot),
          consume: (handler) => signals.consume(handler),
        }).start()
  const events = new OwnedGroup<LogBatch, OwnedPartition>({
    ...shared,
    what: 'events',
    own: (log, partition, snapshot) => new OwnedPartition({ ...parts, rules }, log, partition, snapshot),
    consume: (handler) => parts.bus.consume(handler),
  })
  await events.start().catch(async (error: unknown) => {
    await keys?.stop()
    throw error
  })
  return {
    progress: () =>
      events.partitions.map(({ partition, next, storedNext }) => ({ partition, next, stored: storedNext })),
    signalsProgress: () => (keys?.partitions ?? []).map(({ partition, next }) => ({ partition, next })),
    async useRules(next) {
      rules = next
      const owned = [...events.partitions, ...(keys?.partitions ?? [])]
      await Promise.all(owned.map((each) => each.useRules(next)))
    },
    proven: () => events.partitions.flatMap(({ proven }) => proven ?? []),
    engines: () => [...events.partitions, ...(keys?.partitions ?? [])].map(({ engine }) => engine),
    async stop() {
      await events.stop()
      await keys?.stop()
    },
  }
}
