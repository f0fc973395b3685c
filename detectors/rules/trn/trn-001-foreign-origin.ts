/** A page of a browser reaches a server that did not invite it, or a local server under a name that is not its own. */
import { z } from 'zod'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { judgeOrigin, noOrigins, noteListener } from '../../transport/web-origins.ts'

type Start = NonNullable<Parameters<typeof sample<'server.started'>>[1]>
const started = (more: Start) => sample('server.started', more)
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const request = (more: Request) => sample('http.request', { processed: true, host: 'mcp.example.com', ...more })
const EVIL = 'https://evil.tld'
const local = { host: '127.0.0.1:3000', bindAddress: '127.0.0.1:3000' }
const rebound = { bindAddress: '127.0.0.1:3000', host: 'evil.tld:3000' }
const lists = (...allowedOrigins: string[]) => started({ allowedOrigins })
const refused = (n: number, everyMs: number, refusal: Request['refusal'] = 'origin') =>
  Array.from({ length: n }, (_, i) => request({ ts: i * everyMs, origin: EVIL, processed: false, refusal: refusal! }))

export default defineRule({
  id: 'trn-001-foreign-origin',
  version: 1,
  title: 'Invalid Origin or Host',
  severity: 'high',
  why: 'A web page that a person merely visits can speak to servers on their machine or network, with their rights (DNS rebinding).',
  falsePositives: [
    'A new web client: list its origin here, or in `posture.allowedOrigins` of the server.',
    'A tunnel or proxy before a local listener that sets no X-Forwarded-Proto: list its name in `ownHosts`.',
  ],
  blindSpots: [
    'A request without Origin is normal: most clients are no browsers.',
    'Calls of tools whose Origin nobody saw: it needs the HTTP edge (auditExpress and its like).',
    'Where no list of origins is known, pages of this machine and of the server’s own name pass.',
  ],
  triage: [
    'Is the origin a client of yours? Then list it.',
    'Does the server check Origin and Host before anything else? The specification demands 403.',
    'What did the page call? List the requests with this origin.',
  ],
  refs: ['MCP07:2025', 'MCP09:2025', 'T1189', 'T1557'],
  requires: {
    'http.request': [...(['origin', 'host', 'bindAddress', 'refusal', 'processed', 'forwardedProto', 'hop'] as const)],
    'server.started': ['allowedOrigins', 'bindAddress'],
  },
  occasional: ['origin', 'refusal', 'forwardedProto', 'hop', 'bindAddress', 'allowedOrigins'],
  applies: { transports: ['http', 'sse_legacy'] },
  config: z.object({
    allowedOrigins: z
      .array(z.string())
      .default([])
      .describe('Origins that any server takes, such as https://app.example.com; one * stands for anything.'),
    ownHosts: z.array(z.string()).default([]).describe('Names that local listeners are known by.'),
    burst: z.int().min(2).max(64).default(10).describe('Refusals by Origin or Host that are a burst.'),
    burstMs: z.int().default(minutes(5)).describe('Time in which they count, milliseconds.'),
  }),
  per: 'server',
  ttl: days(400),
  cooldown: hours(1),
  cell: noOrigins,
  on: {
    'server.started': (e, cell) => noteListener(e, cell),
    'http.request': (e, cell, config) => judgeOrigin(e, cell, config),
  },
  examples: {
    match: [
      graded('high', example('not on the list', lists('https://app.example.com'), request({ origin: EVIL }))),
      graded('high', example('no origin is wanted', lists(), request({ origin: 'null' }))),
      graded('high', exampleWith({ allowedOrigins: ['https://a.b'] }, 'nor configured', request({ origin: EVIL }))),
      graded('medium', example('no list is known', request({ origin: EVIL }))),
      graded('medium', example('a page of nowhere', request({ origin: 'null' }))),
      graded('high', example('a page reaches a local server', request({ ...local, origin: EVIL }))),
      graded('high', example('known by its Host', request({ host: '[::1]:80', origin: EVIL }))),
      graded(
        'high',
        example('known by its start', started({ bindAddress: '::1' }), request({ host: '', origin: EVIL })),
      ),
      graded('high', example('rebound: its own origin', request({ ...rebound, origin: 'http://evil.tld:3000' }))),
      graded('medium', example('rebound, no origin', request(rebound))),
      graded('medium', example('ten refusals', ...refused(10, 29_999))),
      graded('medium', example('ten by Host', ...refused(10, 1_000, 'host'))),
      exampleWith({ burst: 4 }, 'four in less than five minutes', ...refused(4, 99_999)),
      example('a longer name', lists('https://*.example.com'), request({ origin: 'https://app.example.com.evil.tld' })),
      example('a shorter name', lists('https://a*a.tld'), request({ origin: 'https://a.tld' })),
      example('another place of the list', lists('https://a.tld*'), request({ origin: 'xhttps://a.tld' })),
    ],
    noMatch: [
      example('no Origin', lists('https://a.b'), request({ origin: '' }), request({ ...local, origin: '' })),
      example(
        'on the list',
        lists('https://b', 'https://App.example.com'),
        request({ origin: 'https://app.example.com' }),
      ),
      example('like one of the list', lists('https://*.example.com'), request({ origin: 'https://app.example.com' })),
      example('the star may be nothing', lists('https://a*.tld'), request({ origin: 'https://a.tld' })),
      example('any is wanted', lists('*'), request({ origin: EVIL })),
      exampleWith({ allowedOrigins: [EVIL] }, 'configured', lists(), request({ origin: EVIL })),
      example('a page of its own', request({ origin: 'https://MCP.example.com:8443' })),
      example(
        'a page of this machine',
        request({ origin: 'http://localhost:6274' }),
        request({ ...local, origin: 'http://a.localhost' }),
      ),
      example('a program with a scheme of its own', request({ ...local, origin: 'vscode-webview://abc' })),
      example(
        'it was refused',
        request({ ...local, origin: EVIL, processed: false }),
        request({ ...local, origin: EVIL, outcome: 'denied' }),
      ),
      example(
        'through a proxy',
        request({ ...rebound, forwardedProto: 'https' }),
        request({ ...rebound, hop: 'gateway' }),
      ),
      exampleWith({ ownHosts: ['evil.tld'] }, 'known by this name', request(rebound)),
      example('no Host', request({ ...rebound, host: '' })),
      example(
        'a listener of the network',
        request({ bindAddress: '10.0.0.5:80' }),
        started({ bindAddress: '0.0.0.0:9000' }),
      ),
      exampleWith({ burst: 4 }, 'four in exactly five minutes', ...refused(4, 100_000)),
      example('nine refusals', ...refused(9, 1_000)),
      example('ten in more than five minutes', ...refused(10, 33_334)),
      example('refused for another reason', ...refused(10, 1_000, 'other')),
    ],
  },
})
