/** What was found in one answer taken together: detectors that agree, and a marker of a conversation beside an order. */
import type { Severity } from '../schemas/finding.ts'
import { type ContentFacts, contentSeverity, familyOf, isAtLeast } from './content-severity.ts'

/** Of one request. */
export type Agreement = { detectors: string[]; hasMarker: boolean; hasOrder: boolean; isTrusted: boolean }
export const noAgreement = (): Agreement => ({ detectors: [], hasMarker: false, hasOrder: false, isTrusted: false })
const MAX_DETECTORS = 8
/** Detectors that find the same thing independently. */
const AGREED = 2

/** Marks that make a text pass for something it is not: a turn of the conversation, or nothing at all. */
const isMarker = (findingClass: string): boolean =>
  findingClass === 'injection.role_marker' || familyOf(findingClass) === 'unicode'

/** Undefined: not worth a finding. What is said later of the same answer can only raise what follows. */
export function agreedSeverity(found: ContentFacts & { detector: string }, seen: Agreement): Severity | undefined {
  const own = contentSeverity(found)
  if (own === undefined) return undefined
  const { detector, findingClass } = found
  if (detector !== '' && !seen.detectors.includes(detector) && seen.detectors.length < MAX_DETECTORS)
    seen.detectors.push(detector)
  const marks = isMarker(findingClass)
  if (marks) seen.hasMarker = true
  else if (familyOf(findingClass) === 'injection') seen.hasOrder = true
  const agree = seen.detectors.length >= AGREED || (seen.hasMarker && seen.hasOrder)
  return agree && !isAtLeast(own, 'high') ? 'high' : own
}
