/** The requirement manifest: every mandatory statement and every message of both eras, with what shows it or why nothing does. */
import { EVENT_TYPES, type EventType } from '../../schemas/event.ts'
import { LEGACY_MESSAGES } from './legacy-messages.ts'
import { MODERN_MESSAGES } from './modern-messages.ts'
import type { Requirement } from './requirement.ts'
import { SERVER_EFFECTS } from './server-effects.ts'
import { STATEMENTS } from './statements.ts'

export const REQUIREMENTS: readonly Requirement[] = [
  ...STATEMENTS,
  ...LEGACY_MESSAGES,
  ...MODERN_MESSAGES,
  ...SERVER_EFFECTS,
]

/** Types that at least one test of a requirement shows. */
export const coveredTypes = (requirements: readonly Requirement[]): ReadonlySet<string> =>
  new Set(requirements.flatMap(({ test, shows }) => (test === undefined ? [] : shows.map(typeOf))))

/** The event type of `type` or `type.field`: types have a point of their own. */
export const typeOf = (shown: string): EventType | '' =>
  EVENT_TYPES.find((type) => shown === type || shown.startsWith(`${type}.`)) ?? ''

export function requirementsAsMarkdown(requirements: readonly Requirement[]): string {
  const missing = requirements.filter((each) => each.test === undefined)
  const lines = [
    '# Requirements',
    '',
    `${requirements.length - missing.length} of ${requirements.length} are shown by a test; ${missing.length} are missing, each with its reason.`,
    '',
    '| Requirement | Era | Place | Says | Events | Test |',
    '|---|---|---|---|---|---|',
    ...requirements.map(({ id, era, spec, says, shows, test, missing: why }) =>
      row([
        id,
        era,
        `${spec.section}, ${spec.revision}`,
        says,
        shows.join(', '),
        test === undefined ? `**missing**: ${why}` : `${test.path}: ${test.name}`,
      ]),
    ),
  ]
  return `${lines.join('\n')}\n`
}
const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

export const requirementsAsJson = (requirements: readonly Requirement[]) => ({
  covered: requirements.filter(({ test }) => test !== undefined).length,
  missing: requirements.filter(({ test }) => test === undefined).map(({ id, missing }) => ({ id, why: missing })),
  requirements,
})
