/** The delivery loops: one per target over the outbox, at least once, so that a target that is down delays no other. */
import type { DeliverOptions } from './delivery-policy.ts'
import { TargetLoop } from './target-loop.ts'
import type { TargetState } from './target-state.ts'

export interface Deliveries {
  /** Something new stands in the outbox: look now. Does not cut the pause of a failing target. */
  wake(): void
  /** Whether every target has nothing more that is due, or is paused because it failed. */
  resting(): boolean
  /** How each target stands, by name. */
  states(): Promise<Readonly<Record<string, TargetState>>>
  /** Starts no further exchange, gives the running ones `graceMs`, then aborts them; what was in flight is sent again later. */
  stop(graceMs?: number): Promise<void>
}

export function startDeliveries(options: DeliverOptions): Deliveries {
  const loops = options.targets.map((target) => new TargetLoop(target, options))
  const running = loops.map((loop) => loop.run().catch(options.onFatal))
  return {
    wake: () => {
      for (const loop of loops) loop.wake()
    },
    resting: () => loops.every((loop) => loop.resting),
    states: async () =>
      Object.fromEntries(await Promise.all(loops.map(async (loop) => [loop.name, await loop.state()] as const))),
    stop: async (graceMs = 5_000) => {
      for (const loop of loops) loop.stopping.abort()
      const cut = setTimeout(() => {
        for (const loop of loops) loop.cutting.abort()
      }, graceMs)
      await Promise.all(running)
      clearTimeout(cut)
    },
  }
}
