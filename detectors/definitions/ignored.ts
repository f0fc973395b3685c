/** Parts of a definition that change by themselves, such as a list of choices read from a database: named by part or JSON pointer. */
import { type DefinitionFacts, PARTS, shapeWithout } from './facts.ts'
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
  now: DefinitionFacts,
  ignored: readonly string[],
): boolean {
  if (grade === 'injected' || grade === 'suspected') return false
  const places = ignored.filter((each) => each.startsWith('/')).map(placeOf)
  const rest = parts.filter((part) => !ignored.includes(part))
  const isSameOtherwise =
    now.wording === before.wording && shapeWithout(now.shape, places) === shapeWithout(before.shape, places)
  return rest.every((part) => part === 'input' && places.length > 0 && isSameOtherwise)
}
