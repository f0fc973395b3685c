/** A server is led to ask its own network: by an address in arguments, or by where its request ended. */
import { z } from 'zod'
import {
  asProbe,
  attackOn,
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  sawContent,
} from '../../content-severity.ts'
import { wasRefused } from '../../finding.ts'
import { INWARD_FIELDS, inwardSeverity } from '../../inward-request.ts'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, graded, type Sample, sample } from '../../sample.ts'
import { finds, tagged } from '../../sample-content.ts'

type Asked = NonNullable<Parameters<typeof sample<'outbound.request'>>[1]>
type Inward = NonNullable<Asked['ipClass']>
const asks = (destinationHost: string, ipClass: Inward, more: Asked = {}): Sample =>
  sample('outbound.request', { tool: 'fetch', transport: 'http', destinationHost, ipClass, redirects: 0, ...more })
const DB = '10.0.8.4'
const CDN = 'cdn.example.net'
const toDb = { domains: [DB] }
const knows = (...internalHosts: string[]) => ({ internalHosts })
const approved = sample('inventory.snapshot', { inventoryKind: 'destinations', approved: [DB] })
const internal = tagged('destinations', `${DB}=internal_api`)
const METADATA = '169.254.169.254'
const named = { argumentMatch: true } as const
const unnamed = { argumentMatch: false } as const
const local = { ...named, transport: 'stdio' } as const
const moved = { redirects: 1, redirectHosts: [DB] }
const ssrf = (verdict: 'malicious' | 'suspicious', more: Parameters<typeof finds>[3] = {}): Sample =>
  finds('arguments', 'attack.ssrf', verdict, {
    parameterRole: 'url',
    contentPath: 'args.url',
    transport: 'http',
    ...more,
  })

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
      const isKnown = (host: string): boolean =>
        internalHosts.includes(host) ||
        e.listingOf('destinations', host) === 'approved' ||
        e.tagsOf('destinations', host).includes('internal_api')
      const found = inwardSeverity(e, isKnown)
      if (found === undefined) return
      const { destinationHost, ipClass, redirectHosts } = e
      const way = [destinationHost, ...redirectHosts.slice(0, 8)]
      const severity = wasRefused(e) || e.failure !== '' ? asProbe(found) : found
      const named = e.says('argumentMatch') ? `${e.argumentMatch}` : 'not known'
      return {
        severity,
        saw: `a request to ${way.join(' -> ')} (${ipClass})`,
        expected: 'a public address, or an inner one that is declared',
        evidence: { hosts: way, address: ipClass, namedInArguments: named, failure: e.failure },
      }
    },
    'content.finding'(e, { internalHosts }) {
      if (e.surface !== 'arguments' || attackOn(e.findingClass) !== 'address') return
      const found = contentSeverity(e)
      if (found === undefined) return
      const isKnown = (host: string): boolean =>
        internalHosts.includes(host) || e.tagsOf('destinations', host).includes('internal_api')
      if (e.domains.length > 0 && e.domains.length <= 32 && e.domains.every(isKnown)) return
      // The plain address of one's own machine or network, over stdio: a person's own agent at work.
      const isOwn = e.score <= PLAIN_SCORE && e.transport === 'stdio'
      const isAnnounced = e.tagsOf('principals', e.principal).includes('red_team')
      const severity = isAnnounced ? 'low' : isOwn || wasRefused(e) ? asProbe(found) : found
      return { severity, saw: sawContent(e), expected: 'an address outside', evidence: contentEvidence(e) }
    },
  },
  examples: {
    match: [
      example('the metadata address, named by the caller', asks(METADATA, 'link_local', named)),
      example('the metadata address, by whom is not known', asks(METADATA, 'link_local')),
      example('the metadata address, for its own rights', asks(METADATA, 'link_local', unnamed)),
      example('the metadata address behind a redirect', asks(METADATA, 'link_local', { ...unnamed, redirects: 1 })),
      example('nobody answers', asks(METADATA, 'link_local', { ...named, failure: 'ECONNREFUSED' })),
      example('an inner address in arguments', asks(DB, 'private', named)),
      example('an inner address in arguments, over stdio', asks(DB, 'private', local)),
      example('the own machine in arguments', asks('127.0.0.1', 'loopback', named)),
      example('a redirect leads inside', asks(CDN, 'private', moved)),
      example('a redirect of a named host leads inside', asks(CDN, 'private', { ...moved, ...named })),
      example('a redirect leads to the own machine, over stdio', asks(CDN, 'loopback', { ...moved, ...local })),
      exampleWith(knows('10.0.8.5'), 'another inner host is declared', asks(DB, 'private', named)),
      exampleWith(knows(CDN), 'only the first is declared', asks(CDN, 'private', moved)),
      example('an address in arguments', ssrf('malicious', { decodings: ['percent'], validated: true })),
      example('a doubtful one', ssrf('suspicious', toDb)),
      graded('low', example('a doubtful one, over stdio', ssrf('suspicious', { transport: 'stdio' }))),
      graded('medium', example('the own machine, over stdio', ssrf('malicious', { transport: 'stdio', score: 0.75 }))),
      graded('high', example('a disguise, over stdio', ssrf('malicious', { transport: 'stdio', score: 0.76 }))),
      graded('high', example('the own machine', ssrf('malicious', { score: 0.75 }))),
      example('a metadata address, over stdio', ssrf('malicious', { transport: 'stdio', decision: 'deny' })),
      example('of a red team', tagged('principals', '616c696365=red_team'), ssrf('malicious', { principal: 'alice' })),
      exampleWith(knows(DB), 'one of two is declared', ssrf('malicious', { domains: [DB, METADATA] })),
    ],
    noMatch: [
      example('a public address', asks('api.example.com', 'public', named)),
      example('an address that is not known', asks('api.example.com', 'unknown', named)),
      example('its own database', asks(DB, 'private', unnamed), asks(DB, 'private')),
      example('its own service', asks('localhost', 'loopback', unnamed), asks('localhost', 'loopback')),
      example('a development server, over stdio', asks('localhost', 'loopback', local)),
      exampleWith(knows(DB), 'a declared one', asks(DB, 'private', named), ssrf('suspicious', toDb)),
      exampleWith(knows(DB, CDN), 'both ends are declared', asks(CDN, 'private', moved)),
      example('an approved one', approved, asks(DB, 'private', named)),
      example('a tagged one', internal, asks(DB, 'private', named), ssrf('suspicious', toDb)),
      example('a path is the business of inj-004', finds('arguments', 'attack.path_traversal')),
      example('an address that a result shows', finds('result', 'attack.ssrf', 'malicious', { parameterRole: 'text' })),
      example('a development port, says the classifier', finds('arguments', 'attack.ssrf', 'benign')),
    ],
  },
})
