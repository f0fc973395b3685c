/** A scope is granted for a month, token after token, and no operation ever needs it. */
import { grantedBy } from '../../access/implied-scopes.ts'
import { judgeUse, noChecks, noScopeUse, noteDecision, noteUse, useLimits } from '../../access/unused-scopes.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, hashOf, sample } from '../../sample.ts'
import { shortName } from '../../short-name.ts'

const who = { principal: 'alice', client: 'ide' }
type Token = NonNullable<Parameters<typeof sample<'auth.token.validated'>>[1]>
const token = (at: number, scopes: string[], more: Token = {}) =>
  sample('auth.token.validated', { ...who, ts: days(at), scopes, roles: [], decision: 'allow', ...more })
type Decision = NonNullable<Parameters<typeof sample<'authz.decision'>>[1]>
const needs = (at: number, requiredScopes: string[], more: Decision = {}) =>
  sample('authz.decision', { ...who, ts: days(at), requiredScopes, decision: 'allow', ...more })
const declared = (...requiredScopes: string[]) =>
  sample('tools.registry', {
    ts: days(0),
    definitions: [{ name: 'push', hash: hashOf('push'), ...(requiredScopes.length > 0 && { requiredScopes }) }],
  })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const ran = (at: number, more: Result = {}) =>
  sample('tool.result', { ...who, ts: days(at), tool: 'push', outcome: 'ok', ...more })
/** So many tokens in three weeks. */
const tokens = (n: number, scopes: string[], from = 0, more: Token = {}) =>
  Array.from({ length: n }, (_, i) => token(from + (21 * i) / n, scopes, more))
const MAX_DECLARED = 16
const both = ['repo:read', 'repo:write']
const ROOT = { hierarchy: { root: ['a'] } }
const roled = { roles: ['Admin'] }
const other = { principal: 'bob', client: 'cli' }
/** A month of both scopes, one of which is needed on day 22; then what is given. */
const month = (...then: Step[]) => [...tokens(10, both), needs(22, ['repo:read']), ...then, token(31, both)]
/** So many tokens in the month after that, and one at its end. */
const second = (n: number) => [...tokens(n, both, 32), needs(54, ['repo:read']), token(62, both)]
const tagged = (inventoryKind: 'clients' | 'principals', tag: string) =>
  sample('inventory.snapshot', { inventoryKind, tags: [tag] })
type Step = ReturnType<typeof token>

export default defineRule({
  id: 'scp-004-unused-privilege',
  version: 1,
  title: 'Unused privilege',
  severity: 'low',
  why: 'A right that nobody needs is of use to a thief alone.',
  falsePositives: [
    'Break-glass roles and jobs that run once a quarter: list the scope in `breakGlass`, or tag the client or principal break_glass.',
    'Scopes that only the login needs: see `ignored`.',
    'Checks that the server does not report: only what decisions and definitions require counts as a need.',
  ],
  blindSpots: [
    'Grants that are seen fewer than ten times a month.',
    'Servers that report no decision: nothing is judged there.',
  ],
  triage: ['Take the scope out of the grant, unless a job needs it that runs rarely: then list it.'],
  refs: ['MCP02:2025'],
  requires: {
    'auth.token.validated': ['principal', 'client', 'scopes', 'roles'],
    'authz.decision': ['principal', 'client', 'requiredScopes'],
    'tool.result': ['principal', 'client', 'tool'],
    'definition.seen': ['requiredScopes'],
  },
  occasional: ['roles', 'definition.seen'],
  asksInventory: true,
  config: useLimits,
  per: 'grant',
  ttl: days(60),
  // Once a quarter is often enough to be told the same.
  cooldown: days(90),
  cell: noScopeUse,
  beside: {
    checks: {
      per: 'server',
      ttl: days(400),
      cell: noChecks,
      on: {
        'authz.decision': (e, cell) => noteDecision(e, cell),
        'definition.seen'(e, cell) {
          cell.declares ||= e.requiredScopes[0] !== undefined
        },
      },
    },
    tool: {
      per: 'tool',
      ttl: days(400),
      cell: () => ({ scopes: [] as string[] }),
      on: {
        'definition.seen'(e, cell) {
          cell.scopes = e.requiredScopes.slice(0, MAX_DECLARED).map(shortName)
        },
      },
    },
  },
  where: (e, { checks }) => (e.type === 'tool.result' ? checks.declares && e.outcome === 'ok' : e.decision === 'allow'),
  on: {
    'auth.token.validated'(e, cell, config, { checks }) {
      const isTagged = (tags: readonly string[]): boolean => tags.includes('break_glass')
      if (isTagged(e.tagsOf('clients', e.client)) || isTagged(e.tagsOf('principals', e.principal))) return
      return judgeUse(grantedBy(e), e.ts, cell, checks, config)
    },
    'authz.decision': (e, cell, { hierarchy }) => noteUse(e.requiredScopes, e.ts, cell, hierarchy),
    'tool.result'(e, cell, { hierarchy }, { tool }) {
      noteUse(tool.scopes, e.ts, cell, hierarchy)
    },
  },
  examples: {
    match: [
      example('repo:write unused for 45 days', ...tokens(10, both), needs(22, ['repo:read']), token(45, both)),
      example('exactly 30 days', ...month().slice(0, -1), token(30, both)),
      example('an application role', ...tokens(10, [], 0, roled), needs(22, ['a']), token(31, [], roled)),
      example('the tool that needs it failed', declared('repo:write'), ...month(ran(23, { outcome: 'tool_error' }))),
      example('another tool was used', declared('repo:write'), ...month(ran(23, { tool: 'list' }))),
      example('its use was refused', ...month(needs(23, ['repo:write'], { decision: 'deny' }))),
      example('somebody else used it', ...month(needs(23, ['repo:write'], { principal: 'bob' }))),
      example('a decision with the first token', ...tokens(10, both), needs(0, ['repo:read']), token(31, both)),
      example('unused in the second month', ...month(needs(23, both)), ...second(9)),
      exampleWith({ breakGlass: ['x'] }, 'another scope is break-glass', ...month()),
    ],
    noMatch: [
      example('both are used', ...month(needs(23, both))),
      example('with the first token', ...month(needs(0, both))),
      example('nine tokens in the second month', ...month(needs(23, both)), ...second(8)),
      example(
        'all decisions were refusals',
        ...tokens(10, both),
        needs(22, ['a'], { decision: 'deny' }),
        token(45, both),
      ),
      example('a job on day 29', ...month(needs(29, ['repo:write']))),
      example('nine tokens', ...tokens(9, both), needs(22, ['repo:read']), token(45, both)),
      example('a second less than 30 days', ...month().slice(0, -1), token(30 - 1 / 86_400, both)),
      exampleWith({ breakGlass: ['repo:write'] }, 'a break-glass scope', ...month()),
      example('a break-glass client', tagged('clients', 'ide=break_glass'), ...month()),
      example('a break-glass person', tagged('principals', '616c696365=break_glass'), ...month()),
      example('scopes of the login', ...tokens(10, ['openid', 'a']), needs(22, ['a']), token(45, ['openid'])),
      example('the server reports no decision', ...tokens(10, both), token(45, both)),
      example('nor one that needs a scope', ...tokens(10, both), needs(22, []), token(45, both)),
      example('a wildcard is used by what it covers', ...tokens(10, ['a:*']), needs(22, ['a:b']), token(45, ['a:*'])),
      exampleWith(ROOT, 'so is a role', ...tokens(10, ['root']), needs(22, ['a']), token(45, ['root'])),
      example('a tool that declares it was used', declared('repo:write'), ...month(ran(23))),
      example(
        'refused tokens',
        declared(),
        ...tokens(10, both, 0, { decision: 'deny' }),
        needs(22, ['a']),
        token(45, both),
      ),
      example('others', needs(0, ['a'], other), ran(1, other), token(2, both, other)),
    ],
  },
})
