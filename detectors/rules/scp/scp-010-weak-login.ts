/** A sensitive tool is used with a login that is weaker or older than the policy asks for. */
import { z } from 'zod'
import { isTaggedSensitive } from '../../access/sensitive-tools.ts'
import { noWeakLogins, rememberWeak, weaknessOf } from '../../access/strong-login.ts'
import { isLately, never, noteLately } from '../../lately.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'

const who = { principal: 'alice', client: 'ide', request: 'r1' }
type Token = NonNullable<Parameters<typeof sample<'auth.token.validated'>>[1]>
const token = (more: Token) => sample('auth.token.validated', { ...who, ts: minutes(60), decision: 'allow', ...more })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const ran = (more: Result = {}) =>
  sample('tool.result', { ...who, ts: minutes(61), tool: 'wire', outcome: 'ok', ...more })
const tagged = sample('inventory.snapshot', { inventoryKind: 'tools', tags: ['wire=sensitive', 'list=public'] })
const v1 = { ver: '1.0', amr: ['pwd'] }
const loginAt = (at: number) => SAMPLE_EPOCH_MS / 1_000 + 60 * at
const C1 = { contexts: ['c1'] }
const GOLD = { acrValues: ['gold'] }
const HOUR = { maxAgeMs: hours(1) }

export default defineRule({
  id: 'scp-010-weak-login',
  version: 1,
  title: 'Privileged operation without strong authentication',
  severity: 'medium',
  why: 'A password alone, or a login of days ago, is what thieves have; sensitive tools should ask for more.',
  falsePositives: [
    'Absent claims are no violation: Entra v2 omits amr, and acrs only comes when the application is configured for it.',
    'Applications have no login and are left out.',
  ],
  blindSpots: [
    'Tokens without these claims: not observable; the sign-in log of the identity provider knows.',
    'Tools that nobody tagged sensitive, high_risk or crown_jewel in the inventory.',
    'No context, acr or age is asked for until it is configured.',
    'Calls that end more than an hour after the last weak login on the server.',
  ],
  triage: [
    'What did the tool do, and could a stolen password have done it?',
    'Does the policy of the identity provider ask for the context at this application?',
  ],
  refs: ['MCP07:2025', 'T1078.004'],
  requires: {
    'auth.token.validated': [
      ...(['principal', 'client', 'request', 'principalKind'] as const),
      ...(['acrs', 'acr', 'amr', 'authTime', 'ver', 'idtyp'] as const),
    ],
    'tool.result': ['principal', 'client', 'request', 'tool'],
  },
  asksInventory: true,
  config: z.object({
    contexts: z.array(z.string()).default([]).describe('Authentication contexts (acrs); one of them is needed.'),
    acrValues: z.array(z.string()).default([]).describe('Values of acr; one of them is needed.'),
    mfaMethods: z.array(z.string()).default(['mfa', 'ngcmfa']).describe('Values of amr that stand for two factors.'),
    maxAgeMs: z.int().default(0).describe('Longest time since the login, milliseconds; 0 for any.'),
    configuredClaims: z
      .array(z.enum(['acrs', 'acr', 'amr', 'authTime']))
      .default([])
      .describe('Claims that tokens here always carry: their absence then is a violation.'),
    sensitiveTools: z.array(z.string()).default([]).describe('Sensitive tools beside those of the inventory.'),
  }),
  per: 'grant',
  ttl: days(1),
  cooldown: hours(1),
  cell: noWeakLogins,
  beside: {
    weak: {
      per: 'server',
      cell: never,
      on: { 'auth.token.validated': (e, cell, config) => noteLately(weaknessOf(e, config) !== '', e.ts, cell) },
    },
  },
  // Where no login was weak of late, calls need no look.
  where: (e, { weak }) =>
    (e.type === 'auth.token.validated' ? e.decision === 'allow' : e.outcome === 'ok') && isLately(e.ts, weak, hours(1)),
  on: {
    'auth.token.validated'(e, cell, config) {
      const weakness = weaknessOf(e, config)
      if (weakness !== '') rememberWeak(e.request, weakness, cell)
    },
    'tool.result'(e, cell, config) {
      const reason = cell.reasons[cell.requests.indexOf(e.request)]
      if (reason === undefined) return
      if (!config.sensitiveTools.includes(e.tool) && !isTaggedSensitive(e, e.tool)) return
      return { saw: `${e.tool} with ${reason}`, expected: 'a login as the policy asks for' }
    },
  },
  examples: {
    match: [
      exampleWith(C1, 'the context is missing', tagged, token({ acrs: ['c2'] }), ran()),
      example('an hour after the login', tagged, token(v1), ran({ ts: minutes(120) })),
      exampleWith(GOLD, 'another acr', tagged, token({ acr: 'silver' }), ran()),
      example('a version 1 token with a password alone', tagged, token(v1), ran()),
      exampleWith(HOUR, 'a login more than an hour ago', tagged, token({ authTime: loginAt(0) - 1 }), ran()),
      exampleWith({ ...C1, configuredClaims: ['acrs'] }, 'a claim that should be there', tagged, token({}), ran()),
      exampleWith({ ...HOUR, configuredClaims: ['authTime'] }, 'no time of login', tagged, token({}), ran()),
      exampleWith({ sensitiveTools: ['export'] }, 'a tool that is configured', token(v1), ran({ tool: 'export' })),
    ],
    noMatch: [
      exampleWith(C1, 'the context is there', tagged, token({ acrs: ['c1', 'c2'] }), ran()),
      exampleWith(C1, 'no acrs claim: not observable', tagged, token({}), ran()),
      exampleWith(GOLD, 'the acr is there, or nothing is said', tagged, token({ acr: 'gold' }), token({}), ran()),
      exampleWith(
        HOUR,
        'a login an hour ago, or nothing is said',
        tagged,
        token({ authTime: loginAt(0) }),
        token({}),
        ran(),
      ),
      example(
        'two factors',
        tagged,
        token({ ...v1, request: 'r9' }),
        token({ ver: '1.0', amr: ['pwd', 'mfa'] }),
        ran(),
      ),
      example('nothing is asked for', tagged, token({ acrs: ['c2'], acr: '0', authTime: 1 }), ran()),
      example('version 2 has no amr', tagged, token({ ...v1, ver: '2.0' }), token({ ver: '1.0' }), ran()),
      example(
        'an application',
        tagged,
        token({ ...v1, idtyp: 'app' }),
        token({ ...v1, principalKind: 'workload' }),
        ran(),
      ),
      example('more than an hour after it', tagged, token(v1), ran({ ts: minutes(120.001) })),
      example('a tool that is not sensitive', tagged, token(v1), ran({ tool: 'list' }), ran({ tool: 'other' })),
      example(
        'refused',
        tagged,
        token(v1),
        ran({ outcome: 'denied' }),
        token({ ...v1, decision: 'deny', request: 'r2' }),
      ),
      example('refused tokens', tagged, token({ ...v1, decision: 'deny' }), ran()),
      example('another request, person or client', tagged, token(v1), ...others()),
    ],
  },
})
function others() {
  const other = { principal: 'bob', client: 'cli' }
  return [ran({ request: 'r2' }), ran(other), token({ ...other, request: 'r3' })]
}
