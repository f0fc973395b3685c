// What a row of the fault suite is: one fault, injected again for each seed, and the verdict on what came of it.
import type { Broker } from '../../cli/kafka-broker.ts'
import type { Sabotage } from '../../connectors/failpoint.ts'
import type { Random } from './random.ts'

export type BusName = 'embedded' | 'kafka'
/** ci: minutes, in every build. full: what a release is held to. */
export type Tier = 'ci' | 'full'

export interface Figures {
  /** Events a sender was told are safe, and those of them that `events_exact` has. */
  readonly acknowledged: number
  readonly stored: number
  /** Rows too many, by identity. */
  readonly duplicatesInEvents: number
  readonly duplicatesInExact: number
  /** In the store, and of an undisturbed run over the same log. */
  readonly findings: readonly [found: number, expected: number]
  readonly alerts: readonly [found: number, expected: number]
  /** What else the row counts, such as kills. */
  readonly more?: Readonly<Record<string, number | string>>
}
export interface Verdict {
  readonly figures?: Figures
  /** What is wrong, one sentence each; empty when the row holds. */
  readonly faults: readonly string[]
}
export interface RowContext {
  readonly bus: BusName
  readonly seed: number
  readonly variant: string
  readonly random: Random
  /** An empty folder, removed afterwards. */
  readonly dir: string
  /** The shared cluster of so many nodes, started at its first use. */
  readonly broker: (nodes: 1 | 3) => Promise<Broker>
  /** Runs after the row, last first. */
  readonly defer: (close: () => unknown) => void
}
/** A file of rows/ has one as its default export. Number 1 to 17: the fault test of that number in the delivery model. */
export interface Row {
  readonly number: number
  readonly title: string
  readonly buses: readonly BusName[]
  /** Kinds of the same fault; each runs with every seed. */
  readonly variants?: (bus: BusName) => readonly string[]
  readonly seeds: Readonly<Record<Tier, Readonly<Partial<Record<BusName, number>>>>>
  /** Protections whose absence this row must show (on its first bus). */
  readonly sabotages?: readonly Sabotage[]
  /** The service runs inside the row, so each run gets a process of its own. */
  readonly alone?: true
  readonly run: (context: RowContext) => Promise<Verdict>
}
