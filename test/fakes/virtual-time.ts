/** Time that passes only when everybody waits: sleeps end in order at once, and no test takes as long as what it tells. */
import type { Clock } from '../../schemas/ports.ts'

interface Sleeper {
  readonly atMs: number
  wake(): void
}

export class VirtualTime implements Clock {
  #nowMs: number
  readonly #sleepers = new Set<Sleeper>()
  #outside = 0

  constructor(startMs = Date.parse('2026-10-01T10:00:00Z')) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  readonly sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const sleeper: Sleeper = {
        atMs: this.#nowMs + Math.max(ms, 0),
        wake: () => {
          this.#sleepers.delete(sleeper)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', () => sleeper.wake(), { once: true })
    })

  /** Time stands still while this runs: real sockets need real time. */
  async still<T>(work: () => Promise<T>): Promise<T> {
    this.#outside++
    try {
      return await work()
    } finally {
      this.#outside--
    }
  }

  /** Lets time pass until `done`, or throws once more than `limitMs` have passed. */
  async until(done: () => boolean | Promise<boolean>, limitMs = 30 * 86_400_000): Promise<void> {
    const endMs = this.#nowMs + limitMs
    for (;;) {
      // Whoever can run does so before time moves, and `done` is asked again each time somebody woke.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      if (await done()) return
      if (this.#outside > 0) continue
      const next = [...this.#sleepers].sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) continue
      if (next.atMs > endMs) throw new Error(`not done after ${limitMs} ms of virtual time`)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.wake()
    }
  }

  /** Lets exactly this much time pass. */
  async pass(ms: number): Promise<void> {
    let ended = false
    void this.sleep(ms, new AbortController().signal).then(() => {
      ended = true
    })
    await this.until(() => ended, ms)
  }
}
