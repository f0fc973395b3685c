/** A token grants everything of a kind, or all that the server has; or the server asks for so much. */
import { z } from 'zod'
import { isDefault, isWhole, isWildcard, noCatalogue, noteCatalogue } from '../../access/broad-scopes.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { counted, example, exampleWith, sample } from '../../sample.ts'

const who = { principal: 'alice', client: 'ide', decision: 'allow' } as const
const token = (...scopes: string[]) => sample('auth.token.validated', { ...who, scopes })
const advertises = (...scopesSupported: string[]) =>
  sample('auth.metadata.published', { metadataKind: 'protected_resource', scopesSupported })
const asks = (ts: number, ...scopesChallenged: string[]) => sample('auth.challenge.sent', { ts, scopesChallenged })
const six = ['a', 'b', 'c', 'd', 'e', 'f']
const four = six.slice(0, 4)

export default defineRule({
  id: 'scp-003-broad-scopes',
  version: 1,
  title: 'Over-broad scopes',
  severity: 'medium',
  why: 'A stolen token is worth what it grants: one that grants everything leaves nothing to contain.',
  falsePositives: ['Servers with three scopes or fewer: whoever has all of them has little. They must advertise them.'],
  blindSpots: [
    'A scope that is broad by its meaning, not by its name.',
    'Tokens of which nobody verified the caller (a proxy): they have no key to count by.',
  ],
  triage: [
    'Which tools did this grant use in the last 30 days? Grant those scopes instead.',
    'Who configured the scopes that the client asks for?',
  ],
  refs: ['MCP02:2025', 'T1078.004'],
  requires: {
    'auth.token.validated': ['principal', 'client', 'scopes'],
    'auth.challenge.sent': ['scopesChallenged'],
    'auth.metadata.published': ['metadataKind', 'scopesSupported'],
  },
  occasional: ['auth.challenge.sent', 'auth.metadata.published', 'scopesSupported'],
  config: z.object({
    fewScopes: z.int().default(3).describe('A server that advertises at most so many is left alone.'),
    wholeAbove: z.int().default(5).describe('All advertised scopes are too many when there are more than these.'),
    defaultAbove: z.int().default(5).describe('`.default` is too broad when it came to more scopes than these.'),
  }),
  per: 'grant',
  ttl: days(2),
  cooldown: days(1),
  cell: () => ({}),
  beside: {
    catalogue: {
      per: 'server',
      ttl: days(400),
      cell: noCatalogue,
      on: {
        'auth.metadata.published'(e, cell) {
          if (e.metadataKind !== 'protected_resource') return
          noteCatalogue(e.scopesSupported, cell)
          if (!e.scopesSupported.includes('offline_access')) return
          return { severity: 'low', saw: 'offline_access is advertised', expected: 'scopes of this resource alone' }
        },
        'auth.challenge.sent'(e, cell, { fewScopes }) {
          if (cell.isAsked || cell.total <= fewScopes || !isWhole(e.scopesChallenged, cell)) return
          cell.isAsked = true
          return {
            severity: 'low',
            saw: `a challenge for all ${cell.total} scopes`,
            expected: 'those of the operation',
          }
        },
      },
    },
  },
  on: {
    'auth.token.validated'(e, _, { fewScopes, wholeAbove, defaultAbove }, { catalogue }) {
      const { scopes } = e
      if (e.decision !== 'allow') return
      if (catalogue.total > 0 && catalogue.total <= fewScopes) return
      const broad = scopes.filter((scope) => isWildcard(scope) || (isDefault(scope) && scopes.length > defaultAbove))
      const isAll = catalogue.total > wholeAbove && isWhole(scopes, catalogue)
      if (broad.length === 0 && !isAll) return
      return {
        saw: broad.join(' ') || `all ${catalogue.total} scopes that the server has`,
        expected: 'the scopes of the tools in use',
        evidence: { granted: scopes },
      }
    },
  },
  examples: {
    match: [
      example('wildcards of every kind', token('files:*', 'db:*', 'admin:*')),
      example('one wildcard', token('Files.*')),
      example('a path of everything', token('repo/*')),
      example('everything', token('*')),
      example('everything in a word', token('Full-Access')),
      example('.default came to six scopes', token('api://hr/.default', ...six.slice(1))),
      example('all six scopes', advertises(...six), token('more', ...six)),
      example('a wildcard where four are advertised', advertises(...four), token('a:*')),
      example('offline_access is advertised', advertises('a', 'offline_access')),
      counted(
        1,
        example(
          'challenges for all four scopes',
          advertises(...four),
          asks(hours(1), ...four),
          asks(hours(2), ...four),
        ),
      ),
      example('of a document that names a scope twice', advertises('a', ...six), token(...six)),
    ],
    noMatch: [
      example('two scopes, both granted', advertises('a', 'b'), token('a', 'b'), asks(5_000, 'a', 'b')),
      example('three scopes, one of them a wildcard', advertises('a:*', 'b', 'c'), token('a:*')),
      example('five scopes, all granted', advertises(...six.slice(1)), token(...six.slice(1))),
      example('five of six', advertises(...six), token(...six.slice(1))),
      example('six others', advertises(...six), token('x', ...six.slice(1))),
      example('.default came to five scopes', token('.default', ...four)),
      example('words that hold these', token('recall', 'all:read', 'files*', 'ball', 'allow')),
      example('refused', sample('auth.token.validated', { ...who, scopes: ['*'], decision: 'deny' })),
      example('a challenge for one of four', advertises(...four), asks(9_000, 'a', 'b', 'c')),
      example('a challenge for all three', advertises('a', 'b', 'c'), asks(9_000, 'a', 'b', 'c')),
      example('nothing is advertised', asks(9_000, ...six)),
      example(
        'what the authorization server has is not what this one needs',
        sample('auth.metadata.published', {
          metadataKind: 'authorization_server',
          scopesSupported: [...six, 'offline_access'],
        }),
        sample('auth.token.validated', { ...who, principal: 'bob', client: 'cli', scopes: six }),
      ),
      exampleWith({ fewScopes: 4 }, 'few is what is said to be few', advertises(...four), asks(9_000, ...four)),
      exampleWith({ wholeAbove: 6, defaultAbove: 6 }, 'and many', advertises(...six), token(...six)),
    ],
  },
})
