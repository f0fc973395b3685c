/** A client gets past the consent of the person it acts for: the confused deputy. */
import { z } from 'zod'
import { judgeConsent, judgePassage, noConsent, noteRegistered } from '../../oauth/consent.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Registered = NonNullable<Parameters<typeof sample<'oauth.client_registered'>>[1]>
const registers = (more: Registered = {}) =>
  sample('oauth.client_registered', { client: 'new', registrationKind: 'dcr', decision: 'allow', ...more })
type Consent = NonNullable<Parameters<typeof sample<'oauth.consent'>>[1]>
const agrees = (client: string, more: Consent = {}) =>
  sample('oauth.consent', { client, granted: true, cookieBound: true, beforeConsent: false, ...more })
type Upstream = NonNullable<Parameters<typeof sample<'oauth.upstream_redirect'>>[1]>
const goesOn = (consentState: Upstream['consentState'] & string, more: Upstream = {}) =>
  sample('oauth.upstream_redirect', { client: 'new', consentState, ...more })
type Token = NonNullable<Parameters<typeof sample<'oauth.token'>>[1]>
const token = (more: Token = {}) =>
  sample('oauth.token', { client: 'new', grantType: 'authorization_code', decision: 'allow', ...more })
const told = agrees('other')
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'clients', tags: [`new=${tag}`] })

export default defineRule({
  id: 'oau-001-consent-bypass',
  version: 1,
  title: 'Client without the consent of its user',
  severity: { allowed: 'critical', denied: 'low' },
  why: 'A proxy has one client id at the real authorization server, which remembers that the user agreed to it: without a consent of its own, any client that registers gets tokens of anybody who follows a link.',
  falsePositives: [
    'A consent that was stored for the client: silent, however long ago within a year.',
    'Clients that an administrator registered, lists here, or tags `first-party`.',
    'Grants under a policy of the identity provider (ID-JAG) have no consent: only authorization codes count.',
  ],
  blindSpots: [
    'Consent of one person counts for the client as a whole: who is logged in is not told by these events.',
    'Servers that tell no consents, until they tell the first; clients that registered before the audit.',
    'How fast a code follows on a request says nothing where a consent may be stored.',
    'Consent pages of an external authorization server.',
  ],
  triage: [
    'Who registered the client, and where do its codes go?',
    'Whose tokens did it get? Revoke them.',
    'Ask for consent for each client before the way upstream, and bind its cookie to the client id.',
  ],
  refs: ['MCP07:2025', 'T1528', 'T1550'],
  asksInventory: true,
  requires: {
    'oauth.upstream_redirect': ['client', 'consentState'],
    'oauth.consent': ['client', 'granted', 'cookieBound', 'beforeConsent'],
    'oauth.token': ['client', 'grantType'],
    'oauth.client_registered': ['client', 'registrationKind'],
  },
  occasional: ['oauth.client_registered', 'oauth.upstream_redirect', 'cookieBound', 'beforeConsent', 'consentState'],
  producerGaps: { 'oauth.consent': 'comes where the consent page calls auditConsent' },
  config: z.object({
    exempt: z.array(z.string()).default([]).describe('Clients that need no consent.'),
    exemptTags: z.array(z.string()).default(['first-party']).describe('Tags of clients that need no consent.'),
  }),
  per: 'client',
  ttl: days(365),
  cooldown: days(1),
  cell: noConsent,
  beside: {
    server: {
      per: 'server',
      cell: (): { tells: boolean } => ({ tells: false }),
      on: {
        'oauth.consent'(_, server) {
          server.tells = true
        },
      },
    },
  },
  on: {
    'oauth.client_registered': noteRegistered,
    'oauth.consent': judgeConsent,
    'oauth.upstream_redirect': (e, client, config, { server }) =>
      judgePassage(e, e.consentState, 'on to the upstream server', client, server, config),
    'oauth.token'(e, client, config, { server }) {
      if (e.grantType === 'authorization_code' && e.decision === 'allow')
        return judgePassage(e, '', 'a token', client, server, config)
    },
  },
  examples: {
    match: [
      graded('critical', example('a new client, no consent, upstream', told, registers(), goesOn('unknown'))),
      graded('critical', example('a new client, no consent, a token', told, registers(), token())),
      graded('critical', example('the consent page was skipped', goesOn('skipped'))),
      graded('critical', example('there is none', goesOn('none'))),
      graded('critical', example('it was required', agrees('new'), goesOn('required'))),
      graded(
        'critical',
        example('the person refused', registers(), agrees('new', { granted: false }), goesOn('unknown')),
      ),
      graded('critical', example('state set before', agrees('new', { beforeConsent: true, granted: false }))),
      graded('high', example('a cookie for every client', agrees('new', { cookieBound: false }))),
      graded('critical', example('of another kind', tagged('third-party'), told, registers(), token())),
    ],
    noMatch: [
      example('agreed last week', registers(), agrees('new'), goesOn('unknown', { ts: days(7) }), token()),
      example('it is said to be agreed', told, registers(), goesOn('granted')),
      example('skipped, because it is stored', agrees('new'), goesOn('skipped'), goesOn('none')),
      example('it registered before the audit', told, goesOn('unknown'), token()),
      example('its registration was refused', told, registers({ decision: 'deny' }), goesOn('unknown')),
      example('the server tells no consents', registers(), goesOn('unknown'), token()),
      example('by an administrator', told, registers({ registrationKind: 'prereg' }), goesOn('none'), token()),
      example('tagged', tagged('first-party'), told, registers(), goesOn('required')),
      example('a policy instead of consent', told, registers(), token({ grantType: 'jwt-bearer' })),
      example('no token', told, registers(), token({ decision: 'deny' })),
      example('nothing is said of the cookie', agrees('new', { cookieBound: undefined as never })),
      example('not bound, and refused', agrees('new', { granted: false, cookieBound: false })),
      example(
        'another client',
        told,
        registers({ client: 'x' }),
        agrees('x'),
        token({ client: 'x' }),
        goesOn('unknown', { client: 'y' }),
      ),
      exampleWith({ exempt: ['new'] }, 'as configured', told, registers(), goesOn('none')),
    ],
  },
})
