/** A key that never ends has been in use for a quarter of a year. */
import { z } from 'zod'
import { days, defineRule, NEVER } from '../../rule.ts'
import { example, exampleWith, graded, idOf, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'
import { isDeclared, isStatic } from '../../token/static-credential.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
/** Seconds since 1970, so many days before the example. */
const ago = (n: number): number => SAMPLE_EPOCH_MS / 1_000 - n * 86_400
const key = (day: number, more: Fields = {}) => {
  const { expAt, ...fields } = {
    ts: days(day),
    tokenFp: 'one',
    tokenKind: 'opaque',
    issuedAt: 0,
    expAt: -1,
    principal: 'alice',
    client: 'ide',
    decision: 'allow',
    ...more,
  } as const
  return sample('auth.token.validated', expAt === -1 ? fields : { ...fields, expAt })
}
const MS = 1 / days(1)

export default defineRule({
  id: 'tok-014-old-key',
  version: 1,
  title: 'Static key is not rotated',
  severity: 'medium',
  why: 'The longer a key is in use, the more copies of it there are, and the less anybody remembers who has one.',
  falsePositives: [
    'A key that policy lets live longer: raise the limit, or tag its principal or client `rotation_exempt`.',
  ],
  blindSpots: [
    'Keys whose time of issue is not told are as old as their first use that was seen here; after a hundred days without use that is forgotten.',
    'Keys that are renewed with the same value.',
  ],
  triage: [
    'Who owns the key? Replace it by tokens that end, or rotate it.',
    'Where does it stand: in files, pipelines, tickets?',
  ],
  refs: ['MCP07:2025', 'MCP02:2025', 'T1078'],
  asksInventory: true,
  requires: { 'auth.token.validated': ['tokenFp', 'tokenKind', 'issuedAt', 'expAt', 'principal', 'client'] },
  occasional: ['issuedAt', 'expAt'],
  config: z.object({
    maxAgeMs: z.int().min(1).default(days(90)).describe('Age at which a key has to be replaced, milliseconds.'),
    exemptTags: z.array(z.string()).default(['rotation_exempt']).describe('Tags of principals and clients.'),
  }),
  per: 'token',
  about: 'grant',
  ttl: days(100),
  // Once a week is enough to remember it.
  cooldown: days(7),
  cell: () => ({ firstMs: NEVER }),
  where: (e) => e.decision === 'allow' && isStatic(e, days(1)),
  on: {
    'auth.token.validated'(e, cell, { maxAgeMs, exemptTags }) {
      cell.firstMs ||= e.ts
      const ageMs = e.ts - (e.issuedAt > 0 ? e.issuedAt * 1_000 : cell.firstMs)
      if (ageMs <= maxAgeMs || isDeclared(e, exemptTags)) return
      const saw = `a key in use for ${Math.floor(ageMs / days(1))} days`
      return { saw, expected: `at most ${maxAgeMs / days(1)} days`, evidence: { ageMs } }
    },
  },
  examples: {
    match: [
      example('in use for ninety days and a moment', key(0), key(90 + MS)),
      example('in use now and then', key(0), key(50), key(91)),
      example('issued that long ago', key(0, { issuedAt: ago(91), tokenKind: 'jwt' })),
      example('a token for a year', key(0, { issuedAt: ago(91), expAt: ago(-300), tokenKind: 'jwt' })),
      example('a token for a day and a half', key(0, { issuedAt: ago(91), expAt: ago(89.5), tokenKind: 'jwt' })),
      exampleWith({ maxAgeMs: days(1) }, 'a stricter policy', key(0), key(2)),
      graded('medium', example('unused for a hundred days', key(0), key(100))),
    ],
    noMatch: [
      example('ninety days', key(0), key(90)),
      example('issued ninety days ago', key(0, { issuedAt: ago(90), tokenKind: 'jwt' })),
      example(
        'a token that ends soon',
        key(0, { issuedAt: ago(0.5), expAt: ago(-0.5) }),
        key(91, { issuedAt: ago(-90.5), expAt: ago(-91.5) }),
      ),
      example('a token for half a day', key(0, { issuedAt: ago(91), expAt: ago(90.5), tokenKind: 'jwt' })),
      example('its end is known', key(0, { expAt: ago(-100) }), key(91, { expAt: ago(-100) })),
      example('refused', key(0, { decision: 'deny' }), key(91, { decision: 'deny' })),
      example('forgotten', key(0), key(100 + MS)),
      example('another key', key(0), key(91, { tokenFp: 'two' })),
      example(
        'exempt',
        sample('inventory.snapshot', { inventoryKind: 'clients', tags: ['cron=rotation_exempt'] }),
        key(0, { client: 'cron' }),
        key(91, { client: 'cron' }),
      ),
      example(
        'its owner is exempt',
        sample('inventory.snapshot', { inventoryKind: 'principals', tags: [`${idOf('bob')}=rotation_exempt`] }),
        key(0, { principal: 'bob' }),
        key(91, { principal: 'bob' }),
      ),
    ],
  },
})
