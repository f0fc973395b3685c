/** The metadata of a server, or the page it sends a person to, has an address that harms who follows it. */
import { z } from 'zod'
import { judgeUrl } from '../../oauth/dangerous-url.ts'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Metadata = NonNullable<Parameters<typeof sample<'auth.metadata.published'>>[1]>
const published = (endpointFlaws: string[], more: Metadata = {}) =>
  sample('auth.metadata.published', { metadataKind: 'authorization_server', endpointFlaws, ...more })
type Asked = NonNullable<Parameters<typeof sample<'elicitation.requested'>>[1]>
const asks = (urlFlaws: string[], more: Asked = {}) =>
  sample('elicitation.requested', { mode: 'url', urlFlaws, urlHost: 'pay.example', ...more })
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'servers', tags: [`mcp.example.com=${tag}`] })
const inside = published(['private_address'])
const here = published(['loopback_address'])

export default defineRule({
  id: 'oau-010-dangerous-url',
  version: 1,
  title: 'Dangerous address in metadata or elicitation',
  severity: 'high',
  why: 'Clients and browsers follow the addresses that a server publishes: a script there runs in the client, an address inside makes it call its own network.',
  falsePositives: [
    'Loopback is where servers are developed: silent, unless the server is tagged `production`.',
    'Servers inside a network name addresses inside: low, and medium over plain http.',
    'Host names in other alphabets are often genuine: medium.',
  ],
  blindSpots: [
    'What a name resolves to, and where an address redirects.',
    'Metadata of other authorization servers that this one names; icons of tools.',
    'Credentials in an elicitation address: see inj-010.',
  ],
  triage: [
    'Who wrote the address: configuration, or a caller, such as by its Host header?',
    'Which clients have read the document since?',
    'Publish addresses from configuration alone, and restart.',
  ],
  refs: ['MCP05:2025', 'T1190', 'T1552.005'],
  asksInventory: true,
  requires: {
    'auth.metadata.published': ['endpointFlaws', 'metadataKind'],
    'elicitation.requested': ['urlFlaws', 'urlHost'],
  },
  occasional: ['endpointFlaws', 'elicitation.requested', 'urlFlaws', 'urlHost'],
  config: z.object({
    productionTags: z
      .array(z.string())
      .default(['prod', 'production'])
      .describe('Tags of servers that must name no address inside.'),
  }),
  per: 'server',
  check: {
    'auth.metadata.published': (e, config) => judgeUrl(e, e.endpointFlaws, `${e.metadataKind} metadata`, config),
    'elicitation.requested': (e, config) =>
      judgeUrl(e, e.urlFlaws, `a page at ${e.urlHost || 'an unknown host'}`, config),
  },
  examples: {
    match: [
      graded('critical', example('an authorization endpoint that is a script', published(['javascript']))),
      graded('critical', example('a page that is', asks(['javascript']))),
      graded('high', example('a password in the address', published(['userinfo', 'punycode']))),
      graded('high', example('plain http', asks(['not_https'], { urlHost: '' }))),
      graded('medium', example('plain http inside', published(['not_https', 'private_address']))),
      graded('medium', example('other alphabets', published(['punycode', 'private_address']))),
      graded('low', example('an address inside', tagged('dev'), inside)),
      graded('medium', example('of a server in production', tagged('production'), inside)),
      graded('medium', example('loopback, in production', tagged('prod'), here)),
      graded('low', example('no address', published(['unparsable'], { metadataKind: 'protected_resource' }))),
      graded('low', example('an endless one', asks(['too_long']))),
    ],
    noMatch: [
      example('sound ones', tagged('production'), published([]), asks([])),
      example('http://localhost, in development', here, tagged('dev'), here, asks(['loopback_address'])),
      example('a token in the address: inj-010', asks(['credential'])),
      exampleWith({ productionTags: [] }, 'as configured', tagged('production'), here),
    ],
  },
})
