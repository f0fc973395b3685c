/** An attack: benign recorded sessions that were turned into one. */
import type { Event } from './copy.ts'

export interface Attack {
  /** Kind and variant. */
  readonly name: string
  /** Families, or rules, whose alerts would be about it. */
  readonly fits: readonly string[]
  readonly serverId: string
  readonly startMs: number
  readonly lastMs: number
  readonly eventIds: readonly string[]
  /** Tools it is about, when it is about tools. */
  readonly tools: readonly string[]
  /** Principals, sessions or servers it is about besides. */
  readonly others: readonly string[]
  readonly events: readonly Event[]
}
