/** Assertions of an enterprise’s identity provider (ID-JAG) at the token endpoint: whom they were made for, and how often they come. */

import type { Match } from '../rule.ts'
import { type Aliases, personOf } from '../sessions/ownership.ts'
import { type FirstUse, judgeRedemption } from './replay.ts'

export interface AssertionOptions {
  readonly clientAliases: Aliases
  readonly refusals: number
  readonly windowMs: number
  readonly retryMs: number
  readonly severe: readonly string[]
}
/** Times at which one client was refused. */
export type Refusals = { atMs: number[] }
export const noRefusals = (): Refusals => ({ atMs: [] })

interface Presented {
  readonly ts: number
  readonly client: string
  readonly sourceAddress: string
  readonly decision: string
  readonly outcome: string
  readonly assertionClient: string
  readonly assertionFlaws: readonly string[]
}
export function judgeAssertion(
  e: Presented,
  first: FirstUse,
  refusals: Refusals,
  options: AssertionOptions,
): Match | undefined {
  const { clientAliases: aliases } = options
  const isOther = e.assertionClient !== '' && personOf(e.assertionClient, aliases) !== personOf(e.client, aliases)
  const wrong = [...(isOther ? ['client'] : []), ...e.assertionFlaws]
  const again = judgeRedemption(e, 'an assertion', first, options.retryMs)
  if (e.decision !== 'allow') return wrong.length === 0 ? undefined : judgeRefusals(e.ts, refusals, options)
  if (wrong.length === 0) return again
  const isSevere = isOther || wrong.some((flaw) => options.severe.includes(flaw))
  return {
    severity: isSevere ? 'high' : 'medium',
    saw: `an assertion accepted in spite of: ${wrong.join(', ')}`,
    expected: 'an assertion for this server, this resource and this client',
    evidence: { client: e.client, assertionClient: e.assertionClient },
  }
}

/** A single one may be a clock, or a client that is being set up. */
function judgeRefusals(ts: number, cell: Refusals, { refusals, windowMs }: AssertionOptions): Match | undefined {
  cell.atMs = [...cell.atMs.filter((at) => ts - at < windowMs), ts]
  if (cell.atMs.length < refusals) return undefined
  cell.atMs = []
  return {
    severity: 'medium',
    saw: `${refusals} assertions refused`,
    expected: 'assertions for this server',
    evidence: { observed: refusals, windowMs },
  }
}
