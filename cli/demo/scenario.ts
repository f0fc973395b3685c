/** The contract of a scenario file, and the loader: a file in `scenarios/` is a scenario, nothing is registered. */
import { readdir } from 'node:fs/promises'
import type { Stage } from './stage.ts'

export const KINDS = ['benign', 'near-miss', 'attack'] as const
export type Kind = (typeof KINDS)[number]

/**
 * An alert that must come. `entity` names the columns of the rule's key in their order; a value is literal, or one of
 * `$principal.NAME` (keyed hash of a subject), `$files-scopes.NAME` (keyed hash of what NAME may do on the file server),
 * `$fact.NAME` (what the scenario noted with `stage.note` while it ran).
 */
export interface Expectation {
  readonly rule: string
  readonly entity: Readonly<Record<string, string>>
}
export interface Scenario {
  /** Equal to the file name. */
  readonly name: string
  readonly title: string
  readonly kind: Kind
  /** The rule it raises, or nearly raises; absent for benign use. */
  readonly rule?: string
  /** For the person who watches: who does what, and why it should, or should not, alert. */
  readonly story: string
  readonly expects: readonly Expectation[]
  run(stage: Stage): Promise<void>
}

/** In the order of the show: benign use, then near misses, then attacks; by name within a kind. */
export async function loadScenarios(folder = new URL('./scenarios/', import.meta.url)): Promise<Scenario[]> {
  const files = (await readdir(folder)).filter((file) => /\.(ts|js)$/.test(file)).sort()
  const scenarios: Scenario[] = []
  for (const file of files) {
    const { default: scenario } = (await import(new URL(file, folder).href)) as { default: Scenario }
    if (`${scenario.name}.ts` !== file) throw new Error(`demo: ${file} must be named ${scenario.name}.ts`)
    scenarios.push(scenario)
  }
  return scenarios.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
}
