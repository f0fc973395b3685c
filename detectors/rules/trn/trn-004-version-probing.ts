/** One sender tries protocol versions and methods that the server does not have. */
import { z } from 'zod'
import { defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { isSpecified, isVersion } from '../../transport/specified.ts'

type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const asks = (at: number, more: Request) =>
  sample('http.request', { ts: minutes(at), sourceAddress: 'a1', refusal: 'other', errorCode: '400', ...more })
const version = (at: number, protocolVersion: string, more: Request = {}) =>
  asks(at, { refusal: 'protocol_version', protocolVersion, method: 'tools/list', ...more })
const method = (at: number, name: string, more: Request = {}) =>
  asks(at, { errorCode: '-32601', method: name, ...more })
type Hello = NonNullable<Parameters<typeof sample<'client.hello'>>[1]>
const hello = (at: number, offeredVersion: string, more: Hello = {}) =>
  sample('client.hello', { ts: minutes(at), sourceAddress: 'a1', offeredVersion, ...more })
const versions = ['1', '2', '3', '4', '5', '6', '7', '8']
const five = versions.slice(3)
const VERSIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28']
const METHODS = ['prompts/list', 'resources/list', 'resources/templates/list', 'logging/setLevel', 'tasks/list']
const tagged = (inventoryKind: 'clients' | 'servers', tag: string) =>
  sample('inventory.snapshot', { inventoryKind, tags: [tag] })

export default defineRule({
  id: 'trn-004-version-probing',
  version: 1,
  title: 'Version probing',
  severity: 'low',
  why: 'Who tries versions and methods one after the other looks for the old code path that checks less.',
  falsePositives: [
    'Conformance tests: tag the client or the server conformance.',
    'A client asks for methods of the specification that a server need not have: they do not count.',
  ],
  blindSpots: [
    'Senders without principal, source address or session, such as stdio.',
    'An older version of the specification in initialize is negotiated and counts for nothing.',
  ],
  triage: ['What did the same sender do next, and was anything of it allowed?', 'Is it a scanner of your own?'],
  refs: ['MCP07:2025', 'T1595', 'AML.T0006'],
  requires: {
    'http.request': [
      ...(['principal', 'client', 'sourceAddress', 'session'] as const),
      ...(['refusal', 'errorCode', 'method', 'protocolVersion'] as const),
    ],
    'client.hello': ['principal', 'client', 'sourceAddress', 'session', 'offeredVersion'],
  },
  occasional: ['client.hello', 'refusal', 'errorCode', 'protocolVersion', 'principal', 'client', 'session'],
  asksInventory: true,
  applies: { transports: ['http', 'sse_legacy'] },
  config: z.object({
    atLeast: z.int().min(2).default(5).describe('Different versions and methods.'),
    withinMs: z.int().default(minutes(10)).describe('Time in which they count, milliseconds.'),
    conformanceTag: z.string().default('conformance').describe('Tag of clients and servers that are left out.'),
  }),
  per: 'asker',
  ttl: hours(1),
  cooldown: hours(1),
  distinct: ({ atLeast, withinMs, conformanceTag }) => ({
    where: (e) =>
      (e.type === 'client.hello' || e.refusal === 'protocol_version' || isCode(e.errorCode)) &&
      !e.tagsOf('clients', e.client).includes(conformanceTag) &&
      !e.tagsOf('servers', e.server).includes(conformanceTag),
    of: (e) => {
      if (e.type === 'client.hello') return isVersion(e.offeredVersion) ? '' : `version ${e.offeredVersion}`
      if (e.errorCode === UNKNOWN_METHOD) return isSpecified(e.method) ? '' : `method ${e.method}`
      return `version ${e.protocolVersion}`
    },
    atLeast,
    within: withinMs,
    found: (e, seen) => ({
      saw: `${seen} unknown versions or methods, the last one ${e.type === 'client.hello' ? e.offeredVersion : e.protocolVersion || e.method}`,
      expected: 'one version, after one refusal the right one',
    }),
  }),
  examples: {
    match: [
      example('eight versions', ...versions.map((each, i) => version(i, each))),
      example('by another code', ...five.map((each, i) => version(i, each, { refusal: '', errorCode: '-32022' }))),
      example('in initialize', ...five.map((each, i) => hello(i, each))),
      example('older than all', ...[1, 2, 3, 4, 5].map((at) => hello(at, `2019-01-0${at}`))),
      example('five methods', ...five.map((each, i) => method(i, `debug/${each}`))),
      example(
        'three versions and two methods',
        ...five.slice(2).map((each, i) => version(i, each)),
        method(4, 'x'),
        method(5, 'y'),
      ),
      example('the fifth just within ten minutes', ...five.map((each, i) => version(i === 4 ? 9.999 : i, each))),
      example(
        'by one person from several addresses',
        ...five.map((each, i) => version(i, each, { principal: 'alice', sourceAddress: `b${i}` })),
      ),
      exampleWith(
        { conformanceTag: 'qa' },
        'another tag',
        tagged('servers', 'mcp.example.com=conformance'),
        ...five.map((each, i) => version(i, each)),
      ),
    ],
    noMatch: [
      example(
        'one unsupported version, then the right one',
        version(0, '1'),
        asks(1, { refusal: '', errorCode: '', method: 'x' }),
      ),
      example('four versions', ...five.slice(1).map((each, i) => version(i, each))),
      example('the fifth as the first is forgotten', ...five.map((each, i) => version(i === 4 ? 10 : i, each))),
      example('one version again and again', ...five.map((_, i) => version(i, '1'))),
      example('methods of the specification', ...METHODS.map((each, i) => method(i, each))),
      example('versions of the specification', ...VERSIONS.map((each, i) => hello(i, each))),
      example('four unknown ones and the oldest', ...['2024-11-05', ...five.slice(1)].map((each, i) => hello(i, each))),
      example('other refusals', ...five.map((each, i) => asks(i, { protocolVersion: each, method: each }))),
      example(
        'a client that tests',
        tagged('clients', 'cli=conformance'),
        ...five.map((each, i) => version(i, each, { client: 'cli' })),
        ...five.map((each, i) => hello(i, each, { client: 'cli' })),
      ),
      example(
        'a server that is tested',
        tagged('servers', 'mcp.example.com=conformance'),
        ...five.map((each, i) => version(i, each)),
      ),
      example(
        'each by another person',
        ...five.flatMap((each, i) => [
          version(i, each, { principal: `p${i}`, session: 's' }),
          hello(i, each, { principal: `q${i}`, session: 's' }),
          hello(i, each, { sourceAddress: '', session: `s${i}` }),
        ]),
      ),
    ],
  },
})
const UNKNOWN_METHOD = '-32601'
const isCode = (code: string): boolean => code === UNKNOWN_METHOD || code === '-32022'
