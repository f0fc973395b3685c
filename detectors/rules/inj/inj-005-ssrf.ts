/** A server is led to ask its own network: by an address in arguments, or by where its request ended. */
import { z } from 'zod'
import {
  asProbe,
  attackOn,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  sawContent,
} from '../../content/content-severity.ts'
import { areKnown, INWARD_FIELDS, inwardSeverity } from '../../content/inward-request.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule } from '../../rule.ts'
import { match, noMatch } from './examples/inj-005-ssrf.ts'

interface Judge {
  listingOf(kind: 'destinations', name: string): string
  tagsOf(kind: 'destinations', name: string): readonly string[]
}
/** Declared as an inner interface, in one of three ways. */
const knownTo =
  (e: Judge, internalHosts: readonly string[]) =>
  (host: string): boolean =>
    internalHosts.includes(host) ||
    e.listingOf('destinations', host) === 'approved' ||
    e.tagsOf('destinations', host).includes('internal_api')

/** What the classifier gives the own machine or network in plain spelling, at most; metadata and disguises are above it. */
const PLAIN_SCORE = 0.75

export default defineRule({
  id: 'inj-005-ssrf',
  version: 1,
  title: 'Server-side request forgery',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'A server stands inside: what a caller cannot reach, the server asks for it, with its own rights; at the metadata address it hands out its credentials.',
  falsePositives: [
    'Internal interfaces: approve the destination, tag it `internal_api`, or list it in internalHosts.',
    'A server’s own database or service: requests that no argument names are not reported, the metadata address as low.',
    'Development: on stdio a loopback address from arguments is not reported, a private one is medium.',
    'Red teams: tag their principals `red_team`, then it is low.',
  ],
  blindSpots: [
    'Requests of servers whose outbound requests are not watched: then only addresses in arguments are seen.',
    'An inner address that comes from data or configuration, where it is no metadata address and no redirect led to it.',
    'A host of one’s own that is reachable under a public address; requests made by native code.',
  ],
  triage: [
    'Who named the address: the caller, a page the model read, or a redirect?',
    'What did the answer hold, and where did it go?',
    'Make the server resolve names first, refuse inner addresses, and check every redirect.',
  ],
  refs: ['MCP05:2025', 'T1552.005', 'T1190'],
  asksInventory: true,
  requires: {
    'outbound.request': [...INWARD_FIELDS, 'failure'],
    'content.finding': [...CONTENT_FIELDS, 'transport', 'principal'],
  },
  occasional: ['content.finding', 'principal', 'decodings', 'validated', 'domains', 'redirectHosts', 'failure'],
  config: z.object({
    internalHosts: z.array(z.string()).default([]).describe('Inner hosts and addresses that the servers may ask.'),
  }),
  per: 'tool',
  check: {
    'outbound.request'(e, { internalHosts }) {
      const found = inwardSeverity(e, knownTo(e, internalHosts))
      if (found === undefined) return
      const { destinationHost, ipClass, redirectHosts } = e
      const way = [destinationHost, ...redirectHosts.slice(0, 8)]
      const severity = wasRefused(e) || e.failure !== '' ? asProbe(found) : found
      return {
        severity,
        saw: `a request to ${way.join(' -> ')} (${ipClass})`,
        expected: 'a public address, or an inner one that is declared',
        evidence: {
          hosts: way,
          address: ipClass,
          namedInArguments: e.says('argumentMatch') ? `${e.argumentMatch}` : 'not known',
          failure: e.failure,
        },
      }
    },
    'content.finding'(e, { internalHosts }) {
      if (e.surface !== 'arguments' || attackOn(e.findingClass) !== 'address') return
      const found = contentSeverity(e)
      if (found === undefined) return
      if (e.domains.length > 0 && areKnown(e.domains, knownTo(e, internalHosts))) return
      // The plain address of one's own machine or network, over stdio: a person's own agent at work.
      const isOwn = e.score <= PLAIN_SCORE && e.transport === 'stdio'
      const isAnnounced = e.tagsOf('principals', e.principal).includes('red_team')
      const severity = isAnnounced ? 'low' : isOwn || wasRefused(e) ? asProbe(found) : found
      return { severity, saw: sawContent(e), expected: 'an address outside', evidence: contentEvidence(e) }
    },
  },
  examples: { match, noMatch },
})
