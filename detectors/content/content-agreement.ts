/** What was found in one answer taken together: detectors that agree, and a marker of a conversation beside an order. */
import type { Severity } from '../../schemas/finding.ts'
import { familyOf } from './content-severity.ts'

/** Of one request. `signs`: a text that passes for something else, and an order in it. */
export type Agreement = { detectors: string[]; signs: string[]; isTrusted: boolean }
export const noAgreement = (): Agreement => ({ detectors: [], signs: [], isTrusted: false })
const MAX_DETECTORS = 8
/** Detectors that find the same thing independently, or signs that only together make an attack. */
const AGREED = 2

/** By class, else by family: a mark makes a text pass for a turn of the conversation, or for nothing at all. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ['injection.role_marker', 'mark'],
  ['unicode', 'mark'],
  ['injection', 'order'],
])
const withAny = (known: readonly string[], said: string): string[] =>
  [...new Set([...known, said])].filter(Boolean).slice(0, MAX_DETECTORS)

interface Found {
  readonly findingClass: string
  readonly detector: string
}
/** `own`: what the finding is worth alone. What is said later of the same answer can only raise what follows. */
export function agreedSeverity({ findingClass, detector }: Found, own: Severity, seen: Agreement): Severity {
  seen.detectors = withAny(seen.detectors, detector)
  seen.signs = withAny(seen.signs, SIGNS.get(findingClass) ?? SIGNS.get(familyOf(findingClass)) ?? '')
  return seen.detectors.length >= AGREED || seen.signs.length >= AGREED ? 'high' : own
}
