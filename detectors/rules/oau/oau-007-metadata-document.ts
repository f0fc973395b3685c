/** The metadata document of a client leads inside, names another client, or sends codes elsewhere than before. */
import { z } from 'zod'
import { judgeDocument, judgeOther, noDocument } from '../../oauth/metadata-document.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, hashOf, sample } from '../../sample.ts'

type Fetched = NonNullable<Parameters<typeof sample<'oauth.cimd_fetched'>>[1]>
const CLIENT = 'https://app.example/client.json'
const fetched = (more: Fetched = {}) =>
  sample('oauth.cimd_fetched', {
    client: CLIENT,
    decision: 'allow',
    documentHost: 'app.example',
    documentHash: hashOf('one'),
    documentIpClass: 'public',
    clientIdMatch: true,
    localhostOnly: false,
    redirectHosts: ['app.example'],
    scopes: ['read'],
    ...more,
  })
const changed = (...redirectHosts: string[]) => fetched({ documentHash: hashOf('two'), redirectHosts })
const other = (more: Fetched = {}) => fetched({ clientIdMatch: false, ...more })
const asks = (decision: 'allow' | 'deny', client = CLIENT) => sample('oauth.authorize', { client, decision })
const changedHash = { documentHash: hashOf('two') }
const refused = { decision: 'deny' } as const
const local = (scopes: string[], more: Fetched = {}) =>
  fetched({ localhostOnly: true, redirectHosts: ['localhost:3000'], scopes, ...more })
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'servers', tags: [`mcp.example.com=${tag}`] })
const approves = (name: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'clients', approved: [name], complete: true })

export default defineRule({
  id: 'oau-007-metadata-document',
  version: 1,
  title: 'Metadata document of a client that does not hold',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'The server fetches an address that a stranger names, and trusts what stands there: the address may lead inside, and the document may be that of somebody else.',
  falsePositives: [
    'Clients inside the network: trust their hosts. A development server may fetch from loopback: tag it `dev`.',
    'A document that changes without its redirects, such as a new logo: silent.',
    'A client that adds a host of its own domain: medium.',
  ],
  blindSpots: [
    'The address that a name resolves to, unless the server tells it: only literal addresses are known without.',
    'A genuine document used by another program on the same machine (redirects to loopback): info for scopes of high risk.',
    'A host that was public when the document was first seen, and has a new owner since.',
  ],
  triage: [
    'Who sent the address, and what answered? Look for requests of the same caller with other addresses.',
    'Whose are the new hosts? Ask the maker of the client.',
    'Fetch through a proxy that refuses addresses inside; trust hosts by name.',
  ],
  refs: ['MCP07:2025', 'T1036', 'T1190'],
  asksInventory: true,
  requires: {
    'oauth.cimd_fetched': [
      ...(['client', 'documentHost', 'documentHash', 'documentIpClass', 'clientIdMatch'] as const),
      ...(['localhostOnly', 'redirectHosts', 'scopes'] as const),
    ],
    'oauth.authorize': ['client'],
  },
  producerGaps: { 'oauth.cimd_fetched': 'comes where the server wraps its fetch with auditClientMetadata' },
  config: z.object({
    trustedHosts: z
      .array(z.string())
      .default([])
      .describe('Hosts of documents; where there are any, others are medium.'),
    devTags: z.array(z.string()).default(['dev']).describe('Tags of servers that may fetch from loopback.'),
    highRisk: z
      .array(z.string())
      .default(['admin', 'owner', 'write_all'])
      .describe('Parts of names of high-risk scopes.'),
  }),
  per: 'client',
  ttl: days(365),
  cell: noDocument,
  on: {
    'oauth.cimd_fetched': judgeDocument,
    'oauth.authorize': judgeOther,
  },
  examples: {
    match: [
      graded(
        'high',
        example(
          'fetched from 169.254.169.254',
          fetched({ documentIpClass: 'link_local', documentHost: '169.254.169.254' }),
        ),
      ),
      graded('high', example('from inside', fetched({ documentIpClass: 'private' }))),
      graded('medium', example('an attempt', fetched({ documentIpClass: 'private', ...refused }))),
      graded('high', example('from loopback', fetched({ documentIpClass: 'loopback' }))),
      graded(
        'high',
        example('inside, of a development server', tagged('dev'), fetched({ documentIpClass: 'private' })),
      ),
      graded(
        'high',
        example('loopback, of a server with another tag', tagged('prod'), fetched({ documentIpClass: 'loopback' })),
      ),
      graded('high', example('its codes go elsewhere', fetched(), changed('app.example', 'evil.example'))),
      graded('high', example('to a host that ends alike', fetched(), changed('evilapp.example'))),
      graded('medium', example('to its own new host', fetched(), changed('app.example', 'login.app.example:8443'))),
      graded(
        'medium',
        example(
          'to its own',
          fetched({ documentHost: 'www.app.example', redirectHosts: [] }),
          fetched({ documentHost: 'www.app.example', documentHash: hashOf('two') }),
        ),
      ),
      graded(
        'high',
        example(
          'of a host that is not known',
          fetched(),
          fetched({ ...changedHash, documentHost: '', redirectHosts: ['evil.example'] }),
        ),
      ),
      graded('medium', example('it names another client', other())),
      graded('medium', example('and is refused', fetched(), other(), asks('deny'))),
      graded('high', example('and is let on', fetched(), other(), asks('allow'))),
      graded('medium', exampleWith({ trustedHosts: ['good.example'] }, 'a host that is not trusted', fetched())),
      graded('medium', example('a client that is not listed', approves('x'), fetched({ documentHost: '' }))),
      graded('info', example('on loopback, with high rights', local(['read', 'db:admin']))),
      graded('info', example('with all rights', local(['files:*']))),
    ],
    noMatch: [
      example('a new logo', fetched(), changed('app.example'), changed('app.example')),
      example('the first document', fetched({ client: 'https://b.example/' }), asks('allow', 'https://b.example/')),
      example('the same document', fetched(), fetched({ redirectHosts: ['app.example', 'b.example'] })),
      example('a port, and loopback, more', fetched(), changed('app.example:8443', 'localhost:3000')),
      exampleWith({ trustedHosts: ['app.example'] }, 'inside, trusted', fetched({ documentIpClass: 'private' })),
      example('loopback, of a development server', tagged('dev'), fetched({ documentIpClass: 'loopback' })),
      example('not fetched', fetched(refused), other(refused)),
      example('it is let on under its own', fetched(), asks('allow')),
      example('nothing is said of its name', fetched({ clientIdMatch: undefined as never })),
      example('a client that is listed', approves(CLIENT), fetched()),
      example('on loopback, with few rights', local(['read'])),
      example('elsewhere, with high rights', fetched({ scopes: ['db:admin'] })),
    ],
  },
})
