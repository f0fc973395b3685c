/** Which tools of a list say what their caller must have, and which are public on purpose. */
import type { Definition } from '../../schemas/events/registry.ts'
import { millisecondsOf } from '../engine/event-time.ts'
import { fingerprint } from '../engine/shapes/fingerprint.ts'
import { days } from '../rule.ts'
import { isGraveName } from './sensitive-tools.ts'

const MAX_ANONYMOUS = 128
/** Tools judged of one list. */
const MAX_TOOLS = 500
/** Names that are named in a finding, and whose risk is judged. */
const MAX_NAMED = 64
const DATED = /^public:(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))$/

/** What a server says at its start. Names as marks. */
export type Openness = { required: boolean; anonymous: number[] }
export const unknownOpenness = (): Openness => ({ required: false, anonymous: [] })
export const noteOpenness = (
  e: { readonly authRequired: boolean; readonly anonymousTools: readonly string[] },
  openness: Openness,
): void => {
  openness.required = e.authRequired
  openness.anonymous = e.anonymousTools.slice(0, MAX_ANONYMOUS).map(fingerprint)
}

/** `public` holds for good, `public:2026-05-01` for a year from that review. */
export const isPublic = (tags: readonly string[], ts: number): boolean =>
  tags.some((tag) => {
    if (tag === 'public') return true
    const day = DATED.exec(tag)?.[1]
    return day !== undefined && ts - millisecondsOf(`${day}T00:00:00Z`) < days(365)
  })

interface List {
  readonly ts: number
  readonly definitions: readonly Definition[]
  tagsOf(kind: 'tools', name: string): readonly string[]
}
/** Tools that require nothing and are not public; `isGrave`: one of them looks dangerous, or others of the list do declare. */
export function undeclaredTools(e: List, { anonymous }: Openness): { names: readonly string[]; isGrave: boolean } {
  const tools = e.definitions.slice(0, MAX_TOOLS)
  const undeclared = tools.filter(({ requiredScopes }) => requiredScopes === undefined)
  const isOpen = ({ name, tags = [] }: Definition): boolean =>
    isPublic(tags, e.ts) || isPublic(e.tagsOf('tools', name), e.ts) || anonymous.includes(fingerprint(name))
  const names = undeclared.filter((definition) => !isOpen(definition)).map(({ name }) => name)
  const named = names.slice(0, MAX_NAMED)
  const isGrave = undeclared.length < tools.length || named.some(isGraveName)
  return { names, isGrave }
}
