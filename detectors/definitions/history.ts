/** The history of one tool's definition: what is trusted, what was rejected, what is in force now, and whether a change is explained. */
import { type Deployments, deployedNear } from '../deployments.ts'
import type { Match } from '../rule.ts'
import {
  type Approvals,
  type Decision,
  isApproved,
  kept,
  MAX_HASHES,
  noApprovals,
  noteApproval,
  noteRevocation,
} from './approvals.ts'
import { type DefinitionFacts, factsOf, noFacts, type SeenDefinition, shortHash } from './facts.ts'
import { type ChangeGrade, gradeAdded, gradeAfter } from './grade.ts'
import { isIgnored } from './ignored.ts'

type Severity = ChangeGrade['severity']
/**
 * Of the tool as a whole. `accepted`: learned at first sight, deployed, or changed harmlessly. `rejected`: told of as grave. `pending`: a
 * change that waits for its deployment until `dueMs`.
 */
export type ToolHistory = Approvals & {
  rejected: string[]
  accepted: string[]
  isKnown: boolean
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
export const newTool = () =>
  ({
    ...noApprovals(),
    rejected: [],
    accepted: [],
    isKnown: false,
    dueMs: 0,
    pending: '',
    pendingBuild: '',
    pendingMs: 0,
    pendingSaw: '',
    pendingGrade: '',
    pendingSeverity: '',
  }) as ToolHistory
/** Of the tool as one era and language show it. The facts are those of the definition that was trusted last. */
export type Shown = DefinitionFacts & { current: string; sinceMs: number; build: string; isTrusted: boolean }
export const notShown = () => ({ ...noFacts(), current: '', sinceMs: 0, build: '', isTrusted: false }) as Shown

export interface HistoryOptions {
  readonly joinMs: number
  /** Of this tool. */
  readonly ignored: readonly string[]
}
export interface Sighting extends SeenDefinition {
  readonly ts: number
  readonly tool: string
  readonly build: string
}

/** Changes from this on are not taken for the tool's own history unless something explains them. */
const isGrave = (severity: string): boolean => severity === 'medium' || severity === 'high'

const isTrusted = (tool: ToolHistory, hash: string, ts: number): boolean =>
  isApproved(tool, hash, ts) || tool.accepted.includes(hash)
const reject = (tool: ToolHistory, hash: string): void => {
  tool.rejected = kept(tool.rejected, hash, MAX_HASHES)
}
/** Nothing is held against this definition any more. */
function clear(tool: ToolHistory, hash: string): void {
  tool.rejected = tool.rejected.filter((each) => each !== hash)
  if (tool.pending === hash) tool.pending = ''
}
function accept(tool: ToolHistory, hash: string): void {
  clear(tool, hash)
  tool.accepted = kept(tool.accepted, hash, MAX_ACCEPTED)
}
const trust = (shown: Shown, now: DefinitionFacts): void => {
  Object.assign(shown, now, { isTrusted: true })
}

/** People have the last word: what they approve is held against nobody, what they revoke is trusted no more, learned or not. */
export function approveTool(e: Decision & { readonly expiresAt: number }, tool: ToolHistory): void {
  noteApproval(e, tool)
  clear(tool, shortHash(e.approvedHash))
}
export function revokeTool(e: Decision & { readonly all: boolean }, tool: ToolHistory): void {
  noteRevocation(e, tool)
  const hash = shortHash(e.approvedHash)
  tool.accepted = tool.accepted.filter((each) => !e.all && each !== hash)
}

/** A definition was seen. Answers a match when it differs and nothing explains it, and when a rejected one hides or returns. */
export function judgeDefinition(
  e: Sighting,
  tool: ToolHistory,
  shown: Shown,
  deployments: Deployments,
  { joinMs, ignored }: HistoryOptions,
): Match | undefined {
  const hash = shortHash(e.hash)
  const { current, sinceMs, build } = shown
  shown.build = e.build
  tool.isKnown = true
  if (current === hash) return judgeUnchanged(e, hash, tool, shown)
  Object.assign(shown, { current: hash, sinceMs: e.ts, isTrusted: false })
  const now = factsOf(e)
  if (current === '') return judgeFirst(e, hash, tool, shown, now)
  const isSameBuild = e.build !== '' && e.build === build
  const isDeployed = !isSameBuild && deployedNear(deployments, e.build, e.ts, joinMs)
  const hidden = tool.rejected.includes(current) && !isDeployed ? judgeHidden(e, e.ts - sinceMs) : undefined
  if (isTrusted(tool, hash, e.ts)) {
    trust(shown, now)
    return hidden
  }
  const change = gradeAfter(shown, e, now)
  if (isDeployed || isIgnored(change, shown, now, ignored)) {
    accept(tool, hash)
    trust(shown, now)
    return undefined
  }
  if (tool.rejected.includes(hash)) return judgeReturned(e, change)
  const isTaken = !isGrave(change.severity)
  if (isTaken) {
    accept(tool, hash)
    trust(shown, now)
  }
  const match = changeMatch(e, change, isSameBuild)
  // A new build without a deployment yet: the pipeline may tell a little later. An order to the model does not wait.
  const isNewBuild = !isSameBuild && e.build !== '' && build !== ''
  if (isNewBuild && change.grade !== 'injected' && (tool.pending === '' || tool.pending === hash)) {
    awaitDeployment(tool, hash, e, match, change, joinMs)
    return undefined
  }
  if (isTaken) return hidden ?? match
  reject(tool, hash)
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
  if (tool.pending === hash) return
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
const changeMatch = (e: Sighting, { grade, severity, reasons, parts }: ChangeGrade, isSameBuild: boolean): Match => ({
  severity: isSameBuild && grade === 'injected' ? 'critical' : severity,
  saw: `${parts.join(', ') || 'the definition'} changed (${grade}): ${reasons.slice(0, 3).join('; ')}${isSameBuild ? '; at run time, the build is the same' : ''}`,
  expected: 'the trusted definition, an approval, or a deployment',
  evidence: { grade, changed: parts, reasons, hash: e.hash, build: e.build },
})
const judgeReturned = (e: Sighting, { grade, severity, reasons, parts }: ChangeGrade): Match => ({
  severity: severity === 'high' ? 'critical' : 'high',
  saw: `a rejected definition returns: ${parts.join(', ') || 'the definition'} (${grade})`,
  expected: 'the trusted definition',
  evidence: { grade, changed: parts, reasons, hash: e.hash, build: e.build },
})
/** A grave version that was in force until now goes: it was shown for a while only. */
const judgeHidden = (e: Sighting, shownMs: number): Match => ({
  severity: 'high',
  saw: `a rejected definition is hidden again, after ${shownMs} ms`,
  expected: 'one definition',
  evidence: { grade: 'hidden', hash: e.hash, shownMs, build: e.build },
})

/** The first sight is trusted, unless people approve definitions of this tool and this is none of them. */
function judgeFirst(
  e: Sighting,
  hash: string,
  tool: ToolHistory,
  shown: Shown,
  now: DefinitionFacts,
): Match | undefined {
  trust(shown, now)
  if (isApproved(tool, hash, e.ts)) return undefined
  shown.isTrusted = false
  // It was told of where another era or language showed it.
  if (tool.rejected.includes(hash)) return undefined
  if (tool.approved.length === 0 && tool.revokedMs === 0) {
    accept(tool, hash)
    shown.isTrusted = true
    return undefined
  }
  reject(tool, hash)
  const { grade, severity } = gradeAdded(e)
  return {
    severity: severity === 'high' ? 'high' : 'medium',
    saw: 'a definition that is not an approved one',
    expected: 'an approved definition',
    evidence: { grade, hash: e.hash, build: e.build },
  }
}

/** Nothing changed, but its approval may have ended. */
function judgeUnchanged(e: Sighting, hash: string, tool: ToolHistory, shown: Shown): Match | undefined {
  if (!shown.isTrusted || isTrusted(tool, hash, e.ts)) return undefined
  shown.isTrusted = false
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
  tool.pending = ''
  if (deployedNear(deployments, pendingBuild, pendingMs, joinMs)) {
    accept(tool, pending)
    return undefined
  }
  if (isGrave(pendingSeverity)) reject(tool, pending)
  return {
    severity: pendingSeverity as Severity,
    saw: `${pendingSaw}, with a build that nobody deployed`,
    expected: 'a deployment of this build, or an approval',
    evidence: { grade: pendingGrade, build: pendingBuild },
  }
}
