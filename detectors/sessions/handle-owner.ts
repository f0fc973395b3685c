/** Who a bearer handle belongs to, and what it means when somebody else presents it. */
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'
import { type Aliases, actsForOwner, type Grade, isNews, isOwner } from './ownership.ts'

export type HandleOwner = {
  owner: string
  policy: string
  kind: string
  viewers: string[]
  request: string
  said: string
}
export interface HandleOptions {
  readonly privatePaths: readonly string[]
  readonly judgeUnknown: boolean
  readonly sharedFrom: number
  readonly aliases: Aliases
}
interface Minted {
  readonly handleKind: string
  readonly handlePolicy: string
  readonly handlePath: string
  readonly inList: boolean
  readonly principal: string
}
interface Presented {
  readonly handle: string
  readonly handleKind: string
  readonly handlePolicy: string
  readonly handlePath: string
  readonly principal: string
  readonly actors: readonly string[]
  readonly request: string
  readonly resultReturned: boolean
  readonly decision: string
  readonly outcome: string
}

/** A word of the last step of the path, in any case: `/basketId` is private, `/number` is not. */
function isPrivatePath(path: string, words: readonly string[]): boolean {
  const last = path.split(/[/.]/).at(-1)!.toLowerCase()
  return words.some((word) => last.includes(word))
}

/** The owner is the principal in whose result the handle first appeared. A policy that was declared stays. */
export function noteMinted(e: Minted, cell: HandleOwner, { privatePaths, sharedFrom }: HandleOptions): void {
  cell.kind = e.handleKind
  if (cell.policy === '' || cell.policy === 'unknown')
    cell.policy = e.handlePolicy === 'unknown' && isPrivatePath(e.handlePath, privatePaths) ? 'private' : e.handlePolicy
  if (e.principal === '') return
  if (cell.owner === '') cell.owner = e.principal
  if (e.inList && !cell.viewers.includes(e.principal))
    cell.viewers = [...cell.viewers, e.principal].slice(0, sharedFrom)
}

/** Answers a match when a principal who is not the owner presents a handle that is not shared. */
export function judgePresented(e: Presented, cell: HandleOwner, options: HandleOptions): Match | undefined {
  const { privatePaths, judgeUnknown, sharedFrom, aliases } = options
  if (e.principal === '' || cell.kind === '') return undefined
  const isRefused = wasRefused(e)
  if (cell.owner === '') {
    // Minted for nobody yet, such as before a login: the first who uses it owns it.
    if (!isRefused) cell.owner = e.principal
    return undefined
  }
  if (isOwner(e.principal, cell.owner, aliases)) return undefined
  if (cell.policy === 'shared' || e.handlePolicy === 'shared' || cell.viewers.length >= sharedFrom) return undefined
  const isPrivate = [cell.policy, e.handlePolicy].includes('private') || isPrivatePath(e.handlePath, privatePaths)
  if (!isPrivate && (!judgeUnknown || cell.said !== '')) return undefined
  const allowed: Grade = isPrivate ? 'critical' : 'medium'
  const grade: Grade = actsForOwner(e.actors, cell.owner, aliases) ? 'low' : isRefused ? 'medium' : allowed
  if (!isNews(cell, e.request, grade)) return undefined
  return {
    // Of the allowed uses, only the one that hands out a result is critical.
    severity: grade === 'critical' && !e.resultReturned ? 'high' : grade,
    saw: `principal ${e.principal} presents the ${e.handleKind} handle`,
    expected: `principal ${cell.owner}`,
    evidence: { handle: e.handle, kind: e.handleKind, path: e.handlePath, policy: cell.policy },
  }
}
