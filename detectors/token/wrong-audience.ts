/** Tokens for other services that were refused: how many in a while, and for how many services. */

import { keepNewest } from '../newest.ts'
import { shortName } from '../short-name.ts'
import { entryOf } from '../table.ts'
import { isAnySame } from './audience.ts'

export type Refusals = { atMs: number[]; audiences: string[]; seenMs: number[] }
export const noRefusals = (): Refusals => ({ atMs: [], audiences: [], seenMs: [] })
export interface ProbeLimits {
  readonly audiences: Readonly<Record<string, readonly string[]>>
  readonly refusals: number
  readonly withinMs: number
}
const MAX_AUDIENCES = 16

interface Validated {
  readonly ts: number
  readonly server: string
  readonly aud: readonly string[]
  readonly resource: readonly string[]
  readonly expectedAud: readonly string[]
}
const statedOf = ({ aud, resource }: Validated): readonly string[] => (aud.length > 0 ? aud : resource)

/** Made for somebody else. A token that tells no audience is no probe. */
export function isWrongAudience(e: Validated, { audiences }: ProbeLimits): boolean {
  const stated = statedOf(e)
  const own = [...e.expectedAud, ...(entryOf(audiences, e.server) ?? [])]
  return stated.length > 0 && own.length > 0 && !isAnySame(stated, own)
}

/** Take in a refusal; answers its audiences once there are as many refusals as the limit within the window, and begins anew then; none before. */
export function noteRefusal(e: Validated, cell: Refusals, limits: ProbeLimits): readonly string[] {
  const { atMs, audiences, seenMs } = cell
  const named = shortName(statedOf(e).join(' '))
  const at = audiences.indexOf(named)
  if (at >= 0) seenMs[at] = Math.max(seenMs[at]!, e.ts)
  else {
    audiences.push(named)
    seenMs.push(e.ts)
    keepNewest(MAX_AUDIENCES, audiences, seenMs)
  }
  atMs.push(e.ts)
  atMs.sort((a, b) => a - b)
  keepNewest(limits.refusals, atMs)
  const newestMs = atMs.at(-1)!
  if (atMs.length < limits.refusals || newestMs - atMs[0]! >= limits.withinMs) return []
  const recent = audiences.filter((_, i) => newestMs - seenMs[i]! < limits.withinMs)
  cell.atMs = []
  return recent
}
