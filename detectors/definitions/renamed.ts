/** A definition in a new coat: the wording, or the spelling of the name, belonged to another tool of the server before. */
import type { Match } from '../rule.ts'
import { gradeAdded } from './grade.ts'
import type { Sighting } from './history.ts'

/** The tool that a wording or a spelling belongs to, and since when. */
export type Named = { tool: string; sinceMs: number; parts: string }
export const unnamed = () => ({ tool: '', sinceMs: 0, parts: '' }) as Named

/** A tool seen for the first time that says, or is spelled like, what an earlier tool did. It takes over the name. */
export function judgeName(
  e: Sighting & { readonly parts: string },
  wording: Named,
  spelling: Named,
  isDeployed: boolean,
): Match | undefined {
  const twin = [wording, spelling].find(({ tool, sinceMs }) => tool !== '' && sinceMs < e.ts)
  const match = twin && !isDeployed ? renaming(e, twin) : undefined
  for (const named of [wording, spelling]) Object.assign(named, { tool: e.tool, sinceMs: e.ts, parts: e.parts })
  return match
}

function renaming(e: Sighting & { readonly parts: string }, twin: Named): Match {
  const { grade, severity } = gradeAdded(e)
  return {
    severity: severity === 'high' ? 'high' : 'medium',
    saw:
      twin.parts === e.parts
        ? `the definition of ${twin.tool} under another name`
        : `a name spelled like ${twin.tool}, with another definition`,
    expected: `${twin.tool}, or a deployment`,
    evidence: { grade: grade === 'added' ? 'identity' : grade, before: twin.tool, hash: e.hash, build: e.build },
  }
}
