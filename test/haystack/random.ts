/** Randomness from a seed: the same seed draws the same million events. */
import { createHash } from 'node:crypto'

export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  /** In [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    const state = this.#state
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  below(n: number): number {
    return Math.floor(this.next() * n)
  }
  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)]
    if (picked === undefined) throw new Error('haystack: nothing to pick from')
    return picked
  }
  /** Exponentially distributed, as the times between independent acts are. */
  waits(meanMs: number): number {
    return -Math.log(1 - this.next()) * meanMs
  }
  /** 32 hex digits. */
  hex(): string {
    let text = ''
    for (let i = 0; i < 4; i++) text += ((this.next() * 4_294_967_296) >>> 0).toString(16).padStart(8, '0')
    return text
  }
}

/** A stable id of a name. */
export const stableHex = (text: string, digits = 32): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits)
