/** Tokens are asked for, or issued, that are bound to no resource. */
import { z } from 'zod'
import { judgeIssued, judgeRequest } from '../../oauth/resource-binding.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

const OURS = 'https://mcp.example.com/api'
type Asked = NonNullable<Parameters<typeof sample<'oauth.authorize'>>[1]>
const asks = (more: Asked = {}) =>
  sample('oauth.authorize', { client: 'app', decision: 'allow', resource: [OURS], scopes: ['read'], ...more })
type Token = NonNullable<Parameters<typeof sample<'oauth.token'>>[1]>
const issues = (more: Token = {}) =>
  sample('oauth.token', {
    client: 'app',
    decision: 'allow',
    grantType: 'authorization_code',
    tokenKind: 'jwt',
    resource: [OURS],
    aud: [OURS],
    expectedAud: [OURS],
    scopes: ['read'],
    ...more,
  })
const opaque = { tokenKind: 'opaque', aud: [], resource: [] } as const
const GUID = '6731de76-14a6-49ae-97bc-6eba6914391e'

export default defineRule({
  id: 'oau-008-unbound-token',
  version: 1,
  title: 'Token that is bound to no resource',
  severity: 'medium',
  why: 'A token without a resource is good at every service of its issuer: one careless or hostile server can use it at all the others.',
  falsePositives: [
    'Entra names the resource in the scope, and may refuse an indicator: scopes with `api://` or `/.default` count as one.',
    'Clients that ask for no resource, of a server that binds its tokens all the same: low, once a day.',
  ],
  blindSpots: [
    'Audiences of opaque tokens, and of tokens that a server behind issues and that are passed on unread.',
    'Whether the audience is right, where the server does not say its own.',
  ],
  triage: [
    'Which clients ask without a resource? Update them.',
    'Make the authorization server set the audience to the resource that was asked for (RFC 8707, RFC 9068).',
    'Does this server, and every other, compare the audience (tok-001)?',
  ],
  refs: ['MCP07:2025', 'T1550.001', 'RFC 8707'],
  requires: {
    'oauth.authorize': ['client', 'resource', 'scopes'],
    'oauth.token': ['client', 'grantType', 'tokenKind', 'resource', 'aud', 'expectedAud', 'scopes'],
  },
  occasional: ['aud', 'expectedAud'],
  config: z.object({
    resourceScopes: z
      .array(z.string())
      .default(['api://', '/.default'])
      .describe('Parts of scopes that name the resource.'),
  }),
  per: 'client',
  ttl: days(2),
  cooldown: days(1),
  cell: () => ({}),
  on: {
    'oauth.authorize': (e, _, { resourceScopes }) => judgeRequest(e, resourceScopes),
    'oauth.token': (e, _, { resourceScopes }) => judgeIssued(e, resourceScopes),
  },
  examples: {
    match: [
      graded('medium', example('a token without audience', issues({ aud: [] }))),
      graded('medium', example('a token for another service', issues({ aud: ['https://other.example'] }))),
      graded('medium', example('a refreshed one', issues({ grantType: 'refresh_token', aud: [], expectedAud: [] }))),
      graded('low', example('a request without a resource', asks({ resource: [] }))),
      graded('low', example('an opaque token, asked for without', issues(opaque))),
      example('nothing is known of the token', issues({ ...opaque, tokenKind: '' })),
      exampleWith({ resourceScopes: [] }, 'scopes name none here', asks({ resource: [], scopes: ['api://hr/Read'] })),
    ],
    noMatch: [
      example('asked for, and issued', asks(), issues()),
      example(
        'Entra: by the scope, for the GUID',
        asks({ resource: [], scopes: ['api://hr/.default'] }),
        issues({ resource: [], aud: [GUID], expectedAud: [GUID] }),
      ),
      example('an opaque token, by the scope', issues({ ...opaque, scopes: [`${GUID}/.default`] })),
      example('an opaque token, asked for with', issues({ ...opaque, resource: [OURS] })),
      example('refreshed', issues({ ...opaque, grantType: 'refresh_token' })),
      example('the server does not say its audience', issues({ resource: [], aud: ['api://x'], expectedAud: [] })),
      example(
        'refused',
        asks({ resource: [], decision: 'deny' }),
        issues({ aud: [], decision: 'deny', client: 'b' }),
        asks({ client: 'b' }),
      ),
    ],
  },
})
