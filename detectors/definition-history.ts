/** The history of one tool's definition: what is trusted, what was rejected, what is in force now, and whether a change is explained. */
import {
  type Approvals,
  addsOnlyOptional,
  approve,
  changedParts,
  fieldsOf,
  gradeOf,
  isApproved,
  MAX_HASHES,
  type Part,
  partsOf,
  revoke,
  type SeenDefinition,
  shortHash,
} from './definition-change.ts'
import { type Deployments, deployedNear } from './deployments.ts'
import type { Match } from './rule.ts'
import { entryOf } from './table.ts'

type Severity = NonNullable<Match['severity']>
/** Of the tool as a whole: approvals, rejected hashes, and a change that waits for its deployment until `dueMs`. */
export type ToolHistory = Approvals & {
  rejected: string[]
  revokedMs: number
  knownMs: number
  dueMs: number
  pending: string
  pendingBuild: string
  pendingMs: number
  pendingSaw: string
  pendingSeverity: string
}
export const newTool = (): ToolHistory => ({
  approved: [],
  untilMs: [],
  rejected: [],
  revokedMs: 0,
  knownMs: 0,
  dueMs: 0,
  pending: '',
  pendingBuild: '',
  pendingMs: 0,
  pendingSaw: '',
  pendingSeverity: '',
})
/** Of the tool as one era and language show it. `baseline` was learned or deployed; `parts` and `fields` are the baseline's. */
export type Shown = {
  baseline: string
  baselineMs: number
  previous: string
  current: string
  sinceMs: number
  build: string
  parts: string[]
  fields: string
}
export const notShown = (): Shown => ({
  baseline: '',
  baselineMs: 0,
  previous: '',
  current: '',
  sinceMs: 0,
  build: '',
  parts: [],
  fields: '',
})
export interface HistoryOptions {
  readonly joinMs: number
  readonly ignoreParts: Readonly<Record<string, readonly Part[]>>
}
export interface Sighting extends SeenDefinition {
  readonly ts: number
  readonly tool: string
  readonly build: string
  readonly findings: readonly string[]
}

const isTrusted = (tool: ToolHistory, shown: Shown, hash: string, ts: number): boolean =>
  isApproved(tool, hash, ts) || (hash === shown.baseline && shown.baselineMs > tool.revokedMs)
function reject(tool: ToolHistory, hash: string): void {
  if (tool.rejected.includes(hash)) return
  tool.rejected.push(hash)
  if (tool.rejected.length > MAX_HASHES) tool.rejected.shift()
}
function accept(tool: ToolHistory, hash: string): void {
  tool.rejected = tool.rejected.filter((each) => each !== hash)
  if (tool.pending !== hash) return
  tool.pending = ''
  tool.dueMs = 0
}
interface Approval {
  readonly approvedHash: string
  readonly ts: number
}
export function noteApproval(e: Approval & { readonly expiresAt: number }, tool: ToolHistory): void {
  approve(tool, shortHash(e.approvedHash), e.expiresAt * 1_000)
  accept(tool, shortHash(e.approvedHash))
}
/** `all` also ends the trust in what was learned. */
export function noteRevocation(e: Approval & { readonly all: boolean }, tool: ToolHistory): void {
  revoke(tool, shortHash(e.approvedHash))
  if (e.all) Object.assign(tool, { approved: [], untilMs: [], revokedMs: e.ts })
}
/** What people approved is trusted by its approval alone, which can end. */
function becomeBaseline(shown: Shown, e: Sighting, hash: string, isApprovedByPeople = false): void {
  if (shown.baseline !== hash) shown.previous = shown.baseline
  shown.baseline = hash
  shown.baselineMs = isApprovedByPeople ? 0 : e.ts
  shown.parts = partsOf(e)
  shown.fields = fieldsOf(e)
}

/** A definition was seen. Answers a match when it is not trusted and nothing explains it, and when a rejected one hides or returns. */
export function judgeDefinition(
  e: Sighting,
  tool: ToolHistory,
  shown: Shown,
  deployments: Deployments,
  options: HistoryOptions,
): Match | undefined {
  const hash = shortHash(e.hash)
  if (hash === '') return undefined
  const before = { ...shown }
  shown.build = e.build
  if (tool.knownMs === 0) tool.knownMs = e.ts
  if (before.current === hash) return judgeUnchanged(e, hash, tool, shown, deployments, options)
  shown.current = hash
  shown.sinceMs = e.ts
  if (before.current === '') return judgeFirst(e, hash, tool, shown)
  const isSameBuild = e.build !== '' && e.build === before.build
  const isDeployed = !isSameBuild && deployedNear(deployments, e.build, e.ts, options.joinMs)
  if (isTrusted(tool, shown, hash, e.ts)) {
    const wasHidden = tool.rejected.includes(before.current) || tool.pending === before.current
    if (wasHidden) clearPending(tool, before.current)
    if (isApproved(tool, hash, e.ts)) becomeBaseline(shown, e, hash, true)
    if (!wasHidden || isDeployed) return undefined
    const hiddenMs = e.ts - before.sinceMs
    const saw = `the trusted definition is back: the other one was hidden again after ${hiddenMs} ms`
    return {
      severity: 'high',
      saw,
      expected: 'one definition',
      evidence: { hash: e.hash, shownMs: hiddenMs, build: e.build },
    }
  }
  // A rolling deployment: the old replicas still show what they were built with.
  if (!isSameBuild && hash === before.previous && deployedNear(deployments, '', e.ts, options.joinMs)) return undefined
  const parts = changedParts(shown.parts, partsOf(e))
  if (isDeployed || isIgnored(parts, entryOf(options.ignoreParts, e.tool))) {
    becomeBaseline(shown, e, hash)
    accept(tool, hash)
    return undefined
  }
  return judgeChange(e, hash, tool, before, parts, isSameBuild, options.joinMs)
}
const isIgnored = (parts: readonly Part[], ignored: readonly Part[] | undefined): boolean =>
  ignored !== undefined && parts.length > 0 && parts.every((part) => ignored.includes(part))
function clearPending(tool: ToolHistory, hash: string): void {
  if (tool.pending !== hash) return
  accept(tool, hash)
  reject(tool, hash)
}

/** The first sight is trusted, unless people approve definitions of this tool and this is none of them. */
function judgeFirst(e: Sighting, hash: string, tool: ToolHistory, shown: Shown): Match | undefined {
  const isKnownBad = tool.rejected.includes(hash)
  const approved = isApproved(tool, hash, e.ts)
  if (approved || (tool.approved.length === 0 && !isKnownBad && tool.revokedMs === 0)) {
    becomeBaseline(shown, e, hash, approved)
    return undefined
  }
  shown.parts = partsOf(e)
  shown.fields = fieldsOf(e)
  if (isKnownBad) return undefined
  reject(tool, hash)
  return {
    severity: 'high',
    saw: 'a definition that is not an approved one',
    expected: 'an approved definition',
    evidence: { hash: e.hash, build: e.build },
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
      accept(tool, hash)
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
    evidence: { hash: e.hash },
  }
}

function judgeChange(
  e: Sighting,
  hash: string,
  tool: ToolHistory,
  before: Shown,
  parts: readonly Part[],
  isSameBuild: boolean,
  joinMs: number,
): Match | undefined {
  const evidence = { changed: parts, hash: e.hash, build: e.build, findings: e.findings }
  const what = parts.length === 0 ? 'the definition' : parts.join(', ')
  if (tool.rejected.includes(hash))
    return {
      severity: 'critical',
      saw: `a rejected definition returns: ${what}`,
      expected: 'the trusted definition',
      evidence,
    }
  const grade =
    e.findings.length > 0 || isSameBuild ? 'critical' : gradeOf(parts, addsOnlyOptional(before.fields, fieldsOf(e)))
  const saw = `${what} changed${isSameBuild ? ' at run time: the build is the same' : ''}`
  // A new build without a deployment yet: the pipeline may tell a little later.
  if (!isSameBuild && e.build !== '' && before.build !== '' && e.findings.length === 0) {
    Object.assign(tool, {
      pending: hash,
      pendingBuild: e.build,
      pendingMs: e.ts,
      pendingSaw: saw,
      pendingSeverity: grade,
      dueMs: e.ts + joinMs,
    })
    return undefined
  }
  reject(tool, hash)
  return { severity: grade, saw, expected: 'the trusted definition, an approval, or a deployment', evidence }
}

/** The time for the deployment is over. */
export function judgePending(tool: ToolHistory, deployments: Deployments, joinMs: number): Match | undefined {
  const { pending, pendingBuild, pendingMs, pendingSaw, pendingSeverity } = tool
  if (pending === '') return undefined
  accept(tool, pending)
  if (deployedNear(deployments, pendingBuild, pendingMs, joinMs)) {
    approve(tool, pending, 0)
    return undefined
  }
  reject(tool, pending)
  const expected = 'a deployment of this build, or an approval'
  return {
    severity: pendingSeverity as Severity,
    saw: `${pendingSaw}, with a build that nobody deployed`,
    expected,
    evidence: { build: pendingBuild },
  }
}

/** The tool that a wording or a spelling belongs to, and since when. */
export type Named = { tool: string; sinceMs: number; parts: string }
export const unnamed = (): Named => ({ tool: '', sinceMs: 0, parts: '' })
/** A tool seen for the first time that says, or is spelled like, what an earlier tool did: a definition in a new coat. */
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
  const saw = isSameText
    ? `the definition of ${twin.tool} under another name`
    : `a name spelled like ${twin.tool}, with another definition`
  const evidence = { before: twin.tool, hash: e.hash, build: e.build }
  return { severity: isSameText ? 'medium' : 'high', saw, expected: `${twin.tool}, or a deployment`, evidence }
}
