/** A dangerous tool is refused, a token with more scopes appears without a person, and the tool is allowed. */
import { z } from 'zod'
import { judgeOperation, noElevation, noteGrant, noteToken } from '../../access/elevation.ts'
import { isLately, never, noteLately } from '../../lately.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'

const who = { principal: 'alice', client: 'ide' }
type Token = NonNullable<Parameters<typeof sample<'auth.token.validated'>>[1]>
const token = (at: number, tokenFp: string, scopes: string[], more: Token = {}) =>
  sample('auth.token.validated', {
    ...{ ...who, ts: minutes(at), tokenFp, scopes, authTime: loginAt(0), decision: 'allow' },
    ...more,
  })
type Decision = NonNullable<Parameters<typeof sample<'authz.decision'>>[1]>
const decides = (at: number, decision: 'allow' | 'deny' | 'error', more: Decision = {}) =>
  sample('authz.decision', { ...who, ts: minutes(at), tool: 'deploy_prod', decision, ...more })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const ends = (at: number, outcome: 'ok' | 'denied', more: Result = {}) =>
  sample('tool.result', { ...who, ts: minutes(at), tool: 'deploy_prod', outcome, ...more })
const issued = (grantType: string, also = who) => sample('oauth.token', { ...also, ts: minutes(2), grantType })
const loginAt = (at: number) => SAMPLE_EPOCH_MS / 1_000 + 60 * at
const on = (tool: string) => ({ deny: decides(2, 'deny', { tool }), end: ends(4, 'ok', { tool }) })
const tagged = (tag: string) => sample('inventory.snapshot', { inventoryKind: 'tools', tags: [tag] })
const before = token(1, 'a1', ['read'])
const more = (at: number, also: Token = {}) => token(at, 'a2', ['read', 'deploy'], also)
const [unknown, other] = [{ authTime: 0 }, { principal: 'bob', client: 'cli' }]
type Step = ReturnType<typeof token>
/** Refused with one token and allowed with the next; each step can be another one. */
const story = (steps: { first?: Step; deny?: Step; between?: Step; raise?: Step; end?: Step } = {}) => {
  const { first = before, deny = decides(2, 'deny'), between = issued(''), raise = more(3) } = steps
  return [first, deny, between, raise, steps.end ?? ends(4, 'ok')]
}
const unsaid = { first: token(1, 'a1', ['read'], unknown), raise: more(3, unknown) }
const acr = (was: string, is: string) => ({
  first: token(1, 'a1', ['read'], { acr: was }),
  raise: more(3, { acr: is }),
})
/** Longer ago nothing counts as refused a short while ago. */
const MAX_WITHIN_MS = hours(1)

export default defineRule({
  id: 'scp-006-silent-elevation',
  version: 1,
  title: 'Denial, elevation, high-risk action',
  severity: 'high',
  why: 'What a person refused or was never asked, a refresh token or a client secret must not obtain.',
  falsePositives: [
    'An interactive step-up: the login is newer than the refusal, the acr changed, or a code was redeemed.',
    'Where the token does not say when the person logged in, the finding is low.',
  ],
  blindSpots: [
    'Tools that are harmless by tag, or neither tagged nor dangerous by name.',
    'Rights that come otherwise than by a token with more scopes: see scp-008.',
    'A consent that was given within an old login looks like none.',
  ],
  triage: [
    'Ask the principal whether they agreed, and to what. What did the tool do?',
    'How did the token come about? See the log of the authorization server.',
  ],
  refs: ['MCP02:2025', 'T1548'],
  requires: {
    'auth.token.validated': ['principal', 'client', 'tokenFp', 'scopes', 'roles', 'authTime', 'acr'],
    'authz.decision': ['principal', 'client', 'principalKind', 'tool'],
    'tool.result': ['principal', 'client', 'principalKind', 'tool'],
    'oauth.token': ['principal', 'client', 'grantType'],
  },
  occasional: ['authz.decision', 'roles', 'authTime', 'acr'],
  producerGaps: { 'oauth.token': 'only servers that host or proxy OAuth see it, with auditOAuthProvider' },
  asksInventory: true,
  config: z.object({
    withinMs: z.int().max(MAX_WITHIN_MS).default(minutes(15)).describe('From the refusal to the action, milliseconds.'),
    highRiskTools: z.array(z.string()).default([]).describe('High-risk tools beside those of the inventory.'),
  }),
  per: 'grant',
  ttl: days(1),
  cell: noElevation,
  beside: {
    refused: {
      per: 'server',
      cell: never,
      on: {
        'authz.decision': (e, cell) => noteLately(e.decision === 'deny', e.ts, cell),
        'tool.result': (e, cell) => noteLately(e.outcome === 'denied', e.ts, cell),
      },
    },
  },
  // What is allowed only matters where something was refused a short while ago.
  where: (e, { refused }) =>
    e.type === 'auth.token.validated' ? e.decision === 'allow' : isLately(e.ts, refused, MAX_WITHIN_MS),
  on: {
    'auth.token.validated': (e, cell) => noteToken(e, cell),
    'oauth.token': (e, cell) => noteGrant(e.grantType, e.ts, cell),
    'authz.decision': (e, cell, config) =>
      judgeOperation(e, e.decision === 'allow', e.decision === 'deny', cell, config),
    'tool.result': (e, cell, config) => judgeOperation(e, e.outcome === 'ok', e.outcome === 'denied', cell, config),
  },
  examples: {
    match: [
      graded('high', example('a refreshed token with more scopes', ...story())),
      example(
        'refused by the server, allowed by the policy',
        ...story({ deny: ends(2, 'denied'), end: decides(4, 'allow') }),
      ),
      example('just within a quarter of an hour', ...story({ end: ends(17, 'ok') })),
      graded(
        'high',
        example('an application', ...story({ ...unsaid, end: ends(4, 'ok', { principalKind: 'workload' }) })),
      ),
      graded('high', example('a refresh is seen', ...story({ ...unsaid, between: issued('refresh_token') }))),
      graded(
        'high',
        example('a client secret is seen', ...story({ ...unsaid, between: issued('client_credentials') })),
      ),
      graded('low', example('nobody knows', ...story(unsaid))),
      example('what deletes', ...story(on('delete_repo'))),
      example('what runs programs', ...story(on('run_shell'))),
      example('a role is added', ...story({ raise: token(3, 'a2', ['read'], { roles: ['Ops'] }) })),
      example('the same acr', ...story(acr('1', '1'))),
      example('an acr that was not said before', ...story(acr('', '1'))),
      example('or is not said any more', ...story(acr('1', ''))),
      example('a login just before the refusal', ...story({ raise: more(3, { authTime: loginAt(2) - 1 }) })),
      example('a tool by tag', tagged('x=crown_jewel'), ...story(on('x'))),
      exampleWith({ highRiskTools: ['y'] }, 'and by configuration', ...story(on('y'))),
    ],
    noMatch: [
      example('a login 20 seconds before the token', ...story({ raise: more(3, { authTime: loginAt(3) - 20 }) })),
      example('in the second of the refusal', ...story({ raise: more(3, { authTime: loginAt(2) }) })),
      example('another acr', ...story(acr('1', '2'))),
      example('a code was redeemed', ...story({ between: issued('authorization_code') })),
      example('a harmless tool', ...story(on('list'))),
      example('harmless by tag', tagged('deploy_prod=low_risk'), ...story(), ...story({ deny: ends(2, 'denied') })),
      example('another tool', ...story({ end: ends(4, 'ok', { tool: 'deploy_test' }) })),
      example('a millisecond late', ...story({ end: ends(17 + 1 / 60_000, 'ok') })),
      example('no more scopes', ...story({ raise: token(3, 'a2', ['read']) })),
      example('other scopes, not more', ...story({ raise: token(3, 'a2', ['deploy']) })),
      example('the same token', ...story({ raise: token(3, 'a1', ['read', 'deploy']) })),
      example('no token before', ...story({ first: issued('') })),
      example('refused tokens', ...story({ raise: more(3, { decision: 'deny' }) })),
      example('refused again', ...story({ between: more(2.2), raise: decides(3, 'deny') })),
      example('the policy failed', ends(1, 'denied', other), ...story({ deny: decides(2, 'error') })),
      example(
        'others',
        issued('', other),
        ...story({ raise: more(3, other), end: ends(4, 'ok', { ...other, principalKind: 'user' }) }),
      ),
      example('and their policy', ...story({ end: decides(4, 'allow', { ...other, principalKind: 'user' }) })),
    ],
  },
})
