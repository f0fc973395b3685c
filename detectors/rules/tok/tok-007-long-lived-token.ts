/** A token that lives for longer than policy allows, or for ever. */
import { z } from 'zod'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'

const NOW = SAMPLE_EPOCH_MS / 1_000
type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
/** Issued at the beginning of the example, for so many seconds. */
const lives = (seconds: number, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: 0,
    tokenFp: 'one',
    tokenKind: 'jwt',
    issuedAt: NOW,
    expAt: NOW + seconds,
    notBefore: NOW - 60,
    clientCapabilities: [],
    idtyp: 'user',
    principalKind: 'user',
    principal: 'alice',
    client: 'ide',
    scopes: ['files:read'],
    roles: [],
    decision: 'allow',
    ...more,
  })
const { expAt: _, ...endless } = lives(0).fields
const { issuedAt: __, ...unissued } = lives(86_400).fields
const app = { idtyp: 'app', principalKind: 'workload', roles: ['Files.Admin'] } as const
const DAY = 86_400

export default defineRule({
  id: 'tok-007-long-lived-token',
  version: 1,
  title: 'Token lives too long',
  severity: 'medium',
  why: 'What cannot be taken back soon is worth stealing: a token is good for whoever has it until it ends.',
  falsePositives: [
    'Entra tokens with continuous access evaluation (`cp1`) live up to 28 hours and can be ended early: they have a limit of their own.',
    'Personal access tokens and keys that policy allows: raise the limit, or suppress the grant.',
  ],
  blindSpots: ['Opaque tokens without introspection: when they end is not known.', 'Refresh tokens.'],
  triage: [
    'Which authorization server issued it? Shorten the lifetime there.',
    'Who uses it, and from where? See tok-008 and tok-014.',
  ],
  refs: ['MCP01:2025', 'T1528'],
  requires: {
    'auth.token.validated': [
      'tokenFp',
      'tokenKind',
      'issuedAt',
      'notBefore',
      'expAt',
      'clientCapabilities',
      'idtyp',
      'principalKind',
      'principal',
      'client',
      'scopes',
      'roles',
    ],
  },
  occasional: ['clientCapabilities', 'idtyp', 'notBefore', 'roles'],
  config: z.object({
    maxMs: z.int().min(1).default(hours(24)).describe('Longest life of a token, milliseconds.'),
    continuousMs: z
      .int()
      .min(1)
      .default(hours(29))
      .describe('The same with continuous access evaluation, milliseconds.'),
    appHighRiskMs: z
      .int()
      .min(1)
      .default(hours(1))
      .describe('The same for an application by itself with rights of high risk, milliseconds.'),
    highRisk: z
      .array(z.string())
      .default(['admin', 'owner', 'write_all', 'readwrite.all'])
      .describe('Parts of names of high-risk scopes and roles, in lower case; wildcards always are.'),
  }),
  per: 'token',
  about: 'grant',
  ttl: days(2),
  // Each use of it would say the same.
  cooldown: days(1),
  cell: () => ({}),
  where: (e) => e.decision === 'allow',
  on: {
    'auth.token.validated'(e, _cell, config) {
      if (!e.says('expAt')) {
        if (e.tokenKind !== 'jwt') return
        return { saw: 'a token that never ends', expected: `an end within ${config.maxMs / hours(1)} h` }
      }
      // What has no time of issue lives at least from now on.
      const fromMs = (e.issuedAt || e.notBefore) * 1_000 || e.ts
      const lifeMs = e.expAt * 1_000 - fromMs
      const isApp = e.idtyp === 'app' || e.principalKind === 'workload'
      const isHighRisk = (right: string): boolean =>
        right.endsWith('*') || config.highRisk.some((part) => right.toLowerCase().includes(part))
      const limitMs = e.clientCapabilities.includes('cp1')
        ? config.continuousMs
        : isApp && (e.scopes.some(isHighRisk) || e.roles.some(isHighRisk))
          ? config.appHighRiskMs
          : config.maxMs
      if (lifeMs <= limitMs) return
      return {
        saw: `a token that lives for ${Math.round(lifeMs / hours(1))} h`,
        expected: `at most ${limitMs / hours(1)} h`,
        evidence: { lifeMs, limitMs },
      }
    },
  },
  examples: {
    match: [
      example('thirty days', lives(30 * DAY)),
      example('a second too long', lives(DAY + 1)),
      example('no end', sample('auth.token.validated', endless)),
      example('longer than continuous evaluation explains', lives(29 * 3_600 + 1, { clientCapabilities: ['cp1'] })),
      example('an application with an admin role', lives(3_601, app)),
      example('with a wildcard', lives(3_601, { idtyp: 'app', scopes: ['files:*'] })),
      example('a workload by its kind', lives(3_601, { ...app, idtyp: '' })),
      example('by its beginning', sample('auth.token.validated', { ...unissued, expAt: NOW + DAY - 59 })),
      example('opaque, and still good for long', lives(DAY + 1, { tokenKind: 'opaque', issuedAt: 0, notBefore: 0 })),
      exampleWith({ maxMs: hours(1) }, 'a stricter policy', lives(3_601)),
      exampleWith({ highRisk: ['read'] }, 'read rights of high risk', lives(3_601, { idtyp: 'app' })),
    ],
    noMatch: [
      example('27 hours with continuous evaluation', lives(27 * 3_600, { clientCapabilities: ['cp1'] })),
      example('29 hours with it', lives(29 * 3_600, { clientCapabilities: ['cp1'] })),
      example('a day', lives(DAY, { tokenFp: 'two', client: 'cli', principal: 'bob' })),
      example('an application for an hour', lives(3_600, app)),
      example('an application without rights of high risk', lives(DAY, { idtyp: 'app', principalKind: 'workload' })),
      example('a person with an admin role', lives(DAY, { roles: ['Files.Admin'] })),
      example('opaque, for a day from now on', lives(DAY, { tokenKind: 'opaque', issuedAt: 0, notBefore: 0 })),
      example('refused', lives(30 * DAY, { decision: 'deny' })),
      example('opaque without an end', sample('auth.token.validated', { ...endless, tokenKind: 'opaque' })),
      example('by its beginning', sample('auth.token.validated', { ...unissued, expAt: NOW + DAY - 60 })),
    ],
  },
})
