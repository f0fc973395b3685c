/** What a server says it is: its name, version and instructions. Whether one of them changed, and whether a deployment explains it. */
import { type Severity, severityRank } from '../../schemas/finding.ts'
import { type Deployments, deployedNear, noDeployments } from '../deployments.ts'
import type { Match } from '../rule.ts'
import { shortName } from '../short-name.ts'
import { shortHash } from './facts.ts'

/** Values that are remembered as told, and eras that are kept apart. */
const MAX_SAID = 24
const MAX_ERAS = 4
const MAX_SAW = 400

/** `identities`: a line for each era: era, build, name, version, instructions. A change with a new build waits until `dueMs`. */
export type ServerIdentity = Deployments & {
  identities: string[]
  said: string[]
  dueMs: number
  pendingSaw: string
  pendingSeverity: string
  pendingBuild: string
  pendingMs: number
}
export const unknownServer = (): ServerIdentity => ({
  ...noDeployments(),
  identities: [],
  said: [],
  dueMs: 0,
  pendingSaw: '',
  pendingSeverity: 'info',
  pendingBuild: '',
  pendingMs: 0,
})

interface Told {
  readonly ts: number
  readonly era: string
  readonly build: string
  readonly serverName: string
  readonly serverVersion: string
  readonly instructionsHash: string
}
const WHAT = ['name', 'version', 'instructions'] as const
const EXPECTED = 'the server as it was, or a deployment'

export function judgeServer(e: Told, known: ServerIdentity, joinMs: number): Match | undefined {
  const now = [shortName(e.serverName), shortName(e.serverVersion), shortHash(e.instructionsHash)].map(oneLine)
  const at = known.identities.findIndex((line) => line.startsWith(`${e.era}\n`))
  const [, build = '', ...before] = at < 0 ? [] : known.identities[at]!.split('\n')
  const line = [e.era, oneLine(shortName(e.build)), ...now].join('\n')
  if (at < 0) {
    known.identities = [...known.identities, line].slice(-MAX_ERAS)
    return undefined
  }
  known.identities[at] = line
  const changed = WHAT.filter((_, i) => before[i] !== now[i])
  const news = changed.filter((what) => say(known, `${what} ${now[WHAT.indexOf(what)]!}`))
  if (news.length === 0 || deployedNear(known, e.build, e.ts, joinMs)) return undefined
  const isSameBuild = e.build !== '' && oneLine(shortName(e.build)) === build
  const severity: Severity = news.includes('name') || isSameBuild ? 'medium' : 'low'
  const saw = news.map((what) => `${what} changed${wordsOf(what, before, now)}`).join(', ')
  if (isSameBuild || e.build === '' || build === '')
    return { severity, saw, expected: EXPECTED, evidence: { class: 'server_identity', changed: news, build: e.build } }
  const isWaiting = known.pendingSaw !== ''
  known.pendingSaw = (isWaiting ? `${known.pendingSaw}, ${saw}` : saw).slice(0, MAX_SAW).toWellFormed()
  if (!isWaiting || severityRank(severity) > severityRank(known.pendingSeverity as Severity))
    known.pendingSeverity = severity
  if (!isWaiting) Object.assign(known, { pendingBuild: e.build, pendingMs: e.ts, dueMs: e.ts + joinMs })
  return undefined
}

/** A server that takes turns is told of once for each value. */
function say(known: ServerIdentity, value: string): boolean {
  if (known.said.includes(value)) return false
  known.said = [...known.said, value].slice(-MAX_SAID)
  return true
}
const oneLine = (text: string): string => text.replace(/\s/g, ' ')
/** Instructions are known as a hash only. */
const wordsOf = (what: (typeof WHAT)[number], before: readonly string[], now: readonly string[]): string => {
  const at = WHAT.indexOf(what)
  return what === 'instructions' ? '' : ` from ${before[at] || 'none'} to ${now[at] || 'none'}`
}

export function judgePendingServer(known: ServerIdentity, joinMs: number): Match | undefined {
  const { pendingSaw, pendingSeverity, pendingBuild, pendingMs } = known
  known.pendingSaw = ''
  if (pendingSaw === '' || deployedNear(known, pendingBuild, pendingMs, joinMs)) return undefined
  return {
    severity: pendingSeverity as Severity,
    saw: `${pendingSaw}, with a build that nobody deployed`,
    expected: EXPECTED,
    evidence: { class: 'server_identity', build: pendingBuild },
  }
}
