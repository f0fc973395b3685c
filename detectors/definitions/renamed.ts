/** A definition in a new coat: the wording, or the spelling of the name, belonged to another tool of the server before. */
import type { Match } from '../rule.ts'
import { gradeChange } from './grade.ts'
import type { Sighting } from './history.ts'

/** The tool that a wording or a spelling belongs to, and since when. */
export type Named = { tool: string; sinceMs: number; parts: string }
export const unnamed = (): Named => ({ tool: '', sinceMs: 0, parts: '' })

/** A tool seen for the first time that says, or is spelled like, what an earlier tool did. */
export function judgeName(
  e: Sighting & { readonly parts: string },
  isNew: boolean,
  wording: Named,
  spelling: Named,
  isDeployed: boolean,
): Match | undefined {
  const found = [wording, spelling].find((named) => named.tool !== '' && named.tool !== e.tool && named.sinceMs < e.ts)
  // A copy: the name goes over to the new tool now.
  const twin = found && { ...found }
  for (const named of [wording, spelling])
    if (named.tool === '' || (isNew && twin !== undefined))
      Object.assign(named, { tool: e.tool, sinceMs: e.ts, parts: e.parts })
  if (!isNew || twin === undefined || isDeployed) return undefined
  const isSameText = e.parts !== '' && twin.parts === e.parts
  const { grade, severity } = gradeChange(undefined, e)
  return {
    severity: severity === 'high' ? 'high' : 'medium',
    saw: isSameText
      ? `the definition of ${twin.tool} under another name`
      : `a name spelled like ${twin.tool}, with another definition`,
    expected: `${twin.tool}, or a deployment`,
    evidence: { grade: grade === 'added' ? 'identity' : grade, before: twin.tool, hash: e.hash, build: e.build },
  }
}
