/** A token made for another service is presented here. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { entryOf } from '../../table.ts'
import { isAnySame } from '../../token/audience.ts'

const OURS = 'https://mcp.example.com'
const who = {
  principal: 'alice',
  client: 'ide',
  expectedAud: [OURS],
  tokenKind: 'jwt',
  hop: 'direct',
  decision: 'allow',
} as const
const token = (fields: Parameters<typeof sample<'auth.token.validated'>>[1]) =>
  sample('auth.token.validated', { ...who, ...fields })
const graph = ['https://graph.microsoft.com']
const guid = '6731DE76-14A6-49AE-97BC-6EBA6914391E'

export default defineRule({
  id: 'tok-001-audience-mismatch',
  version: 1,
  title: 'Token audience mismatch',
  severity: { allowed: 'critical', denied: 'low' },
  why: 'A server that accepts a token issued for another service lets that service, or a thief of its tokens, act here.',
  falsePositives: [
    'Entra v1 and v2 name the same API by GUID and by URI: list both as audiences of the server.',
    'Behind a gateway that validates tokens the audience is the gateway’s: list it as a gateway audience.',
  ],
  blindSpots: [
    'A server that does not say its audiences, and has none configured here, cannot be judged.',
    'An opaque token that the server does not introspect shows no audience: it matches as a token without one.',
  ],
  triage: [
    'Who issued the token, and for which service?',
    'List what this principal and client called with it; if the server allowed it, treat the calls as unauthorized.',
    'Make the server compare the audience (RFC 8707, RFC 9068) before anything else.',
  ],
  refs: ['MCP07:2025', 'MCP01:2025', 'T1550.001', 'AML.T0091.000', 'RFC 8707'],
  per: 'grant',
  requires: {
    'auth.token.validated': ['aud', 'expectedAud', 'resource', 'tokenKind', 'hop', 'client', 'principal'],
    'server.started': ['audienceCheck', 'authRequired'],
  },
  occasional: ['server.started', 'resource', 'audienceCheck', 'authRequired', 'hop'],
  config: z.object({
    audiences: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Audiences of a server by its id, beside those it says itself.'),
    gatewayAudiences: z.array(z.string()).default([]).describe('Audiences that only a gateway in front may accept.'),
    flagSeveral: z
      .boolean()
      .default(false)
      .describe('Report as info a token for several services, also when this server is one of them.'),
  }),
  check: {
    'auth.token.validated'(e, config) {
      if (e.tokenKind === 'none') return
      // A resource indicator binds a token where no audience is told.
      const bound = e.aud.length > 0 ? e.aud : e.resource
      if (!config.flagSeveral && isAnySame(bound, e.expectedAud)) return
      const own = [...e.expectedAud, ...(entryOf(config.audiences, e.server) ?? [])]
      const ours = e.hop === 'gateway' ? [...own, ...config.gatewayAudiences] : own
      if (ours.length === 0) return
      // Refused and unreadable: an expired or broken token, not one for somebody else.
      if (bound.length === 0 && (wasRefused(e) || e.decision === 'error')) return
      if (isAnySame(bound, ours)) {
        if (!config.flagSeveral || e.aud.length < 2) return
        return {
          severity: 'info',
          saw: `a token for ${e.aud.length} services: ${e.aud.join(' ')}`,
          expected: ours.join(' or '),
        }
      }
      return {
        saw: bound.join(' ') || 'no audience',
        expected: ours.join(' or '),
        evidence: { audiences: e.aud, resources: e.resource, hop: e.hop },
      }
    },
    'server.started'(e) {
      if (!e.authRequired || e.audienceCheck || !e.says('audienceCheck')) return
      return { severity: 'medium', saw: 'a server that does not check audiences', expected: 'audience check on' }
    },
  },
  examples: {
    match: [
      example('a Graph token is accepted by an HR server', token({ aud: graph, expectedAud: ['api://hr-mcp'] })),
      example('the same is refused: a probe', token({ aud: graph, decision: 'deny', principal: '', client: '' })),
      example('a token without audience is accepted', token({ aud: [] })),
      example(
        'an opaque token bound to another resource',
        token({ tokenKind: 'opaque', resource: ['https://other.example.com'] }),
      ),
      exampleWith(
        { gatewayAudiences: ['api://gateway'] },
        'a gateway’s audience without the gateway',
        token({ aud: ['api://gateway'] }),
      ),
      exampleWith(
        { flagSeveral: true },
        'a token for several services, when asked for',
        token({ aud: [OURS, ...graph] }),
      ),
      example(
        'a server says that it checks no audience',
        sample('server.started', { authRequired: true, audienceCheck: false }),
      ),
    ],
    noMatch: [
      example('host case and one trailing slash do not matter', token({ aud: ['https://MCP.example.com/'] })),
      example('a GUID in another case', token({ aud: [guid], expectedAud: [guid.toLowerCase()] })),
      example('one of several audiences is ours', token({ aud: [...graph, `${OURS}/`] })),
      example('the server does not say its audiences', token({ aud: graph, expectedAud: [] })),
      exampleWith({ flagSeveral: true }, 'a token for one service', token({ aud: [OURS] })),
      example('the resource is ours', token({ tokenKind: 'opaque', resource: [OURS] })),
      exampleWith(
        { audiences: { 'mcp.example.com': ['api://hr'] } },
        'the URI of an Entra v1 token is listed',
        token({ aud: ['api://hr', ...graph] }),
      ),
      exampleWith(
        { gatewayAudiences: ['api://gateway'] },
        'through the gateway',
        token({ aud: ['api://gateway'], hop: 'gateway' }),
      ),
      example(
        'a broken token is refused',
        token({ tokenKind: 'opaque', decision: 'deny' }),
        token({ tokenKind: 'opaque', decision: 'error' }),
        token({ tokenKind: 'none' }),
      ),
      example('the server says nothing of its audience check', sample('server.started', { authRequired: true })),
      example(
        'no check where no token is needed',
        sample('server.started', { authRequired: false, audienceCheck: false }),
      ),
      example('the check is on', sample('server.started', { authRequired: true, audienceCheck: true })),
    ],
  },
})
