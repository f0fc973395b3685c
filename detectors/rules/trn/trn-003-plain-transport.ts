/** A server is reached over plain HTTP from another machine, or over TLS that is too old. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { judgeListener, judgeRequest } from '../../transport/plain-transport.ts'

type Start = NonNullable<Parameters<typeof sample<'server.started'>>[1]>
const started = (bindAddress: string, more: Start = {}) =>
  sample('server.started', { tls: false, bindAddress, ...more })
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const request = (more: Request = {}) =>
  sample('http.request', { tlsVersion: 'none', addressClass: 'private', credentialLocation: 'header', ...more })
const open = { addressClass: 'public', credentialLocation: 'none' } as const
const tagged = (tag: string) =>
  sample('inventory.snapshot', { inventoryKind: 'servers', tags: [`mcp.example.com=${tag}`] })
const STRICT = { requireTls13: true, trustForwardedProto: false }

export default defineRule({
  id: 'trn-003-plain-transport',
  version: 1,
  title: 'Unencrypted or weak transport',
  severity: 'medium',
  why: 'Tokens, arguments and results pass in the clear: whoever sits on the way reads and changes them.',
  falsePositives: [
    'TLS ends at a gateway: it is believed by its X-Forwarded-Proto, or tag the server tls_terminated.',
    'A service mesh encrypts between machines: tag the server mesh or mtls.',
  ],
  blindSpots: [
    'Servers without an HTTP edge, which see no socket, and fetch-style platforms.',
    'What a proxy says of its own client (X-Forwarded-Proto) is believed unless trustForwardedProto is off.',
    'Weak ciphers, and certificates that nobody checked.',
  ],
  triage: [
    'Who sent over plain HTTP? Change its URL, and redirect or refuse plain requests.',
    'Is the listener reachable past the gateway? Bind it to the address of the gateway alone.',
    'Tokens that were sent in the clear are to be revoked.',
  ],
  refs: ['MCP01:2025', 'MCP07:2025', 'T1040'],
  requires: {
    'server.started': ['tls', 'bindAddress'],
    'http.request': ['tlsVersion', 'forwardedProto', 'addressClass', 'credentialLocation', 'hop'],
  },
  occasional: ['forwardedProto', 'hop', 'tls', 'bindAddress'],
  asksInventory: true,
  applies: { transports: ['http', 'sse_legacy'] },
  config: z.object({
    requireTls13: z.boolean().default(false).describe('TLS 1.2 is too old, too.'),
    trustForwardedProto: z
      .boolean()
      .default(true)
      .describe('X-Forwarded-Proto is set by a proxy of ours. Off: there is none, and who sends it lies.'),
  }),
  per: 'server',
  ttl: days(2),
  // One finding a day for each severity that is reached.
  cooldown: days(1),
  cell: () => ({}),
  on: {
    'server.started': (e) => judgeListener(e),
    'http.request': (e, _, config) => judgeRequest(e, config),
  },
  examples: {
    match: [
      graded('medium', example('http on 10.0.0.5', request({ host: '10.0.0.5' }))),
      graded('low', example('without a credential', request({ credentialLocation: 'none' }))),
      graded('low', example('where nobody looked for one', request({ credentialLocation: '' }))),
      graded('high', example('a token from the internet', request({ addressClass: 'public' }))),
      graded('medium', example('anybody from the internet', request(open))),
      graded('medium', example('from a neighbour', request({ addressClass: 'link_local' }))),
      graded(
        'medium',
        example('the client of the proxy', request({ addressClass: 'loopback', forwardedProto: 'http' })),
      ),
      graded('medium', example('of two proxies', request({ hop: 'gateway', forwardedProto: 'HTTP , https' }))),
      graded('high', example('TLS 1.1', request({ tlsVersion: 'TLSv1.1', addressClass: 'loopback' }))),
      graded('high', example('SSL behind a mesh', tagged('mesh'), request({ tlsVersion: 'SSLv3' }))),
      graded('medium', exampleWith(STRICT, 'TLS 1.2, when 1.3 is asked for', request({ tlsVersion: 'TLSv1.2' }))),
      graded('high', exampleWith(STRICT, 'a proxy that is not there', request({ ...open, forwardedProto: 'https' }))),
      graded('medium', example('a listener on 10.0.0.5', started('10.0.0.5:80'))),
      graded('low', example('a listener on every address', started('[::]:80'))),
      graded('low', example('of both families', started('0.0.0.0:9000'))),
      example('a tag of another kind', tagged('internal'), request()),
    ],
    noMatch: [
      example('http on 127.0.0.1', request({ addressClass: 'loopback' }), started('127.0.0.1:81'), started('[::1]:80')),
      example(
        'over TLS',
        request({ tlsVersion: 'TLSv1.3' }),
        request({ tlsVersion: 'TLSv1.2' }),
        started('10.0.0.5:80', { tls: true }),
      ),
      example(
        'nobody saw the socket',
        request({ tlsVersion: '' }),
        request({ addressClass: 'unknown' }),
        request({ addressClass: '' }),
      ),
      example(
        'TLS ends at the gateway',
        request({ forwardedProto: 'https' }),
        request({ forwardedProto: 'https,http' }),
      ),
      example('seen at a gateway', request({ hop: 'gateway' })),
      example('by tag', tagged('tls_terminated'), request(), started('10.0.0.5:80')),
      example('in a mesh', tagged('mesh'), request()),
      example('of mutual TLS', tagged('mtls'), request()),
      exampleWith(STRICT, 'a proxy on this machine', request({ addressClass: 'loopback', forwardedProto: 'https' })),
      exampleWith(STRICT, 'TLS 1.3', request({ tlsVersion: 'TLSv1.3' })),
      example(
        'a listener of which nothing is said',
        sample('server.started', { bindAddress: '10.0.0.5:80' }),
        started(''),
      ),
    ],
  },
})
