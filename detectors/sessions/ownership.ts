/** Who something belongs to: one person under several subjects, services that act for a person, and what use by others means. */
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'
import { entryOf } from '../table.ts'

/** Other subjects of the same person after a migration: key -> the key that counts. */
export type Aliases = Readonly<Record<string, string>>
export const personOf = (principal: string, aliases: Aliases): string => entryOf(aliases, principal) ?? principal

/** The caller is the owner. Compared first as they are: to look up a text in an object costs ten times as much. */
export const isOwner = (principal: string, owner: string, aliases: Aliases): boolean =>
  principal === owner || personOf(principal, aliases) === personOf(owner, aliases)

/** The token says that the caller acts for the owner, or the other way round. */
export const actsForOwner = (actors: readonly string[], owner: string, aliases: Aliases): boolean =>
  actors.some((actor) => isOwner(actor, owner, aliases))

const RANKS = ['', 'low', 'medium', 'critical'] as const
export type Grade = Exclude<(typeof RANKS)[number], ''>
/** What was said of which request last. */
export type Said = { request: string; said: string }
/** Whether this says more than what was said of the same request before: one misuse is one finding, raised when it turns out worse. */
export function isNews(cell: Said, request: string, grade: Grade): boolean {
  const isSame = request !== '' && cell.request === request
  const said = isSame ? RANKS.indexOf(cell.said as Grade | '') : 0
  if (RANKS.indexOf(grade) <= said) return false
  cell.request = request
  cell.said = grade
  return true
}

interface Caller {
  readonly principal: string
  readonly client: string
  readonly actors: readonly string[]
  readonly request: string
  readonly decision: string
  readonly outcome: string
}
export type SessionOwner = { principal: string; client: string; request: string; said: string }
/**
 * A request in a session. The session is bound to (issuer, subject), which a refreshed token keeps; never to token bytes. `most` is
 * what use by another person is worth when it was not refused.
 */
export function judgeSession(
  e: Caller,
  owner: SessionOwner,
  aliases: Aliases,
  most: Grade = 'critical',
): Match | undefined {
  if (e.principal === '') return undefined
  const isRefused = wasRefused(e)
  if (owner.principal === '') {
    if (isRefused) return undefined
    owner.principal = e.principal
    owner.client = e.client
    return undefined
  }
  if (!isOwner(e.principal, owner.principal, aliases)) {
    const severity = actsForOwner(e.actors, owner.principal, aliases) ? 'low' : isRefused ? 'medium' : most
    if (!isNews(owner, e.request, severity)) return undefined
    const evidence = { client: e.client, ownerClient: owner.client }
    return { severity, saw: `principal ${e.principal}`, expected: `principal ${owner.principal}`, evidence }
  }
  if (e.client === owner.client || e.client === '' || isRefused) return undefined
  const expected = owner.client
  owner.client = e.client
  if (expected === '' || !isNews(owner, e.request, 'medium')) return undefined
  return {
    severity: 'medium',
    saw: `client ${e.client}`,
    expected: `client ${expected}`,
    evidence: { principal: e.principal },
  }
}
