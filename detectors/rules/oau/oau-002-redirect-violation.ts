/** An answer of the authorization server goes, or is to go, where the client is not registered. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { judgeRedirect, judgeRegistration } from '../../oauth/redirects.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Asked = NonNullable<Parameters<typeof sample<'oauth.authorize'>>[1]>
const asks = (redirectMatch: Asked['redirectMatch'] & string, more: Asked = {}) =>
  sample('oauth.authorize', {
    client: 'app',
    redirectMatch,
    redirectHost: 'attacker.example',
    decision: 'allow',
    ...more,
  })
type Registered = NonNullable<Parameters<typeof sample<'oauth.client_registered'>>[1]>
const registers = (redirectSchemes: string[], redirectHosts: string[], more: Registered = {}) =>
  sample('oauth.client_registered', { client: 'app', decision: 'allow', redirectSchemes, redirectHosts, ...more })
type Fetched = NonNullable<Parameters<typeof sample<'oauth.cimd_fetched'>>[1]>
const fetched = (redirectSchemes: string[], redirectHosts: string[], more: Fetched = {}) =>
  sample('oauth.cimd_fetched', { client: 'app', decision: 'allow', redirectSchemes, redirectHosts, ...more })
const declared = ['client', 'redirectSchemes', 'redirectHosts', 'applicationType'] as const
const here = ['localhost:51734', '127.0.0.1:9001', '[::1]:9', '127.0.0.1', 'localhost']
const port = { redirectHost: '127.0.0.1:51734' }

export default defineRule({
  id: 'oau-002-redirect-violation',
  version: 1,
  title: 'Redirect outside of what is registered',
  severity: { allowed: 'critical', denied: 'medium' },
  why: 'Whoever gets the answer of the authorization server gets the code in it: redirects are compared character for character with what the client registered.',
  falsePositives: [
    'Another port on loopback is allowed to native clients (RFC 8252); only a client that says it is a web application is reported.',
    'Schemes of their own, such as that of an editor, are how native clients are called back.',
    'A developer who mistypes an address is refused: medium, and a probe as far as can be seen.',
  ],
  blindSpots: [
    'Clients that register nothing with this server: what a proxy compares, and where, is not seen.',
    'A registration that is changed in the store of the server: a redirect is then exact.',
    'Whose host belongs to which scheme, where a client registers several schemes.',
  ],
  triage: [
    'Whose is the host? Was a code issued for it, and redeemed (oau-005)?',
    'How did the client come to be registered (oau-006, oau-007)?',
    'Compare redirects exactly, and refuse http and wildcards at registration.',
  ],
  refs: ['MCP07:2025', 'T1528', 'RFC 8252', 'RFC 9700'],
  requires: {
    'oauth.authorize': ['client', 'redirectMatch', 'redirectHost'],
    'oauth.client_registered': [...declared, 'wildcardRedirect'],
    'oauth.cimd_fetched': declared,
  },
  occasional: ['oauth.client_registered', 'oauth.cimd_fetched', 'applicationType', 'wildcardRedirect', 'redirectHosts'],
  config: z.object({
    hosts: z.array(z.string()).default([]).describe('Hosts that redirects may go to without registration.'),
  }),
  per: 'client',
  ttl: days(90),
  cell: (): { isWeb: boolean } => ({ isWeb: false }),
  on: {
    'oauth.authorize'(e, { isWeb }, { hosts }) {
      if (!hosts.includes(e.redirectHost)) return judgeRedirect(e, wasRefused(e), isWeb)
    },
    'oauth.client_registered'(e, client) {
      client.isWeb = e.applicationType === 'web'
      return judgeRegistration(e, wasRefused(e))
    },
    'oauth.cimd_fetched'(e, client) {
      client.isWeb = e.applicationType === 'web'
      return judgeRegistration(e, wasRefused(e))
    },
  },
  examples: {
    match: [
      graded('critical', example('an attacker’s host is accepted', asks('mismatch'))),
      graded('medium', example('the same is refused', asks('mismatch', { decision: 'deny' }))),
      graded('high', example('a client that registered none', asks('unregistered', { redirectHost: '' }))),
      graded('medium', example('and is refused', asks('unregistered', { decision: 'deny' }))),
      graded(
        'medium',
        example(
          'another port for a web client',
          registers(['http'], here, { applicationType: 'web' }),
          asks('loopback_port', port),
        ),
      ),
      graded(
        'medium',
        example('by its document', fetched(['http'], here, { applicationType: 'web' }), asks('loopback_port', port)),
      ),
      graded('high', example('plain http', registers(['http'], ['localhost:1', 'app.example']))),
      graded('high', example('in a document', fetched(['http'], ['app.example']))),
      graded('high', example('a name that begins like loopback', registers(['http'], ['localhost.attacker.example']))),
      graded('high', example('an address that does', registers(['http'], ['127.0.0.1.attacker.example']))),
      graded('high', example('a wildcard', registers(['https'], ['app.example'], { wildcardRedirect: true }))),
      ...['javascript', 'data', 'file', 'vbscript', 'blob'].map((scheme) =>
        graded('critical', example(`to ${scheme}`, registers(['https', scheme], []))),
      ),
      graded('medium', example('to a script, refused', registers(['javascript'], [], { decision: 'deny' }))),
    ],
    noMatch: [
      example('another port on loopback', registers(['http'], here), asks('loopback_port', port)),
      example('said to be native', fetched(['http'], here, { applicationType: 'native' }), asks('loopback_port', port)),
      example(
        'no longer a web client',
        registers([], [], { applicationType: 'web' }),
        fetched([], []),
        asks('loopback_port'),
      ),
      example(
        'refused for a web client',
        registers([], [], { applicationType: 'web' }),
        asks('loopback_port', { decision: 'deny' }),
      ),
      example('exact, of a web client', registers([], [], { applicationType: 'web' }), asks('exact')),
      example('http beside another', registers(['http', 'editor'], ['callback'])),
      example('exact', asks('exact', { redirectHost: 'app.example', client: 'app2' }), asks('unknown')),
      example('https', registers(['https'], ['app.example'], { wildcardRedirect: false, client: 'app2' })),
      example(
        'a scheme of its own',
        registers(['editor'], ['callback']),
        fetched(['editor', 'http'], ['callback'], { client: 'x' }),
      ),
      example(
        'refused at registration',
        registers(['http'], ['app.example'], { decision: 'deny', wildcardRedirect: true }),
      ),
      exampleWith({ hosts: ['attacker.example'] }, 'as configured', asks('mismatch')),
    ],
  },
})
