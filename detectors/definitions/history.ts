/** The history of one tool's definition: what is trusted, what was rejected, what is in force now, and whether a change is explained. */
import { type Deployments, deployedNear } from '../deployments.ts'
import type { Match } from '../rule.ts'
import { entryOf } from '../table.ts'
import {
  type Approvals,
  type Decision,
  isApproved,
  MAX_HASHES,
  noApprovals,
  noteApproval,
  noteRevocation,
} from './approvals.ts'
import { type DefinitionFacts, factsOf, noFacts, type SeenDefinition, shortHash } from './facts.ts'
import { type ChangeGrade, gradeAfter, gradeChange } from './grade.ts'
import { isIgnored } from './ignored.ts'

type Severity = ChangeGrade['severity']
/** Of the tool as a whole: approvals, hashes rejected and accepted, and a change that waits for its deployment until `dueMs`. */
export type ToolHistory = Approvals & {
  rejected: string[]
  accepted: string[]
  knownMs: number
  dueMs: number
  pending: string
  pendingBuild: string
  pendingMs: number
  pendingSaw: string
  pendingGrade: string
  pendingSeverity: string
}
const MAX_ACCEPTED = 12
/** Characters kept of what is said when the time for a deployment is over. */
const MAX_SAW = 400
export const newTool = (): ToolHistory => ({
  ...noApprovals(),
  rejected: [],
  accepted: [],
  knownMs: 0,
  dueMs: 0,
  pending: '',
  pendingBuild: '',
  pendingMs: 0,
  pendingSaw: '',
  pendingGrade: '',
  pendingSeverity: '',
})
/** Of the tool as one era and language show it. `baseline` was learned, deployed or changed harmlessly; the facts are the baseline's. */
export type Shown = DefinitionFacts & {
  baseline: string
  baselineMs: number
  previous: string
  current: string
  sinceMs: number
  build: string
}
export const notShown = (): Shown => ({
  ...noFacts(),
  baseline: '',
  baselineMs: 0,
  previous: '',
  current: '',
  sinceMs: 0,
  build: '',
})
export interface HistoryOptions {
  readonly joinMs: number
  readonly ignoreParts: Readonly<Record<string, readonly string[]>>
}
export interface Sighting extends SeenDefinition {
  readonly ts: number
  readonly tool: string
  readonly build: string
}

/** Changes from this on are not taken for the tool's own history unless something explains them. */
const isGrave = (severity: Severity): boolean => severity !== 'info' && severity !== 'low'

const isTrusted = (tool: ToolHistory, shown: Shown, hash: string, ts: number): boolean =>
  isApproved(tool, hash, ts) ||
  tool.accepted.includes(hash) ||
  (hash === shown.baseline && shown.baselineMs > tool.revokedMs)
function reject(tool: ToolHistory, hash: string): void {
  if (tool.rejected.includes(hash)) return
  tool.rejected.push(hash)
  if (tool.rejected.length > MAX_HASHES) tool.rejected.shift()
}
/** People have the last word: what they approve is held against nobody, what they revoke is trusted no more, learned or not. */
export function approveTool(e: Decision & { readonly expiresAt: number }, tool: ToolHistory): void {
  noteApproval(e, tool)
  clear(tool, shortHash(e.approvedHash))
}
export function revokeTool(e: Decision & { readonly all: boolean }, tool: ToolHistory): void {
  noteRevocation(e, tool)
  const hash = shortHash(e.approvedHash)
  tool.accepted = e.all ? [] : tool.accepted.filter((each) => each !== hash)
}
/** Nothing is held against this definition any more. */
function clear(tool: ToolHistory, hash: string): void {
  tool.rejected = tool.rejected.filter((each) => each !== hash)
  if (tool.pending !== hash) return
  tool.pending = ''
  tool.dueMs = 0
}
function accept(tool: ToolHistory, hash: string): void {
  clear(tool, hash)
  if (!tool.accepted.includes(hash)) tool.accepted.push(hash)
  if (tool.accepted.length > MAX_ACCEPTED) tool.accepted.shift()
}
/** What people approved is trusted by its approval alone, which can end. */
function becomeBaseline(shown: Shown, e: Sighting, hash: string, isApprovedByPeople = false): void {
  if (shown.baseline !== hash) shown.previous = shown.baseline
  shown.baseline = hash
  shown.baselineMs = isApprovedByPeople ? 0 : e.ts
  Object.assign(shown, factsOf(e))
}

/** A definition was seen. Answers a match when it differs and nothing explains it, and when a rejected one hides or returns. */
export function judgeDefinition(
  e: Sighting,
  tool: ToolHistory,
  shown: Shown,
  deployments: Deployments,
  options: HistoryOptions,
): Match | undefined {
  const hash = shortHash(e.hash)
  if (hash === '') return undefined
  const { current, sinceMs, build } = shown
  shown.build = e.build
  if (tool.knownMs === 0) tool.knownMs = e.ts
  if (current === hash) return judgeUnchanged(e, hash, tool, shown, deployments, options)
  shown.current = hash
  shown.sinceMs = e.ts
  if (current === '') return judgeFirst(e, hash, tool, shown)
  const isSameBuild = e.build !== '' && e.build === build
  const isDeployed = !isSameBuild && deployedNear(deployments, e.build, e.ts, options.joinMs)
  const wasHidden = tool.rejected.includes(current) || tool.pending === current
  if (isTrusted(tool, shown, hash, e.ts)) {
    if (isApproved(tool, hash, e.ts)) becomeBaseline(shown, e, hash, true)
    return wasHidden ? judgeHidden(e, current, tool, e.ts - sinceMs, isDeployed) : undefined
  }
  // A rolling deployment: the old replicas still show what they were built with.
  if (!isSameBuild && hash === shown.previous && deployedNear(deployments, '', e.ts, options.joinMs)) return undefined
  const change = gradeAfter(shown, e)
  if (isDeployed || isIgnored(change, shown, e, entryOf(options.ignoreParts, e.tool))) {
    becomeBaseline(shown, e, hash)
    clear(tool, hash)
    return undefined
  }
  if (tool.rejected.includes(hash)) return judgeReturned(e, change)
  const isAwaited = !isSameBuild && e.build !== '' && build !== '' && change.grade !== 'injected'
  const match = changeMatch(e, change, isSameBuild)
  const isTaken = !isGrave(change.severity)
  if (isTaken) {
    // Both were harmless: going back is no news.
    if (shown.baseline !== '') accept(tool, shown.baseline)
    becomeBaseline(shown, e, hash)
  }
  // A new build without a deployment yet: the pipeline may tell a little later.
  if (isAwaited) {
    awaitDeployment(tool, hash, e, match, change, options.joinMs)
    return undefined
  }
  if (isTaken && wasHidden) return judgeHidden(e, current, tool, e.ts - sinceMs, false)
  if (!isTaken) reject(tool, hash)
  return match
}

function awaitDeployment(
  tool: ToolHistory,
  hash: string,
  e: Sighting,
  { saw }: Match,
  { grade, severity }: ChangeGrade,
  joinMs: number,
): void {
  Object.assign(tool, {
    pending: hash,
    pendingBuild: e.build,
    pendingMs: e.ts,
    pendingSaw: saw.slice(0, MAX_SAW).toWellFormed(),
    pendingGrade: grade,
    pendingSeverity: severity,
    dueMs: e.ts + joinMs,
  })
}

/** What changed, and why that matters. An order that comes while the build stays the same was not written by who built the server. */
function changeMatch(e: Sighting, { grade, severity, reasons, parts }: ChangeGrade, isSameBuild: boolean): Match {
  const what = parts.length === 0 ? 'the definition' : parts.join(', ')
  const why = reasons.length === 0 || reasons[0] === what ? '' : `: ${reasons.slice(0, 3).join('; ')}`
  return {
    severity: isSameBuild && grade === 'injected' ? 'critical' : severity,
    saw: `${what} changed (${grade})${why}${isSameBuild ? '; at run time: the build is the same' : ''}`,
    expected: 'the trusted definition, an approval, or a deployment',
    evidence: { grade, changed: parts, reasons, hash: e.hash, build: e.build },
  }
}

function judgeReturned(e: Sighting, { grade, severity, reasons, parts }: ChangeGrade): Match {
  return {
    severity: severity === 'high' ? 'critical' : 'high',
    saw: `a rejected definition returns: ${parts.join(', ') || 'the definition'} (${grade})`,
    expected: 'the trusted definition',
    evidence: { grade, changed: parts, reasons, hash: e.hash, build: e.build },
  }
}

/** The definition that was in force until now goes: was it shown for a while only? */
function judgeHidden(
  e: Sighting,
  hidden: string,
  tool: ToolHistory,
  shownMs: number,
  isDeployed: boolean,
): Match | undefined {
  const isPendingGrave = tool.pending === hidden && isGrave(tool.pendingSeverity as Severity)
  const wasGrave = tool.rejected.includes(hidden) || isPendingGrave
  if (tool.pending === hidden) clear(tool, hidden)
  if (isPendingGrave) reject(tool, hidden)
  if (!wasGrave || isDeployed) return undefined
  return {
    severity: 'high',
    saw: `the trusted definition is back: the other one was hidden again after ${shownMs} ms`,
    expected: 'one definition',
    evidence: { grade: 'hidden', hash: e.hash, shownMs, build: e.build },
  }
}

/** The first sight is trusted, unless people approve definitions of this tool and this is none of them. */
function judgeFirst(e: Sighting, hash: string, tool: ToolHistory, shown: Shown): Match | undefined {
  const isKnownBad = tool.rejected.includes(hash)
  const approved = isApproved(tool, hash, e.ts)
  if (approved || (tool.approved.length === 0 && !isKnownBad && tool.revokedMs === 0)) {
    becomeBaseline(shown, e, hash, approved)
    return undefined
  }
  Object.assign(shown, factsOf(e))
  if (isKnownBad) return undefined
  reject(tool, hash)
  const { grade, severity } = gradeChange(undefined, e)
  return {
    severity: severity === 'high' ? 'high' : 'medium',
    saw: 'a definition that is not an approved one',
    expected: 'an approved definition',
    evidence: { grade, hash: e.hash, build: e.build },
  }
}

/** Nothing changed, but its approval may have ended, or the deployment it waited for has come. */
function judgeUnchanged(
  e: Sighting,
  hash: string,
  tool: ToolHistory,
  shown: Shown,
  deployments: Deployments,
  { joinMs }: HistoryOptions,
): Match | undefined {
  if (tool.pending === hash) {
    if (deployedNear(deployments, tool.pendingBuild, tool.pendingMs, joinMs)) {
      becomeBaseline(shown, e, hash)
      clear(tool, hash)
    }
    return undefined
  }
  const wasApproved = tool.approved.includes(hash) || hash === shown.baseline
  if (!wasApproved || isTrusted(tool, shown, hash, e.ts) || tool.rejected.includes(hash)) return undefined
  reject(tool, hash)
  return {
    severity: 'medium',
    saw: 'a definition whose approval has ended is still offered',
    expected: 'an approved definition',
    evidence: { grade: 'unapproved', hash: e.hash },
  }
}

/** The time for the deployment is over. */
export function judgePending(tool: ToolHistory, deployments: Deployments, joinMs: number): Match | undefined {
  const { pending, pendingBuild, pendingMs, pendingSaw, pendingGrade, pendingSeverity } = tool
  if (pending === '') return undefined
  if (deployedNear(deployments, pendingBuild, pendingMs, joinMs)) {
    accept(tool, pending)
    return undefined
  }
  clear(tool, pending)
  const severity = pendingSeverity as Severity
  if (isGrave(severity)) reject(tool, pending)
  return {
    severity,
    saw: `${pendingSaw}, with a build that nobody deployed`,
    expected: 'a deployment of this build, or an approval',
    evidence: { grade: pendingGrade, build: pendingBuild },
  }
}
