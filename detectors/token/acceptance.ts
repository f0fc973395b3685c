/** What became of a token: who says that it was accepted, and how sure that is. */
import type { Severity } from '../../schemas/finding.ts'

interface Judged {
  readonly decision: string
  readonly flags: readonly string[]
}
/** Told by who did not verify the token, such as a proxy: an answer was given, and the server may not have looked at it at all. */
const UNVERIFIED = 'claims_unverified'

/** How bad it is that this token passed: `worst` where the server verified it. Undefined: it did not pass. */
export const gradeOfAccepted = ({ decision, flags }: Judged, worst: Severity): Severity | undefined =>
  decision !== 'allow' ? undefined : flags.includes(UNVERIFIED) ? 'medium' : worst
