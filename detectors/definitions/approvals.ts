/** What people approved of a tool, by short hash, each with the end of its approval. */
import { shortHash } from './facts.ts'

/** Hashes remembered per list: approved with their ends, rejected and accepted ones fit one cell of 4 KB. */
export const MAX_HASHES = 40

/** `approved`: lines of a short hash and the end in ms, 0 for none. */
export type Approvals = { approved: string[]; revokedMs: number }
export const noApprovals = (): Approvals => ({ approved: [], revokedMs: 0 }) satisfies Approvals

export interface Decision {
  readonly approvedHash: string
  readonly ts: number
}
/** The list with this at its end, once. */
export const kept = (list: readonly string[], value: string, most: number): string[] =>
  [...list.filter((each) => each !== value), value].slice(-most)

/** `expiresAt` in seconds since 1970, 0 for no end. */
export function noteApproval(e: Decision & { readonly expiresAt: number }, known: Approvals): void {
  const hash = shortHash(e.approvedHash)
  known.approved = kept(without(known, hash), `${hash} ${e.expiresAt}`, MAX_HASHES)
}
/** `all` also ends the trust in what was learned without people: `revokedMs` says since when. */
export function noteRevocation(e: Decision & { readonly all: boolean }, known: Approvals): void {
  known.approved = without(known, shortHash(e.approvedHash))
  if (e.all) Object.assign(known, { approved: [], revokedMs: e.ts })
}
const without = ({ approved }: Approvals, hash: string): string[] => approved.filter((line) => !line.startsWith(hash))

const MS_PER_SECOND = 1_000
/** `hash` is a short one. */
export function isApproved({ approved }: Approvals, hash: string, ts: number): boolean {
  const line = approved.find((each) => each.startsWith(`${hash} `))
  if (line === undefined) return false
  const endMs = Number(line.split(' ')[1]) * MS_PER_SECOND
  return endMs === 0 || ts < endMs
}
