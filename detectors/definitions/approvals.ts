/** What people approved of a tool, by short hash, each with the end of its approval. */
import { shortHash } from './facts.ts'

/** Hashes remembered per list: approved with their ends, rejected and accepted ones fit one cell of 4 KB. */
export const MAX_HASHES = 40

export type Approvals = { approved: string[]; untilMs: number[]; revokedMs: number }
export const noApprovals = (): Approvals => ({ approved: [], untilMs: [], revokedMs: 0 })

export interface Decision {
  readonly approvedHash: string
  readonly ts: number
}
/** `expiresAt` in seconds since 1970, 0 for no end. */
export function noteApproval(e: Decision & { readonly expiresAt: number }, known: Approvals): void {
  const hash = shortHash(e.approvedHash)
  forget(known, hash)
  known.approved.push(hash)
  known.untilMs.push(e.expiresAt * 1_000)
  if (known.approved.length <= MAX_HASHES) return
  known.approved.shift()
  known.untilMs.shift()
}

/** `all` also ends the trust in what was learned without people: `revokedMs` says since when. */
export function noteRevocation(e: Decision & { readonly all: boolean }, known: Approvals): void {
  forget(known, shortHash(e.approvedHash))
  if (e.all) Object.assign(known, { approved: [], untilMs: [], revokedMs: e.ts })
}

function forget(known: Approvals, hash: string): void {
  const at = known.approved.indexOf(hash)
  if (at < 0) return
  known.approved.splice(at, 1)
  known.untilMs.splice(at, 1)
}

/** `hash` is a short one. */
export function isApproved(known: Approvals, hash: string, ts: number): boolean {
  const at = known.approved.indexOf(hash)
  return at >= 0 && (known.untilMs[at] === 0 || ts < known.untilMs[at]!)
}
