/** A change of a server that its deployment explains: one that came before, or one of which the pipeline tells a little later. */
import { type Severity, severityRank } from '../../schemas/finding.ts'
import { type Deployments, deployedNear, noDeployments } from '../deployments.ts'
import type { Match } from '../rule.ts'

const MAX_SAW_CHARS = 400

/** Deployments of the server, and the change that waits for one until `dueMs`; '' in `pendingSaw` for none. */
export type Waiting = Deployments & {
  dueMs: number
  pendingSaw: string
  pendingGrade: string
  pendingSeverity: string
  pendingBuild: string
  pendingMs: number
}
export const nothingWaits = () =>
  ({
    ...noDeployments(),
    dueMs: 0,
    pendingSaw: '',
    pendingGrade: '',
    pendingSeverity: 'info',
    pendingBuild: '',
    pendingMs: 0,
  }) as Waiting

export interface Found extends Pick<Match, 'saw' | 'expected' | 'evidence'> {
  readonly grade: string
  readonly severity: Severity
}

/** Silent with a deployment; a match at once while the build stays the same or is not known; else it waits. */
export function judgeOrWait(
  { grade, severity, saw, expected = '', evidence }: Found,
  e: { readonly ts: number; readonly build: string },
  buildBefore: string,
  waiting: Waiting,
  joinMs: number,
): Match | undefined {
  if (deployedNear(waiting, e.build, e.ts, joinMs)) return undefined
  if (e.build === '' || buildBefore === '' || e.build === buildBefore)
    return { severity, saw, expected, evidence: { grade, ...evidence } }
  const { pendingSaw, pendingGrade, pendingSeverity } = waiting
  const [gravest] = [
    { grade: pendingGrade, severity: pendingSeverity as Severity },
    { grade, severity },
  ].sort((a, b) => severityRank(b.severity) - severityRank(a.severity))
  Object.assign(waiting, {
    pendingSaw: [pendingSaw, saw].filter(Boolean).join(', ').slice(0, MAX_SAW_CHARS).toWellFormed(),
    pendingGrade: gravest!.grade,
    pendingSeverity: gravest!.severity,
  })
  // What comes while another change waits is told with it.
  if (pendingSaw === '') Object.assign(waiting, { pendingBuild: e.build, pendingMs: e.ts, dueMs: e.ts + joinMs })
  return undefined
}

/** The time is over. */
export function judgeWaiting(waiting: Waiting, joinMs: number): Match | undefined {
  const { pendingSaw, pendingGrade, pendingSeverity, pendingBuild, pendingMs } = waiting
  Object.assign(waiting, { pendingSaw: '', pendingSeverity: 'info' })
  if (deployedNear(waiting, pendingBuild, pendingMs, joinMs)) return undefined
  return {
    severity: pendingSeverity as Severity,
    saw: `${pendingSaw}, with a build that nobody deployed`,
    expected: 'a deployment of this build',
    evidence: { grade: pendingGrade, build: pendingBuild },
  }
}
