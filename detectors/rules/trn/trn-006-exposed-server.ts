/** A server without authorization listens where others can reach it. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, graded, sample } from '../../sample.ts'
import { judgeStart, judgeVisit, unknownListener } from '../../transport/exposed-listener.ts'

type Start = NonNullable<Parameters<typeof sample<'server.started'>>[1]>
const started = (bindAddress: string, more: Start = {}) =>
  sample('server.started', { authRequired: false, bindAddress, ...more })
const LAPTOP = '0.0.0.0:3000'
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const visits = (more: Request = {}) =>
  sample('http.request', { addressClass: 'public', credentialLocation: 'none', processed: true, ...more })
const tagged = (tag: string) =>
  sample('inventory.snapshot', { inventoryKind: 'servers', tags: [`mcp.example.com=${tag}`] })
const image = { imageDigest: 'sha256:1' }
const silent = sample('server.started', { bindAddress: LAPTOP })

export default defineRule({
  id: 'trn-006-exposed-server',
  version: 1,
  title: 'Exposed server without authorization',
  severity: 'high',
  why: 'Everybody on the network can call its tools; on a laptop that is the café, too.',
  falsePositives: [
    'A pod network that lets nobody in: tag the server pod_network or container_private. A server that says it runs from an image is low.',
    'A server for everybody: tag it public.',
  ],
  blindSpots: [
    'Servers that do not say whether they ask for authorization, stdio among them.',
    'Where neither `posture.bindAddress` nor an HTTP edge tells where it listens.',
    'A firewall in front is not seen; neither is a port that is forwarded to 127.0.0.1.',
  ],
  triage: [
    'Who can reach the port? Bind to 127.0.0.1, or ask for authorization.',
    'Who has called it so far? List the source addresses.',
  ],
  refs: ['MCP09:2025', 'MCP07:2025', 'T1133', 'T1190'],
  requires: {
    'server.started': ['authRequired', 'bindAddress', 'imageDigest'],
    'http.request': ['bindAddress', 'addressClass', 'credentialLocation', 'processed'],
  },
  occasional: ['imageDigest', 'bindAddress'],
  asksInventory: true,
  applies: { transports: ['http', 'sse_legacy'] },
  config: z.object({}),
  per: 'server',
  ttl: days(400),
  cooldown: days(1),
  cell: unknownListener,
  on: {
    'server.started': (e, cell) => judgeStart(e, cell),
    'http.request': (e, cell) => judgeVisit(e, cell),
  },
  examples: {
    match: [
      graded('high', example('a laptop on 0.0.0.0', started(LAPTOP))),
      graded('high', example('on ::', started('[::]:3000'))),
      example('without brackets', started('::')),
      example('on a star', started('*:3000')),
      graded(
        'high',
        example('the edge saw the listener', started(''), visits({ addressClass: 'loopback', bindAddress: LAPTOP })),
      ),
      graded('low', example('from an image', started(LAPTOP, image))),
      graded('high', example('from an image, and a stranger comes', started('', image), visits())),
      example('a tag of another kind', tagged('internal'), started(LAPTOP)),
    ],
    noMatch: [
      example(
        '127.0.0.1',
        started('127.0.0.1:3000'),
        visits({ addressClass: 'loopback', bindAddress: '127.0.0.1:3000' }),
      ),
      example('one address', started('10.0.0.5:3000')),
      example('authorization is asked for', started(LAPTOP, { authRequired: true }), visits({ bindAddress: LAPTOP })),
      example('nobody says', silent, visits()),
      example('not any more', started(''), silent, visits()),
      example('where it listens', started(''), visits({ addressClass: 'private' })),
      example('the visitor has a token', started(''), visits({ credentialLocation: 'header' })),
      example('and nobody serves', started(''), visits({ processed: false })),
      example('a pod network', tagged('pod_network'), started(LAPTOP), visits({ bindAddress: LAPTOP })),
      example('a private container', tagged('container_private'), started(LAPTOP)),
      example('for everybody', tagged('public'), started(LAPTOP), visits()),
    ],
  },
})
