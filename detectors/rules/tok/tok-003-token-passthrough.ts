/** A server sends the token of its caller on to another service. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { isOwnHost, namesHost, noPlaces, noteOwn, passedOn } from '../../token/own-places.ts'

const OURS = 'https://mcp.corp.example'
type Fields = Parameters<typeof sample<'outbound.request'>>[1]
const sends = (destinationHost: string, more: Fields = {}) =>
  sample('outbound.request', {
    destinationHost,
    credentialRelation: 'same_token',
    pathClass: 'api',
    ipClass: 'public',
    sentAud: [],
    redirectHosts: [],
    tool: 'list_issues',
    ...more,
  })
const known = (...expectedAud: string[]) => sample('auth.token.validated', { expectedAud })
const long = (chars: number) => `${OURS}/`.padEnd(chars, 'x')
const own = { credentialRelation: 'service_identity', sentAud: [OURS] } as const
const tagged = (name: string, tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'destinations', tags: [`${name}=${tag}`] })

export default defineRule({
  id: 'tok-003-token-passthrough',
  version: 1,
  title: 'Token passed through to another service',
  severity: 'critical',
  why: 'The service behind cannot tell the server from its caller, and whoever runs it can act as the caller here: the specification forbids it.',
  falsePositives: [
    'A sidecar, or another name of the same server: list its host, or tag the destination `self` or `sidecar`.',
    'Introspection, user info and revocation at the issuer are exempt by the class of their path.',
    'A token that names the service behind among its audiences is medium.',
  ],
  blindSpots: [
    'Requests of another process or sidecar, and clients that are not instrumented.',
    'A token inside a body, or encoded anew.',
    'What a sidecar on loopback does with the token: low.',
  ],
  triage: [
    'Which tool sent it, for whom, and to which host? List what that host was sent before.',
    'Have the token exchanged (RFC 8693) or use an identity of the server.',
    'Treat the token as known to the service behind: have it revoked if that service is not yours.',
  ],
  refs: ['MCP01:2025', 'MCP07:2025', 'T1550.001', 'AML.T0091', 'RFC 8693'],
  asksInventory: true,
  requires: {
    'outbound.request': [
      'destinationHost',
      'credentialRelation',
      'pathClass',
      'ipClass',
      'sentAud',
      'redirectHosts',
      'tool',
    ],
    'auth.token.validated': ['expectedAud'],
  },
  occasional: ['sentAud', 'redirectHosts', 'tool'],
  config: z.object({
    ownHosts: z.array(z.string()).default([]).describe('Hosts that are part of the server, such as a sidecar.'),
    exemptPaths: z
      .array(z.string())
      .default(['introspect', 'revoke', 'userinfo'])
      .describe('Classes of paths a token may be sent to.'),
    exemptTags: z.array(z.string()).default(['self', 'sidecar']).describe('Tags of destinations that are part of it.'),
  }),
  per: 'server',
  about: 'tool',
  ttl: days(30),
  cell: noPlaces,
  on: {
    'auth.token.validated': (e, cell) => noteOwn(e, cell),
    'outbound.request'(e, cell, config) {
      const passed = passedOn(e, cell, config)
      if (passed === '') return
      const isOwn = isOwnHost(e, e.destinationHost, cell, config)
      const led = e.redirectHosts.filter((host) => !isOwnHost(e, host, cell, config))
      if (isOwn && led.length === 0) return
      const isNear = e.ipClass === 'loopback' || (passed === 'ours' && e.ipClass !== 'public')
      const isMeant = namesHost(e.sentAud, e.destinationHost)
      return {
        // Whether a client keeps the credential on the way to another host is not known, nor what a sidecar does with it.
        severity: isOwn || isNear ? 'low' : isMeant ? 'medium' : passed === 'same' ? 'critical' : 'high',
        saw: `${passed === 'same' ? 'the caller’s token' : 'a token for this server'} sent to ${isOwn ? led[0] : e.destinationHost}`,
        expected: 'a token issued for that service, or an identity of the server',
        evidence: { audiences: e.sentAud, path: e.pathClass, address: e.ipClass },
      }
    },
  },
  examples: {
    match: [
      graded('critical', example('the token it was called with goes to GitHub', sends('api.github.com'))),
      graded('critical', example('to a service inside', sends('crm.corp.example', { ipClass: 'private' }))),
      graded('low', example('to a process on the same machine', sends('localhost', { ipClass: 'loopback' }))),
      graded(
        'medium',
        example('it is meant there too', sends('api.corp.example', { sentAud: [OURS, 'https://api.corp.example'] })),
      ),
      graded(
        'high',
        example(
          'another token that is for this server',
          known(OURS),
          sends('api.github.com', { ...own, tool: 'sync' }),
        ),
      ),
      graded('low', example('inside the network', known(OURS), sends('crm', { ...own, ipClass: 'private' }))),
      graded(
        'low',
        example(
          'its own host sends it away',
          known(OURS),
          sends('mcp.corp.example', { redirectHosts: ['evil.example'] }),
        ),
      ),
      example('a name that is too long', known(long(257)), sends('mcp.corp.example')),
      example('its ninth name is not kept', known(...'abcdefgh'), known(OURS), sends('mcp.corp.example')),
      exampleWith({ exemptPaths: [] }, 'without exempt paths', sends('idp.example', { pathClass: 'introspect' })),
    ],
    noMatch: [
      example(
        'exchanged for another token first',
        known(OURS),
        sends('api.github.com', { credentialRelation: 'exchanged', sentAud: ['api'] }),
      ),
      example('its own identity', sends('api.github.com', { credentialRelation: 'service_identity' })),
      example('not known for this server', known('api://other'), sends('api.github.com', own)),
      example('no credential', sends('api.github.com', { credentialRelation: 'none' })),
      ...['introspect', 'revoke', 'userinfo'].map((pathClass) =>
        example(`to ${pathClass}`, sends('idp.example', { pathClass })),
      ),
      example('to itself', known(OURS), sends('mcp.corp.example', { redirectHosts: ['mcp.corp.example'] })),
      example('a long name', known(long(256)), sends('mcp.corp.example')),
      example('its eighth name', known(...'abcdefg', OURS), sends('mcp.corp.example')),
      example('to itself by its id', sends('mcp.example.com')),
      exampleWith({ ownHosts: ['localhost'] }, 'a sidecar that is listed', sends('localhost', { ipClass: 'loopback' })),
      example('a sidecar that is tagged', tagged('mesh.local', 'sidecar'), sends('mesh.local')),
      example('another name that is tagged', tagged('mesh.local', 'self'), sends('mesh.local')),
    ],
  },
})
