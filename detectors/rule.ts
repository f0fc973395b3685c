/** The rule contract: a rule is data plus small typed functions, one file each. What it does not require it cannot read. */
import type { z } from 'zod'
import type { Severity } from '../schemas/finding.ts'
import type { Scope } from './engine/scope.ts'
import type { AuditEvents, Envelope, EventType } from './engine/vocabulary.ts'

export type Requires = { readonly [T in EventType]?: readonly (keyof AuditEvents[T])[] }
type Whole<T extends EventType> = AuditEvents[T] & Envelope & { readonly type: T }
/** What a rule may read: the envelope and the fields it requires of this type; anything else does not compile. */
export type EventOf<R extends Requires, T extends keyof R> = T extends EventType
  ? {
      readonly [F in keyof Whole<T> as F extends keyof Envelope | 'type' | NamesOf<R[T]> ? F : never]: Whole<T>[F]
    }
  : never
type NamesOf<List> = List extends readonly (infer N)[] ? N : never
export type AnyEvent<R extends Requires> = EventOf<R, keyof R>
type FieldOf<R extends Requires> = { [T in keyof R]: R[T] extends readonly (infer F)[] ? F : never }[keyof R]

/** What a rule answers. Without `severity` the rule’s own counts: by verdict when it has two. */
export interface Match {
  readonly saw: string
  readonly expected?: string
  readonly severity?: Severity
  readonly evidence?: Readonly<Record<string, string | number | readonly string[]>>
  /**
   * What makes this match one and the same, instead of the event at hand: a cell whose key crosses servers says it, because which event
   * comes last there is chance. Such as the two servers in the order of their names, or a bucket of event time.
   */
  readonly named?: string
}
/** Plain JSON, below 4 KB: the engine stores, expires, evicts and snapshots it; its rule alone changes it, in place. */
export type Cell = { [field: string]: string | number | boolean | string[] | number[] }
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that only remembers returns nothing
export type Answer = Match | undefined | void
type Handlers<R extends Requires, Rest extends unknown[]> = {
  readonly [T in keyof R]?: (event: EventOf<R, T>, ...rest: Rest) => Answer
}
/**
 * `ttl`: ms after its last use a key is forgotten. `cooldown`: ms in which a key reports again only what is more severe.
 * `about`: whom a finding is about where that is coarser than the key, so that a thousand keys do not make a thousand alerts; ids of
 * findings stay those of the key. Read from the event, so rules with timers have none.
 */
interface Keyed {
  readonly per: Scope
  readonly about?: Scope
  readonly ttl: number
  readonly cooldown?: number
}
type Fn<R extends Requires, V> = (event: AnyEvent<R>) => V
interface Shape<R extends Requires> {
  readonly where?: Fn<R, boolean>
  readonly found: (event: AnyEvent<R>, seen: number) => Match
}
/** Cells of other scopes that a rule keeps beside its own, such as the deployments of the server. Reading one looks it up: read late. */
type Besides<R extends Requires, C, B> = {
  readonly [K in keyof B]: {
    readonly per: Scope
    readonly ttl?: number
    readonly cell: () => B[K]
    readonly on?: Handlers<R, [cell: B[K], config: C]>
  }
}
/** The one of these that a rule has is its logic. Times are milliseconds of event time. */
export type Logic<R extends Requires, C, S, B> =
  /** Stateless. `per` only names whom a finding is about. */
  | { readonly check: Handlers<R, [config: C]>; readonly per?: Scope }
  /** A cell with `onTimer` has a number `dueMs`: when the watermark passes it, onTimer is called; 0 for never. */
  | (Keyed & {
      readonly cell: () => S
      readonly beside?: Besides<R, C, B>
      /** Asked before the key gets a cell: what cannot matter takes no room. Cells beside are not concerned. */
      readonly where?: (event: AnyEvent<R>, beside: B, config: C) => boolean
      readonly on: Handlers<R, [cell: S, config: C, beside: B]>
      readonly onTimer?: (atMs: number, cell: S, config: C, beside: B) => Answer
    })
  /** `atLeast` events within less than `within`. After a match counting starts anew. */
  | (Keyed & { readonly count: (config: C) => Shape<R> & { readonly atLeast: number; readonly within: number } })
  /** `atLeast` different values of `of` within less than `within`. */
  | (Keyed & {
      readonly distinct: (config: C) => Shape<R> & {
        readonly of: Fn<R, string>
        readonly atLeast: number
        readonly within: number
      }
    })
  /**
   * A value never seen for this key, once `learn` events have been or `learnMs` have passed since the first; values are remembered for
   * `remember` after their last use.
   */
  | (Keyed & {
      readonly firstSeen: (config: C) => Shape<R> & {
        readonly of: Fn<R, string>
        readonly learn: number
        readonly learnMs?: number
        readonly remember: number
      }
    })
  /** `first`, and less than `within` later `then`. */
  | (Keyed & {
      readonly sequence: (config: C) => {
        readonly first: Fn<R, boolean>
        readonly then: Fn<R, boolean>
        readonly within: number
        readonly found: (event: AnyEvent<R>) => Match
      }
    })
  /**
   * A value more than `sigmas` deviations above the key’s own average and at least `floor`, after `learn` values or `learnMs`. What it
   * takes for usual at most doubles in a week, however slowly it is fed.
   */
  | (Keyed & {
      readonly baseline: (config: C) => Shape<R> & {
        readonly of: Fn<R, number>
        readonly sigmas: number
        readonly floor: number
        readonly learn: number
        readonly learnMs?: number
      }
    })
  /** Values that stay above the key’s own average by more than `slack` until the excess adds up to `limit` (CUSUM). */
  | (Keyed & {
      readonly drift: (
        config: C,
      ) => Shape<R> & { readonly of: Fn<R, number>; readonly slack: number; readonly limit: number }
    })
  /** No `of` for `after` since the last one; `endedBy` ends the waiting. */
  | (Keyed & {
      readonly absence: (config: C) => {
        readonly of: Fn<R, boolean>
        readonly endedBy?: Fn<R, boolean>
        readonly after: number
        readonly found: (atMs: number) => Match
      }
    })
export interface Identity<R extends Requires, C> {
  /** Equal to the file’s name: family, number and what is seen. */
  readonly id: string
  /** Rises when the cell or its meaning changes: cells of other versions are dropped. */
  readonly version: number
  readonly title: string
  readonly severity: Severity | { readonly allowed: Severity; readonly denied: Severity }
  readonly why: string
  readonly falsePositives: readonly string[]
  readonly blindSpots: readonly string[]
  readonly triage: readonly string[]
  readonly refs: readonly string[]
  readonly requires: R
  readonly config: z.ZodType<C>
  /** Types and fields that only come when something happens (a challenge, an act chain): not seeing them is no gap. */
  readonly occasional?: readonly (keyof R | FieldOf<R>)[]
  /** Types that nothing produces yet, and why: the rule is DEGRADED while they are not seen. */
  readonly producerGaps?: { readonly [T in keyof R]?: string }
  /** It asks `tagsOf` or `listingOf`: its verdict then depends on what was fed in before, and does not stand in rows. */
  readonly asksInventory?: true
  /** Eras and transports the rule is about; elsewhere it is NOT_APPLICABLE. */
  readonly applies?: { readonly eras?: readonly ('legacy' | 'modern')[]; readonly transports?: readonly string[] }
}
export interface Example {
  readonly name: string
  /** Made with `sample`. */
  readonly events: readonly object[]
  /** Options of the rule in this example. */
  readonly config?: Readonly<Record<string, unknown>>
  /** How many findings there are, where the example is about that. */
  readonly findings?: number
  /** The highest severity of its findings, where the example is about that. */
  readonly severity?: Severity
}
export type Rule<R extends Requires, C, S, B> = Identity<R, C> &
  Logic<R, C, S, B> & {
    readonly examples: { readonly match: readonly Example[]; readonly noMatch: readonly Example[] }
  }
export const defineRule = <
  const R extends Requires,
  C,
  S extends Cell = Cell,
  B extends { [name: string]: Cell } = Record<never, Cell>,
>(
  rule: Rule<R, C, S, B>,
): Rule<R, C, S, B> => rule

/** No time: before every event. */
export const NEVER = 0
/** Whole days since 1970, for what is told once a day. */
export const dayOf = (ts: number): number => Math.floor(ts / 86_400_000)
export const seconds = (n: number): number => n * 1_000
export const minutes = (n: number): number => n * 60_000
export const hours = (n: number): number => n * 3_600_000
export const days = (n: number): number => n * 86_400_000
