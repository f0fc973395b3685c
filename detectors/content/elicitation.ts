/** What a server asks a person for, and what is wrong with it: classes of fields, and flaws of the URL a person is sent to. */
import type { Severity } from '../../schemas/finding.ts'
import type { Listing } from '../engine/inventory.ts'
import { type ContentFacts, contentSeverity, familyOf } from './content-severity.ts'

/** The URL works for whoever has it, or says who it is for. */
const AUTHENTICATED: ReadonlySet<string> = new Set(['credential', 'userinfo'])
/** It does not lead to a page. */
const HARMFUL: ReadonlySet<string> = new Set(['javascript'])
const ODD: ReadonlySet<string> = new Set(['not_https', 'private_address', 'punycode', 'unparsable', 'too_long'])

interface Elicited {
  readonly mode: string
  readonly urlHost: string
  readonly urlFlaws: readonly string[]
  readonly fieldClasses: readonly string[]
}
export interface Judged {
  readonly severity: Severity
  readonly saw: string
  readonly expected: string
}

/** A secret goes through a form, which the specification forbids; what it allows there may still be too much for a form. */
function judgeForm({ fieldClasses }: Elicited): Judged | undefined {
  const expected = 'a page of the service itself, in URL mode'
  if (fieldClasses.includes('credential')) return { severity: 'high', saw: 'a form asks for a secret', expected }
  const personal = fieldClasses.filter((each) => each === 'payment' || each === 'identity_document')
  return personal.length === 0
    ? undefined
    : { severity: 'medium', saw: `a form asks for ${personal.join(', ')}`, expected }
}

function judgeUrl({ urlHost, urlFlaws }: Elicited, listing: Listing): Judged | undefined {
  const flaws = urlFlaws.slice(0, 16)
  const saw = `a URL of ${urlHost || 'no host'}`
  if (flaws.some((flaw) => HARMFUL.has(flaw) || AUTHENTICATED.has(flaw)))
    return { severity: 'high', saw: `${saw} (${flaws.join(', ')})`, expected: 'an https URL that authenticates nobody' }
  if (listing === 'unlisted') return { severity: 'medium', saw, expected: 'a host that is approved' }
  const odd = flaws.filter((flaw) => ODD.has(flaw))
  if (odd.length === 0) return undefined
  return { severity: 'medium', saw: `${saw} (${odd.join(', ')})`, expected: 'an https URL of a public host' }
}

/** `listing`: of the host among the destinations. */
export const judgeElicitation = (asked: Elicited, listing: Listing): Judged | undefined =>
  asked.mode === 'url' ? judgeUrl(asked, listing) : judgeForm(asked)

/** Of one call: a secret was typed into a form of its server. */
export type Filled = { isFilled: boolean }
export const notFilled = (): Filled => ({ isFilled: false })

/** What a question says, or what came back in the result of a call whose form was filled in. Findings of other content are not asked. */
export const isAboutElicitation = ({ surface, findingClass }: ContentFacts): boolean =>
  surface === 'elicitation' || (surface === 'result' && familyOf(findingClass) === 'secret')
export function judgeElicited(found: ContentFacts, { isFilled }: Filled): Omit<Judged, 'saw'> | undefined {
  const severity = contentSeverity(found)
  if (severity === undefined) return undefined
  if (found.surface !== 'elicitation')
    return isFilled ? { severity: 'high', expected: 'nothing of what was typed in' } : undefined
  const asked: Severity = severity === 'critical' ? 'high' : severity
  if (familyOf(found.findingClass) !== 'pii') return { severity: asked, expected: 'a plain question' }
  // Whoever sees the URL, in a log or a referrer, learns whom it is about.
  return found.contentPath.endsWith('url') ? { severity: 'medium', expected: 'a URL that names nobody' } : undefined
}
