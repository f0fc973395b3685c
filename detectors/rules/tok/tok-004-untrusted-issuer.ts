/** A token of an issuer or tenant that this server has no reason to trust. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { entryOf } from '../../table.ts'
import { gradeOfAccepted } from '../../token/acceptance.ts'
import { issuerFlaw, nonePublished, notePublished } from '../../token/issuer.ts'

const T1 = '11111111-aaaa-4aaa-8aaa-111111111111'
const T2 = '22222222-bbbb-4bbb-8bbb-222222222222'
const [v1, v2] = [`https://sts.windows.net/${T1}/`, `https://login.microsoftonline.com/${T1}/v2.0`]
type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const of = (iss: string, more: Fields = {}) =>
  sample('auth.token.validated', {
    iss,
    tid: '',
    ver: '',
    client: 'ide',
    principal: 'alice',
    decision: 'allow',
    flags: [],
    ...more,
  })
const names = (metadataKind: 'protected_resource' | 'authorization_server', ...authorizationServers: string[]) =>
  sample('auth.metadata.published', { metadataKind, authorizationServers })
const LOGIN = 'https://login.example.com'
const IDP = 'https://idp.example.com'
const trusts = { issuers: { 'mcp.example.com': [IDP] } }
const everywhere = { issuers: { '*': [`https://login.microsoftonline.com/common/v2.0`] } }

export default defineRule({
  id: 'tok-004-untrusted-issuer',
  version: 1,
  title: 'Token of an untrusted issuer or tenant',
  severity: { allowed: 'critical', denied: 'low' },
  why: 'Who can choose the issuer of a token can choose who the caller is: a server must take tokens of its own issuers alone.',
  falsePositives: [
    'Applications for several tenants: list the tenants, or `*`. Guests have the tenant of the resource, whatever identity provider they come from.',
    'Both forms of one Entra tenant are one issuer; `common` in a list stands for all tenants.',
    'Servers that are an authorization server themselves and hand on the tokens of another are judged only by configured issuers.',
  ],
  blindSpots: [
    'Opaque tokens name no issuer. Without issuers configured or published here only contradictions inside Entra tokens are seen.',
    'A proxy that did not verify the token cannot know whether the server looked at it: medium.',
  ],
  triage: [
    'Who runs the issuer that was named, and did its token open anything?',
    'Make the verifier compare `iss` (and `tid`) with a fixed list before it fetches any key.',
  ],
  refs: ['MCP07:2025', 'T1606', 'RFC 9207'],
  requires: {
    'auth.token.validated': ['iss', 'tid', 'ver', 'client', 'principal', 'flags'],
    'auth.metadata.published': ['metadataKind', 'authorizationServers'],
  },
  occasional: ['auth.metadata.published', 'tid', 'ver', 'flags', 'authorizationServers'],
  config: z.object({
    issuers: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Issuers of a server by its id, `*` for all others; without any, those its metadata names.'),
    tenants: z.array(z.string()).default([]).describe('Entra tenants that may call; empty or `*` for any.'),
  }),
  per: 'server',
  about: 'grant',
  ttl: days(400),
  cell: nonePublished,
  on: {
    'auth.metadata.published': (e, cell) => notePublished(e, cell),
    'auth.token.validated'(e, cell, { issuers, tenants }) {
      const trust = { issuers: entryOf(issuers, e.server) ?? entryOf(issuers, '*') ?? [], tenants }
      const flaw = issuerFlaw(e, trust, cell)
      if (flaw === undefined || e.decision === 'error') return
      const severity = gradeOfAccepted(e, flaw.isByMetadata ? 'high' : 'critical') ?? 'low'
      return { severity, saw: flaw.what, expected: flaw.expected, evidence: { issuer: e.iss, tenant: e.tid } }
    },
  },
  examples: {
    match: [
      graded('critical', exampleWith({ tenants: [T1] }, 'an unknown tenant', of(v2.replace(T1, T2), { tid: T2 }))),
      graded('critical', exampleWith({ tenants: [T1] }, 'told by the issuer alone', of(v2.replace(T1, T2)))),
      graded('critical', exampleWith(trusts, 'an unknown issuer', of('https://evil.example'))),
      graded(
        'low',
        exampleWith(trusts, 'refused', of('https://evil.example', { decision: 'deny', client: '', principal: '' })),
      ),
      graded(
        'medium',
        exampleWith(trusts, 'seen by a proxy', of('https://evil.example', { flags: ['claims_unverified'] })),
      ),
      graded(
        'high',
        example('not among the published ones', names('protected_resource', IDP), of('https://evil.example')),
      ),
      exampleWith(trusts, 'with a tenant and a version', of('https://evil.example', { tid: T1, ver: '1.0' })),
      exampleWith({ tenants: [T1] }, 'another tenant, at another issuer', of(IDP, { tid: T2 })),
      exampleWith(trusts, 'Entra, where another is trusted', of(v2)),
      example('a published name', names('protected_resource', 'x'.repeat(256)), of(IDP)),
      exampleWith(trusts, 'another path', of(`${IDP}/%zz`)),
      exampleWith(trusts, 'another scheme', of('http://idp.example.com')),
      exampleWith(trusts, 'no URL', of('idp')),
      exampleWith({ issuers: { '*': [v2] } }, 'another tenant', of(v2.replace(T1, T2))),
      exampleWith(everywhere, 'no Entra token', of(IDP)),
      example('the tenant contradicts the issuer', of(v2, { tid: T2, ver: '2.0' })),
      example('version 2.0 in a token of version 1.0', of(v1, { tid: T1, ver: '2.0' })),
      example('version 1.0 in a token of version 2.0', of(v2, { ver: '1.0' })),
      example('the ninth published is not kept', names('protected_resource', ...'abcdefgh', IDP), of(IDP)),
    ],
    noMatch: [
      exampleWith({ issuers: { '*': [LOGIN] } }, 'a login of somebody else', of(LOGIN, { tid: T1, ver: '1.0' })),
      example('a published name that is too long', names('protected_resource', 'x'.repeat(257)), of(IDP)),
      exampleWith(trusts, 'a guest of another tenant', of(`${IDP}/`, { tid: T2 })),
      exampleWith(trusts, 'another case of the host', of('https://IDP.example.com')),
      exampleWith(trusts, 'no issuer', of('')),
      exampleWith(trusts, 'the verifier broke down', of('https://evil.example', { decision: 'error' })),
      exampleWith({ issuers: { other: [IDP] } }, 'issuers of another server', of('https://evil.example')),
      exampleWith(everywhere, 'any tenant', of(v1, { tid: T1.toUpperCase(), ver: '1.0' })),
      exampleWith({ tenants: ['*'] }, 'any tenant is allowed', of(v2, { tid: T1 })),
      exampleWith({ issuers: { '*': ['idp'] } }, 'a name that is no URL', of('idp')),
      exampleWith(
        { issuers: { '*': ['https://login.microsoftonline.com/{tenantid}/v2.0/'] } },
        'any tenant, as a pattern',
        of(v2),
      ),
      exampleWith({ tenants: [T2, T1.toUpperCase()] }, 'its own tenant', of(v2, { tid: T1 })),
      exampleWith({ tenants: [T1] }, 'a token without tenant', of(IDP)),
      exampleWith({ issuers: { '*': ['x', IDP] } }, 'the second that is listed', of(IDP)),
      example('both forms of one tenant', names('protected_resource', v2), of(v1, { ver: '1.0' })),
      example('published', names('protected_resource', 'a', IDP), of(IDP), of(`${IDP}/`)),
      example('the eighth published', names('protected_resource', ...'abcdefg', IDP), of(IDP)),
      example('nothing is known', of(IDP)),
      example(
        'an authorization server itself',
        names('authorization_server'),
        names('protected_resource', 'https://mcp.example.com'),
        of(IDP),
      ),
      exampleWith(
        { issuers: { 'mcp.example.com': [IDP] } },
        'configured, not published',
        names('protected_resource', 'x'),
        of(IDP),
      ),
    ],
  },
})
