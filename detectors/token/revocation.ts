/** Use of what was revoked: an account, a token or a client. Whatever comes first, revocation or use, the answer is the same. */
import { z } from 'zod'
import type { Severity } from '../../schemas/finding.ts'
import { type Match, minutes, NEVER } from '../rule.ts'
import { entryOf } from '../table.ts'
import { gradeOfAccepted } from './acceptance.ts'

/** What may be tuned, the same whatever was revoked. */
export const revocationOptions = z.object({
  graceMs: z.int().min(0).default(minutes(5)).describe('How long after a revocation a use is no fault, milliseconds.'),
  serverGraceMs: z.record(z.string(), z.int().min(0)).default({}).describe('The same of a server by its id.'),
  sessionReasons: z
    .array(z.string())
    .default(['session', 'credential', 'password', 'sign-out', 'sign_out', 'logout'])
    .describe('Parts of reasons, in lower case, that end what was issued before and nothing later.'),
  openReasons: z
    .array(z.string())
    .default(['enabled', 'reinstated', 'restored'])
    .describe('Parts of reasons, in lower case, by which it is good again.'),
})

/** Times of the newest of each: closed for good, sessions ended, opened again; and the newest use with its token’s time of issue. */
export type Revocation = {
  closedMs: number
  endedMs: number
  openedMs: number
  usedMs: number
  issuedMs: number
  grade: string
  where: string
  /** Names of the matches of before. */
  told: string[]
}
export const notRevoked = (): Revocation => ({
  closedMs: NEVER,
  endedMs: NEVER,
  openedMs: NEVER,
  usedMs: NEVER,
  issuedMs: NEVER,
  grade: '',
  where: '',
  told: [],
})
const MAX_TOLD = 16
export interface RevocationOptions {
  readonly graceMs: number
  readonly serverGraceMs: Readonly<Record<string, number>>
  readonly sessionReasons: readonly string[]
  readonly openReasons: readonly string[]
}
interface Revoked {
  readonly ts: number
  readonly revokedAt: number
  readonly reason: string
}
interface Used {
  readonly ts: number
  readonly server: string
  readonly issuedAt: number
  readonly decision: string
  readonly flags: readonly string[]
}
/** Matches of one revocation in one hour are one. */
const BUCKET_MS = 3_600_000

export function noteRevoked(e: Revoked, cell: Revocation, options: RevocationOptions): Match | undefined {
  const reason = e.reason.toLowerCase()
  const holds = (words: readonly string[]): boolean => words.some((word) => reason.includes(word))
  const field = holds(options.openReasons) ? 'openedMs' : holds(options.sessionReasons) ? 'endedMs' : 'closedMs'
  cell[field] = Math.max(cell[field], e.revokedAt * 1_000 || e.ts)
  return judge(cell, cell)
}

export function noteUseOf(e: Used, cell: Revocation, options: RevocationOptions): Match | undefined {
  const grade = gradeOfAccepted(e, 'high') ?? 'low'
  const graceMs = entryOf(options.serverGraceMs, e.server) ?? options.graceMs
  const usedMs = e.ts - graceMs
  const issuedMs = e.issuedAt * 1_000
  if (usedMs > cell.usedMs) {
    cell.usedMs = usedMs
    cell.issuedMs = issuedMs
    cell.grade = grade
    cell.where = e.server
  }
  // Hardly anything was ever revoked.
  if (cell.closedMs === 0 && cell.endedMs === 0) return undefined
  return judge(cell, { usedMs, issuedMs, grade, where: e.server })
}

/** `usedMs`: less the grace, in which a revocation may still be on its way. */
function judge(
  cell: Revocation,
  { usedMs, issuedMs, grade, where }: Pick<Revocation, 'usedMs' | 'issuedMs' | 'grade' | 'where'>,
): Match | undefined {
  const { closedMs, endedMs, openedMs, told } = cell
  const isClosed = closedMs > openedMs && usedMs > closedMs
  // Who logs in again after a session was ended has a new token.
  const isEnded = endedMs > 0 && usedMs > endedMs && issuedMs <= endedMs
  if (!isClosed && !isEnded) return undefined
  const sinceMs = isClosed ? closedMs : endedMs
  const named = `${sinceMs} ${Math.floor(usedMs / BUCKET_MS)}`
  if (told.includes(named)) return undefined
  cell.told = [...told, named].slice(-MAX_TOLD)
  return {
    severity: grade as Severity,
    saw: `accepted by ${where} after it was revoked`,
    expected: `refused since ${new Date(sinceMs).toISOString()}`,
    evidence: { revokedMs: sinceMs, server: where },
    named,
  }
}
