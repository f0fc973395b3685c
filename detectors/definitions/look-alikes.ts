/**
 * One tool name as people read it, over all servers of a tenant: how it is spelled, who offers it, and who gives orders about it. Which
 * server’s event comes first is chance: what is found is named by what is known, never by the event that completed it.
 */
import type { Match } from '../rule.ts'
import { shortName } from '../short-name.ts'

/** Servers and spellings that are remembered of one name. */
const MAX_SERVERS = 16
const MAX_SPELLINGS = 6

/** `spellings` without case and separators; `offering` and `ordering` servers with their owner; `told` names of findings. */
export type NameUse = { spellings: string[]; offering: string[]; ordering: string[]; told: string[] }
export const unused = (): NameUse => ({ spellings: [], offering: [], ordering: [], told: [] })

const plainSpelling = (name: string): string => name.toLowerCase().replace(/[\s_\-./:]/g, '')
const NON_ASCII = /[^\x00-\x7f]/
const added = (list: readonly string[], value: string, most: number): string[] =>
  [...new Set([...list, value])].slice(0, most)

interface Party {
  readonly server: string
  /** '' when nobody says whose the server is. */
  readonly owner: string
}

/** A server offers a tool of this name. */
export function judgeOffered(e: Party & { readonly tool: string }, use: NameUse): Match | undefined {
  use.spellings = added(use.spellings, shortName(plainSpelling(e.tool)), MAX_SPELLINGS)
  use.offering = added(use.offering, partyText(e), MAX_SERVERS)
  return judgeSpellings(use) ?? judgeOrders(use)
}

/** A definition that gives orders speaks of this tool, which its server does not list. */
export function judgeOrder(e: Party, use: NameUse): Match | undefined {
  use.ordering = added(use.ordering, partyText(e), MAX_SERVERS)
  return judgeOrders(use)
}

/** Letters of another script are put there by somebody; digits for letters may be chance. */
function judgeSpellings(use: NameUse): Match | undefined {
  const plain = use.spellings.filter((spelling) => !NON_ASCII.test(spelling))
  const foreign = use.spellings.filter((spelling) => NON_ASCII.test(spelling))
  if (foreign.length > 0 && use.spellings.length > 1 && tell(use, 'foreign letters'))
    return lookAlike(use, 'high', use.spellings)
  if (plain.length > 1 && tell(use, 'digits')) return lookAlike(use, 'medium', plain)
  return undefined
}
const lookAlike = (use: NameUse, severity: 'high' | 'medium', spellings: readonly string[]): Match => ({
  severity,
  saw: `tool names that look alike and are not the same: ${[...spellings].sort().join(', ')}`,
  expected: 'one spelling of a name',
  evidence: { class: 'look_alike', spellings, offering: serversIn(use.offering) },
  named: `look-alike ${severity}`,
})
/** Answers whether it is told for the first time. */
function tell(use: NameUse, what: string): boolean {
  if (use.told.includes(what)) return false
  use.told = added(use.told, what, MAX_TOLD)
  return true
}
const MAX_TOLD = 2 + MAX_SERVERS

/** Told once of each server that gives them, however many offer the tool. */
function judgeOrders(use: NameUse): Match | undefined {
  for (const party of use.ordering) {
    const [server = ''] = party.split(' ')
    if (use.offering.every((each) => isSame(each, party)) || !tell(use, server)) continue
    return {
      severity: 'high',
      saw: `a definition of ${server} gives orders about a tool of another server`,
      expected: 'definitions that are about their own server',
      evidence: { class: 'shadowing', offering: serversIn(use.offering) },
      named: `orders ${server}`,
    }
  }
  return undefined
}

const partyText = ({ server, owner }: Party): string => `${shortName(server).replace(/\s/g, '_')} ${shortName(owner)}`
const serversIn = (parties: readonly string[]): string[] => parties.map((each) => each.split(' ', 1)[0]!).sort()
function isSame(a: string, b: string): boolean {
  const [serverA, ownerA = ''] = a.split(' ')
  const [serverB, ownerB = ''] = b.split(' ')
  return serverA === serverB || (ownerA !== '' && ownerA === ownerB)
}
