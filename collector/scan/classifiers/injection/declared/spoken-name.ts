/** Names of parameters that are sentences: what they ask for stands in no description. */
import type { Report } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import type { Tokens } from '../tokens.ts'

/** Fewer words are a name like any other. */
const MIN_WORDS = 4

/** `contents_of_private_key` as text of the same length in which its words stand apart. */
export const spokenName = (name: string): string => name.replace(/[_.-]/g, ' ')

export function spokenNames(tokens: Tokens, report: Report): void {
  const { count, at, text } = tokens
  if (count < 2 || text.split(' ').length < MIN_WORDS) return
  let doing = 0
  let to = 0
  let how = 0
  let as = 0
  for (let i = 0; i < count; i++) {
    doing |= tokens.doing[i]!
    to |= tokens.to[i]!
    how |= tokens.how[i]!
    as |= tokens.as[i]!
  }
  if (at[count - 1] === undefined) return
  const last = count - 1
  const isKey = (to & TO.secret) !== 0 || ((to & TO.keyish) !== 0 && (how & HOW.keyed) !== 0)
  const isWhole = (how & (HOW.all | HOW.prior | HOW.only)) !== 0
  if (isKey && (as & AS.content) !== 0) report('secret_path', 0.55, 0, last)
  else if ((as & AS.machine) !== 0 && (as & AS.content) !== 0 && (doing & DO.put) !== 0)
    report('secret_path', 0.5, 0, last)
  else if ((to & TO.prompt) !== 0 && (to & TO.authority) !== 0 && (isWhole || (to & TO.agent) !== 0))
    report('parameter_smuggle', 0.5, 0, last)
  else if (isWhole && ((to & TO.talk) !== 0 || ((to & TO.message) !== 0 && (to & TO.person) !== 0)))
    report('parameter_smuggle', 0.5, 0, last)
}
