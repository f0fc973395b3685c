/** The authorization metadata of a server changes although nothing was deployed. */
import { z } from 'zod'
import { deployedNear, noDeployments, rememberDeployment } from '../../deployments.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, graded, hashOf, sample } from '../../sample.ts'
import { noMetadata, noteMetadata, takesElsewhere, worstOf } from '../../token/metadata-drift.ts'

type Fields = NonNullable<Parameters<typeof sample<'auth.metadata.published'>>[1]>
const IDP = 'https://idp.example.com'
/** At minutes. */
const shows = (at: number, fields: Fields = {}) => {
  const document = {
    metadataKind: 'protected_resource',
    resource: ['https://mcp.example.com'],
    authorizationServers: [IDP],
    scopesSupported: ['files:read'],
    jwksUriHost: 'idp.example.com',
    bearerMethods: ['header'],
    dpopRequired: true,
    endpointHosts: ['idp.example.com'],
    ...fields,
  } as const
  return sample('auth.metadata.published', {
    ts: minutes(at),
    metadataHash: hashOf(JSON.stringify(document)),
    ...document,
  })
}
const deployed = (at: number, more: object = {}) =>
  sample('deployment.event', { ts: minutes(at), deployedServer: '', deployedClient: '', newBuildDigest: 'b2', ...more })
const evil = { authorizationServers: [IDP, 'https://evil.example'] }
const servers = (letters: string): Fields => ({ authorizationServers: [...letters] })
const unbound: Fields = { dpopRequired: false, scopesSupported: ['b'] }
const as = { metadataKind: 'authorization_server' } as const
const changed = (severity: 'high' | 'medium', name: string, after: Fields, before: Fields = {}) =>
  graded(severity, example(name, shows(0, before), shows(60, after)))
const of = (name: string): Fields => ({ resource: [`https://${name}.example.com`] })

export default defineRule({
  id: 'tok-017-metadata-drift',
  version: 1,
  title: 'Authorization metadata changed',
  severity: 'high',
  why: 'Clients go where this document sends them: whoever can change it can have their logins and tokens.',
  falsePositives: [
    'A planned change: feed in its deployment, which explains it for half an hour before and after it was fed in.',
    'New keys behind the same URL do not change the document. Instances of two versions side by side are told once.',
    'Changes of anything but issuers, keys, endpoints, bearer methods, bound tokens and scopes are not told.',
  ],
  blindSpots: [
    'Documents that nobody fetched, or that are served from elsewhere and were not declared.',
    'A deployment that is fed in after the change was seen. Path and query of a key URL: only its host is known.',
  ],
  triage: [
    'Who changed the document, and does the new authorization server belong to you?',
    'Who logged in since: their tokens may be in other hands. Restore the document.',
  ],
  refs: ['MCP07:2025', 'MCP04:2025', 'T1556', 'RFC 9728'],
  requires: {
    'auth.metadata.published': [
      'metadataKind',
      'metadataHash',
      'resource',
      'authorizationServers',
      'scopesSupported',
      'jwksUriHost',
      'bearerMethods',
      'dpopRequired',
      'endpointHosts',
    ],
    'deployment.event': ['deployedServer', 'deployedClient', 'newBuildDigest'],
  },
  occasional: [
    'deployment.event',
    'jwksUriHost',
    'deployedServer',
    'deployedClient',
    'newBuildDigest',
    'bearerMethods',
  ],
  config: z.object({
    deploymentMs: z
      .int()
      .min(0)
      .default(minutes(30))
      .describe('How far from a deployment a change is its own, milliseconds.'),
  }),
  per: 'server',
  ttl: days(400),
  cell: noMetadata,
  beside: { deployments: { per: 'server', cell: noDeployments, on: { 'deployment.event': rememberDeployment } } },
  on: {
    'auth.metadata.published'(e, cell, { deploymentMs }, { deployments }) {
      const { first, changes } = noteMetadata(e, cell)
      if (first && takesElsewhere(e))
        return { severity: 'low', saw: `tokens taken in ${e.bearerMethods.join(', ')}`, expected: 'the header alone' }
      return deployedNear(deployments, '', e.ts, deploymentMs) ? undefined : worstOf(changes)
    },
  },
  examples: {
    match: [
      changed('high', 'an unknown authorization server', evil),
      changed('medium', 'one is left out', {}, evil),
      changed('medium', 'none is left', { authorizationServers: [] }),
      changed('medium', 'scopes, where tokens never were bound', unbound, { dpopRequired: false }),
      changed('high', 'the seventh is another one', servers('abcdefh'), servers('abcdefg')),
      changed('high', 'keys from elsewhere', { jwksUriHost: 'evil.example' }),
      changed('high', 'keys where none were named', {}, { jwksUriHost: '' }),
      changed('high', 'tokens in queries', { bearerMethods: ['header', 'query'] }),
      changed('high', 'tokens in bodies', { bearerMethods: ['body'] }, { bearerMethods: [] }),
      changed('high', 'tokens need not be bound', { dpopRequired: false }),
      changed('high', 'an endpoint elsewhere', { ...as, endpointHosts: ['evil.example'] }, as),
      changed('medium', 'other scopes', { scopesSupported: ['files:read', 'admin'] }),
      graded('low', example('tokens in queries from the beginning', shows(0, { bearerMethods: ['query'] }))),
      graded('high', example('deployed long before', shows(0), deployed(29), shows(60, evil))),
      graded('high', example('another server', shows(0), deployed(50, { deployedServer: 'hr' }), shows(60, evil))),
      graded('high', example('a client', shows(0), deployed(50, { deployedClient: 'a' }), shows(60, evil))),
      graded('high', example('a build', shows(0), deployed(29, { newBuildDigest: 'b' }), shows(60, evil))),
      graded('high', example('the third document', shows(0), shows(1, of('b')), shows(2, of('c')), shows(3, evil))),
      graded('high', exampleWith({ deploymentMs: 0 }, 'a stricter policy', shows(0), deployed(59), shows(60, evil))),
    ],
    noMatch: [
      example('new keys behind the same URL', shows(0), shows(60)),
      example('only a text in it changed', shows(0), shows(60, { metadataHash: hashOf('another') })),
      example('it was deployed', shows(0), deployed(30), shows(60, evil)),
      example('two versions side by side', shows(0), deployed(1), shows(2, evil), shows(60), shows(61, evil)),
      example('two resources', shows(0), shows(1, { ...of('b'), ...evil })),
      example('an authorization server beside it', shows(0), shows(1, { ...evil, ...as })),
      example('keys no longer named', shows(0), shows(60, { jwksUriHost: '' })),
      example('tokens must be bound now', shows(0, { dpopRequired: false }), shows(60)),
      example(
        'queries before',
        shows(0),
        deployed(1),
        shows(2, { bearerMethods: ['query'] }),
        shows(60, { bearerMethods: ['body'] }),
      ),
      example('an endpoint less', shows(0, { endpointHosts: ['a', 'idp.example.com'] }), shows(60)),
      example(
        'the fourth makes room',
        shows(0),
        ...[...'bcd'].map((name, i) => shows(1 + i, of(name))),
        shows(4, evil),
      ),
      example('in another order', shows(0, servers('ab')), shows(60, servers('ba'))),
    ],
  },
})
