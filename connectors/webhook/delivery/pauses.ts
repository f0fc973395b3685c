/** Waiting: exponential back-off with full jitter, sleeps that end when stopped, and a doorbell that ends a wait early. */
import { setTimeout as timer } from 'node:timers/promises'

/** Resolves after `ms`, or at once when the signal aborts; never rejects. Injected, so that tests decide how time passes. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>
/** From 0 inclusive to 1 exclusive, as Math.random. */
export type Random = () => number

export const sleepReally: Sleep = (ms, signal) => timer(ms, undefined, { signal }).catch(() => undefined)

export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}
/** Milliseconds to wait after failure number `failures` (from 1): anywhere below base × 2^(failures − 1), at most the cap. */
export const backoffMs = (failures: number, backoff: Backoff, random: Random): number =>
  Math.floor(random() * Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 40)))

/** Wakes one waiting loop. A ring while nobody waits is kept for the next wait. */
export class Doorbell {
  #rung = false
  #wake: (() => void) | undefined

  get rung(): boolean {
    return this.#rung
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  async wait(ms: number, sleep: Sleep, stop: AbortSignal): Promise<void> {
    if (!this.#rung && !stop.aborted) {
      const early = new AbortController()
      const end = () => early.abort()
      this.#wake = end
      stop.addEventListener('abort', end, { once: true })
      await sleep(ms, early.signal)
      stop.removeEventListener('abort', end)
      this.#wake = undefined
    }
    this.#rung = false
  }
}
