/** Whether an identifier in a sentence names another tool: the server lists it, or the words around it treat it as one. */
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, type Sentence } from './sentence.ts'

/** The first token from `start` on that names a tool other than the one described; -1: none. */
export function otherToolIn(s: Sentence, start = s.from): number {
  for (
    let i = find(s, { about: TO.otherTool | TO.identifier }, start);
    i >= 0;
    i = find(s, { about: TO.otherTool | TO.identifier }, i + 1)
  )
    if (isOtherTool(s, i)) return i
  return -1
}

export function isOtherTool(s: Sentence, i: number): boolean {
  if (has(s, i, { about: TO.otherTool })) return true
  if (!has(s, i, { about: TO.identifier }) || has(s, i, { about: TO.ownTool })) return false
  if (after(s, i, 1, { about: TO.parameter }) >= 0) return false
  if (s.tokens.text.charCodeAt(s.tokens.ends[i]!) === 40) return true
  return before(s, i, 2, { doing: DO.call, about: TO.tool }) >= 0 || after(s, i, 1, { about: TO.tool }) >= 0
}

/** `any other tool`, `all other tools`: a token of it; -1: none. */
export function anyOtherTool(s: Sentence, start = s.from): number {
  for (let i = find(s, { about: TO.tool }, start); i >= 0; i = find(s, { about: TO.tool }, i + 1))
    if (before(s, i, 3, { how: HOW.other | HOW.all }) >= 0 && before(s, i, 1, { how: HOW.this }) < 0) return i
  return -1
}

/** All tools there are, not those of a product that is named or of this server: `any other Acme tool`. */
export function isUnbounded(s: Sentence, any: number): boolean {
  const other = before(s, any, 3, { how: HOW.other | HOW.all })
  return (
    other >= 0 &&
    s.tokens.at[any]! - s.tokens.at[other]! === 1 &&
    after(s, any, 3, { how: HOW.into | HOW.from | HOW.this }) < 0
  )
}
