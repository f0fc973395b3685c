/** The surroundings of a session or handle: address, program, client, protocol version, bound key. They change one at a time, as a rule. */
import { wasRefused } from '../finding.ts'
import { type Match, NEVER } from '../rule.ts'
import { shortName } from '../short-name.ts'

const FACTORS = ['address', 'program', 'client', 'version', 'key'] as const
export type Factors = { readonly [F in (typeof FACTORS)[number]]?: string }

/** What a request says of its surroundings. */
export const requestFactors = (e: {
  readonly sourceAddress: string
  readonly clientName: string
  readonly protocolVersion: string
}): Factors => ({ address: e.sourceAddress, client: e.clientName, version: e.protocolVersion })

/** `known`: values seen, as factor=value; `changedMs`: when each factor last took a value never seen. */
export type Surroundings = { principal: string; known: string[]; changedMs: number[]; sinceMs: number; lastMs: number }
export const noSurroundings = (): Surroundings => {
  const changedMs = FACTORS.map(() => NEVER)
  return { principal: '', known: [], changedMs, sinceMs: NEVER, lastMs: NEVER }
}
const NONE: readonly string[] = []
/** Whether `factor=name` is one of them, without making that text: most of what comes is known. */
function isKnown(known: readonly string[], factor: string, name: string): boolean {
  const length = factor.length + 1 + name.length
  for (const entry of known)
    if (entry.length === length && entry.startsWith(factor) && entry[factor.length] === '=' && entry.endsWith(name))
      return true
  return false
}
/** Values remembered of each factor; the oldest goes. */
const MAX_VALUES = 4

export interface ShiftOptions {
  readonly atLeast: number
  readonly windowMs: number
  readonly settleMs: number
}
interface Use {
  readonly ts: number
  readonly principal: string
  readonly decision: string
  readonly outcome: string
}
/**
 * A use by the same owner. What is new in the first `settleMs` after the beginning or a long pause is learned: several programs of one
 * client begin together, and who comes back after a pause may well sit elsewhere.
 */
export function judgeShift(e: Use, factors: Factors, cell: Surroundings, options: ShiftOptions): Match | undefined {
  const { atLeast, windowMs, settleMs } = options
  if (wasRefused(e)) return undefined
  if (cell.principal === '') cell.principal = e.principal
  // Another person is another rule.
  if (e.principal !== '' && e.principal !== cell.principal) return undefined
  if (e.ts - cell.lastMs >= windowMs) cell.sinceMs = e.ts
  cell.lastMs = Math.max(cell.lastMs, e.ts)
  const isSettled = e.ts - cell.sinceMs >= settleMs
  let changed = NONE
  for (let i = 0; i < FACTORS.length; i++) {
    const factor = FACTORS[i]!
    const value = factors[factor]
    if (value === undefined || value === '') continue
    const name = shortName(value)
    if (isKnown(cell.known, factor, name)) continue
    const entry = `${factor}=${name}`
    const values = cell.known.filter((each) => each.startsWith(`${factor}=`))
    if (values.length >= MAX_VALUES) cell.known = cell.known.filter((each) => each !== values[0])
    cell.known.push(entry)
    if (values.length === 0 || !isSettled) continue
    cell.changedMs[i] = e.ts
    changed = [...changed, entry]
  }
  if (changed.length === 0) return undefined
  const recent = FACTORS.filter((_, i) => e.ts - cell.changedMs[i]! < windowMs)
  if (recent.length < atLeast) return undefined
  cell.changedMs.fill(NEVER)
  return {
    saw: `${recent.join(', ')} changed, last ${changed.join(' ')}`,
    expected: `the same ${recent.join(' and ')} as before`,
    evidence: { changed: recent, windowMs, known: [...cell.known] },
  }
}
