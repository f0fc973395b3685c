/** Examples of inj-005: addresses that a server is led to, by whom and over which redirects; and addresses in arguments. */

import { finds, tagged } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, exampleWith, type Sample, sample } from '../../../sample.ts'

type Asked = NonNullable<Parameters<typeof sample<'outbound.request'>>[1]>
type Inward = NonNullable<Asked['ipClass']>
const asks = (destinationHost: string, ipClass: Inward, more: Asked = {}): Sample =>
  sample('outbound.request', { tool: 'fetch', transport: 'http', destinationHost, ipClass, redirects: 0, ...more })
const DB = '10.0.8.4'
const CDN = 'cdn.example.net'
const METADATA = '169.254.169.254'
const knows = (...internalHosts: string[]) => ({ internalHosts })
const approved = sample('inventory.snapshot', { inventoryKind: 'destinations', approved: [DB] })
const internal = tagged('destinations', `${DB}=internal_api`)
const named = { argumentMatch: true } as const
const unnamed = { argumentMatch: false } as const
const stdio = { transport: 'stdio' } as const
const refused = { decision: 'deny' } as const
const local = { ...named, ...stdio }
const toDb = { domains: [DB] }
const moved = { redirects: 1, redirectHosts: [DB] }
/** A way of so many hosts, all the same one. */
const over = (hosts: number) => ({ ...named, redirects: hosts - 1, redirectHosts: Array<string>(hosts - 1).fill(DB) })
const ssrf = (verdict: 'malicious' | 'suspicious', more: Parameters<typeof finds>[3] = {}): Sample =>
  finds('arguments', 'attack.ssrf', verdict, {
    parameterRole: 'url',
    contentPath: 'args.url',
    transport: 'http',
    ...more,
  })

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example('the metadata address, named by the caller', asks(METADATA, 'link_local', named)),
    example('the metadata address, named by the caller, over stdio', asks(METADATA, 'link_local', local)),
    example('the metadata address, by whom is not known', asks(METADATA, 'link_local')),
    example('the metadata address behind a redirect', asks(METADATA, 'link_local', { ...unnamed, redirects: 1 })),
    example('an inner address in arguments', asks(DB, 'private', named)),
    exampleWith(knows('10.0.8.5'), 'another inner host is declared', asks(DB, 'private', named)),
    example('a redirect of a named host leads inside', asks(CDN, 'private', { ...moved, ...named })),
    example('the same over stdio', asks(CDN, 'private', { ...moved, ...local })),
    example('a redirect of a named host leads to the own machine', asks(CDN, 'loopback', { ...moved, ...named })),
    exampleWith(knows(DB), 'a way that is too long to be known', asks(DB, 'private', over(33))),
    example('an address in arguments', ssrf('malicious', { decodings: ['percent'], validated: true })),
    example('the own machine', ssrf('malicious', { score: 0.75 })),
    example('a disguise, over stdio', ssrf('malicious', { ...stdio, score: 0.76 })),
    exampleWith(knows(DB), 'one of two is declared', ssrf('malicious', { domains: [DB, METADATA] })),
    exampleWith(knows(DB), 'too many to be known', ssrf('malicious', { domains: Array<string>(33).fill(DB) })),
  ),
  ...allGraded(
    'medium',
    example('nobody answers', asks(METADATA, 'link_local', { ...named, failure: 'ECONNREFUSED' })),
    example('it is refused', asks(METADATA, 'link_local', { ...named, ...refused })),
    example('an inner address in arguments, over stdio', asks(DB, 'private', local)),
    example('the own machine, named by the caller', asks('127.0.0.1', 'loopback', named)),
    example('a redirect leads inside', asks(CDN, 'private', moved)),
    example('a redirect leads to the own machine', asks(CDN, 'loopback', { ...moved, ...unnamed })),
    example('a redirect leads to the own machine, over stdio', asks(CDN, 'loopback', { ...moved, ...local })),
    exampleWith(knows(CDN), 'only the first is declared', asks(CDN, 'private', moved)),
    exampleWith(knows(DB), 'only the last is declared', asks(CDN, 'private', moved)),
    example('a doubtful one', ssrf('suspicious', toDb)),
    example('the own machine, over stdio', ssrf('malicious', { ...stdio, score: 0.75 })),
    example('a metadata address, over stdio, refused', ssrf('malicious', { ...stdio, ...refused })),
  ),
  ...allGraded(
    'low',
    example('the metadata address, for its own rights', asks(METADATA, 'link_local', unnamed)),
    example('a doubtful one, over stdio', ssrf('suspicious', stdio)),
    example('of a red team', tagged('principals', '616c696365=red_team'), ssrf('malicious', { principal: 'alice' })),
  ),
]
export const noMatch: readonly Example[] = [
  example('a public address', asks('api.example.com', 'public', named)),
  example('an address that is not known', asks('api.example.com', 'unknown', named)),
  example('its own database', asks(DB, 'private', unnamed), asks(DB, 'private')),
  example('its own service', asks('localhost', 'loopback', unnamed), asks('localhost', 'loopback')),
  example('a development server, over stdio', asks('localhost', 'loopback', local)),
  exampleWith(knows(DB), 'a declared one', asks(DB, 'private', named), ssrf('suspicious', toDb)),
  exampleWith(knows(DB, CDN), 'both ends are declared', asks(CDN, 'private', moved)),
  exampleWith(knows(DB), 'a long way of a declared one', asks(DB, 'private', over(32))),
  exampleWith(knows(DB), 'many times a declared one', ssrf('malicious', { domains: Array<string>(32).fill(DB) })),
  example('an approved one', approved, asks(DB, 'private', named), ssrf('suspicious', toDb)),
  example('a tagged one', internal, asks(DB, 'private', named), ssrf('suspicious', toDb)),
  example('a path is the business of inj-004', finds('arguments', 'attack.path_traversal')),
  example('an address that a result shows', finds('result', 'attack.ssrf', 'malicious', { parameterRole: 'text' })),
  example('a development port, says the classifier', finds('arguments', 'attack.ssrf', 'benign')),
]
