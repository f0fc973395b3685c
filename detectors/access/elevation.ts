/** A refused tool, a token with more scopes, the same tool allowed: how the rights came, and whether a person was asked. */

import { fingerprint } from '../engine/shapes/fingerprint.ts'
import { keepNewest } from '../newest.ts'
import { type Match, NEVER } from '../rule.ts'
import { shortName } from '../short-name.ts'
import { isHighRiskTool } from './sensitive-tools.ts'

const MAX_SCOPES = 24
const MAX_DENIED = 4
const MAX_ADDED = 4

/** The token in use, and what it was when a tool was refused. Scopes and tools as marks, 0 and '' for none. */
export type Elevation = {
  token: string
  scopes: number[]
  authTime: number
  acr: string
  denied: number[]
  deniedMs: number[]
  beforeScopes: number[]
  beforeAcr: string
  /** When a token came that grants more than the one that was refused. */
  raisedMs: number
  added: string[]
  /** When the authorization server issued a token with nobody asked, and when somebody was. */
  silentMs: number
  askedMs: number
}
export const noElevation = (): Elevation => ({
  ...{ token: '', scopes: [], authTime: NEVER, acr: '', denied: [], deniedMs: [] },
  ...{ beforeScopes: [], beforeAcr: '', raisedMs: NEVER, added: [], silentMs: NEVER, askedMs: NEVER },
})

interface Token {
  readonly ts: number
  readonly tokenFp: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly authTime: number
  readonly acr: string
}
export function noteToken(e: Token, cell: Elevation): void {
  if (e.tokenFp === cell.token) return
  const granted = [...e.scopes, ...e.roles].slice(0, MAX_SCOPES)
  const marks = granted.map(fingerprint)
  const added = granted.filter((_, i) => !cell.beforeScopes.includes(marks[i]!)).map(shortName)
  if (added.length > 0 && cell.beforeScopes.every((mark) => marks.includes(mark))) {
    cell.raisedMs = e.ts
    cell.added = added.slice(0, MAX_ADDED)
  }
  cell.token = e.tokenFp
  cell.scopes = marks
  cell.authTime = e.authTime
  cell.acr = shortName(e.acr)
}

/** Nothing is known of the rights before where no token was seen. */
function noteRefusal(tool: string, ts: number, cell: Elevation): void {
  if (cell.token === '') return
  cell.denied.push(fingerprint(tool))
  cell.deniedMs.push(ts)
  keepNewest(MAX_DENIED, cell.denied, cell.deniedMs)
  cell.beforeScopes = cell.scopes
  cell.beforeAcr = cell.acr
  cell.raisedMs = NEVER
}

const SILENT_GRANTS = new Set(['refresh_token', 'client_credentials'])
export function noteGrant(grantType: string, ts: number, cell: Elevation): void {
  if (SILENT_GRANTS.has(grantType)) cell.silentMs = ts
  else if (grantType !== '') cell.askedMs = ts
}

interface Operation {
  readonly ts: number
  readonly tool: string
  readonly principalKind: string
  tagsOf(kind: 'tools', name: string): readonly string[]
}
interface ElevationLimits {
  readonly withinMs: number
  readonly highRiskTools: readonly string[]
}
export function judgeOperation(
  e: Operation,
  isAllowed: boolean,
  isRefused: boolean,
  cell: Elevation,
  { withinMs, highRiskTools }: ElevationLimits,
): Match | undefined {
  if (isAllowed) return judgeAllowed(e, cell, withinMs)
  if (isRefused && (highRiskTools.includes(e.tool) || isHighRiskTool(e, e.tool))) noteRefusal(e.tool, e.ts, cell)
  return undefined
}

/** Judged once, if the tool had been refused and rights came in between. */
function judgeAllowed(e: Operation, cell: Elevation, withinMs: number): Match | undefined {
  if (cell.raisedMs === NEVER) return undefined
  const at = cell.denied.lastIndexOf(fingerprint(e.tool))
  if (at < 0) return undefined
  const deniedMs = cell.deniedMs[at]!
  cell.raisedMs = NEVER
  if (e.ts - deniedMs > withinMs) return undefined
  // Claims count whole seconds.
  const isNewLogin = cell.authTime >= Math.floor(deniedMs / 1_000)
  const isOtherAcr = cell.acr !== '' && cell.beforeAcr !== '' && cell.acr !== cell.beforeAcr
  if (isNewLogin || isOtherAcr || cell.askedMs >= deniedMs) return undefined
  const isSilent = cell.authTime > 0 || cell.silentMs >= deniedMs || e.principalKind === 'workload'
  return {
    severity: isSilent ? 'high' : 'low',
    saw: `${e.tool} refused, then allowed by ${cell.added.join(' ')}${isSilent ? ' with no new login' : ''}`,
    expected: isSilent ? 'a person who agreed after the refusal' : 'a token that says when the person logged in',
    evidence: { added: cell.added, afterMs: e.ts - deniedMs },
  }
}
