/** A token that was revoked is still accepted. */
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, graded, idOf, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'
import { noteRevoked, noteUseOf, notRevoked, revocationOptions } from '../../token/revocation.ts'

/** Seconds since 1970 at a minute of the example. */
const at = (minute: number): number => SAMPLE_EPOCH_MS / 1_000 + 60 * minute
type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const use = (minute: number, fields: Fields = {}) =>
  sample('auth.token.validated', {
    ts: minutes(minute),
    tokenFp: 'one',
    issuedAt: at(-10),
    decision: 'allow',
    flags: [],
    ...fields,
  })
const revoked = (minute: number, reason = '', subject = 'one') =>
  sample('identity.revoked', {
    server: '*',
    ts: minutes(minute),
    subjectKind: 'token',
    subjectKey: idOf(subject),
    revokedAt: at(minute),
    reason,
  })
const MINUTE_MS = 1 / 60_000

export default defineRule({
  id: 'tok-013-revoked-token',
  version: 1,
  title: 'Revoked token accepted',
  severity: 'high',
  why: 'A token is revoked because it was given back or got lost; a server that still takes it lets the finder in.',
  falsePositives: [
    'A revocation takes time to reach every server: five minutes are allowed. Servers that verify tokens by themselves know of it only when the token ends: give them their own grace.',
    'A client that gives its token back while its last request is under way: that is within the grace.',
  ],
  blindSpots: [
    'Revocations that nobody feeds in (CAEP or SET, Graph, an admin interface), and those before the time the state is kept.',
    'Servers that do not tell of tokens.',
  ],
  triage: [
    'Who uses it now, and from where? Compare with the owner’s address.',
    'Ask the server why it accepted: a cache, no introspection, or a feed that it does not read?',
  ],
  refs: ['MCP01:2025', 'MCP07:2025', 'T1078.004'],
  requires: {
    'identity.revoked': ['tokenFp', 'revokedAt', 'reason'],
    'auth.token.validated': ['tokenFp', 'issuedAt', 'flags'],
  },
  occasional: ['identity.revoked', 'flags', 'reason'],
  producerGaps: {
    'identity.revoked': 'comes from a feed that somebody ingests, or from a server with auditOAuthProvider',
  },
  config: revocationOptions,
  per: 'fleetToken',
  ttl: days(30),
  cell: notRevoked,
  where: (e) => e.type === 'identity.revoked' || e.decision === 'allow',
  on: {
    'identity.revoked': (e, cell, config) => noteRevoked(e, cell, config),
    'auth.token.validated': (e, cell, config) => noteUseOf(e, cell, config),
  },
  examples: {
    match: [
      graded('high', example('half an hour later', revoked(0), use(30))),
      example('a moment after the grace', revoked(0), use(5 + MINUTE_MS)),
      example('the revocation is fed in later', use(30), revoked(0)),
      example('an older use comes late', revoked(0), use(60), use(30)),
      example('it does not say when', sample('identity.revoked', { ...revoked(1).fields, revokedAt: 0 }), use(30)),
      example('revoked again', revoked(0), revoked(40, 'account-enabled'), revoked(50), use(60)),
      example('sessions ended, and one goes on', revoked(0, 'Sessions-revoked'), use(30, { issuedAt: at(0) })),
      graded('medium', example('as a proxy sees it', revoked(0), use(30, { flags: ['claims_unverified'] }))),
      exampleWith({ graceMs: 0 }, 'without grace', revoked(0), use(MINUTE_MS)),
      exampleWith({ serverGraceMs: { other: minutes(60) } }, 'the grace of another server', revoked(0), use(30)),
      example(
        'told by the server itself',
        sample('identity.revoked', { ...revoked(0).fields, server: 'idp' }),
        use(30),
      ),
    ],
    noMatch: [
      example('two minutes later', revoked(0), use(2)),
      example('when the grace is over', revoked(0), use(5)),
      example('before', use(0), revoked(1)),
      example('refused', revoked(0), use(30, { decision: 'deny' })),
      example('opened again', revoked(0), revoked(10, 'account-enabled'), use(30)),
      example('sessions ended, then a new login', revoked(0, 'credential-change'), use(30, { issuedAt: at(1) })),
      example('another one', revoked(0, '', 'two'), use(30)),
      exampleWith(
        { serverGraceMs: { 'mcp.example.com': minutes(60) } },
        'a server with a longer grace',
        revoked(0),
        use(30),
      ),
      example('opened at the same time', revoked(0), revoked(0, 'account-enabled'), use(30)),
      example('sessions ended within the grace', revoked(0, 'logout'), use(5)),
      example('nothing was revoked', use(30, { issuedAt: 0 })),
      example('the token is not told', revoked(0), use(30, { tokenFp: '' })),
      example('its owner', sample('identity.revoked', { ...revoked(0).fields, subjectKind: 'principal' }), use(30)),
    ],
  },
})
