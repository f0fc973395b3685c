/** Parts of a definition that change by themselves, such as a list of choices read from a database: named by part or JSON pointer. */
import { type DefinitionFacts, factsOf, PARTS, type Part, type SeenDefinition, shapeWithout } from './facts.ts'
import type { ChangeGrade } from './grade.ts'

/** A part, or a property of the input: `/inputSchema/properties/options/properties/mode`. */
export const IGNORABLE = new RegExp(`^(?:${PARTS.join('|')}|/inputSchema/properties/.+)$`)

/** `options.mode`, as lines of `inputShape` name it. */
const placeOf = (pointer: string): string =>
  pointer
    .replace(/^\/inputSchema\/properties\//, '')
    .replace(/\/items(?=\/|$)/g, '[]')
    .replace(/\/properties\//g, '.')
    .replace(/~1/g, '/')
    .replace(/~0/g, '~')

/** Nothing changed but what is ignored. Words of an ignored property cannot be told from others: they must not have changed. */
export function isIgnored(
  { parts, grade }: ChangeGrade,
  before: DefinitionFacts,
  after: SeenDefinition,
  ignored: readonly string[] | undefined,
): boolean {
  if (ignored === undefined || parts.length === 0 || grade === 'injected' || grade === 'suspected') return false
  const whole = (part: Part): boolean => ignored.includes(part)
  const rest = parts.filter((part) => !whole(part))
  if (rest.length === 0) return true
  if (rest.some((part) => part !== 'input') || before.wording === '') return false
  const places = ignored.filter((each) => each.startsWith('/')).map(placeOf)
  const now = factsOf(after)
  return now.wording === before.wording && shapeWithout(now.shape, places) === shapeWithout(before.shape, places)
}
