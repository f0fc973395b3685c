/** The server allows an operation although the caller lacks the scopes it needs. */
import { z } from 'zod'
import { missingScopes } from '../../access/implied-scopes.ts'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'

type Decision = NonNullable<Parameters<typeof sample<'authz.decision'>>[1]>
const decides = (requiredScopes: string[], grantedScopes: string[], more: Decision = {}) =>
  sample('authz.decision', {
    ...{ tool: 'delete_file', resourceClass: 'tool', policyId: 'p1', decision: 'allow' },
    ...{ requiredScopes, grantedScopes, ...more },
  })
const ROLES = { hierarchy: { admin: ['files:write', 'api://hr/Read'], root: ['admin'], loop: ['loop'] } }

export default defineRule({
  id: 'scp-001-operation-without-scope',
  version: 1,
  title: 'Operation allowed without the required scope',
  severity: 'critical',
  why: 'The check itself failed: whoever holds any valid token can do what this operation does.',
  falsePositives: ['A broader scope or role implies the required one: list it in `hierarchy`.'],
  blindSpots: [
    'Servers that report no decisions (requireScopes, auditDecision), or not what the caller was granted.',
    'Tools that declare no requirement: see scp-011.',
    'A policy that accepts one of several scopes must say only the one that it took.',
  ],
  triage: [
    'Does the scope that the caller has imply the missing one? If so, list it in `hierarchy`.',
    'What did the operation do? List the calls of this principal with this tool.',
    'Which policy decided, and since which deployment?',
  ],
  refs: ['MCP07:2025', 'MCP02:2025', 'T1190'],
  requires: { 'authz.decision': ['requiredScopes', 'grantedScopes', 'tool', 'resourceClass', 'policyId'] },
  config: z.object({
    hierarchy: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Scope or role -> scopes it implies; what those imply counts too.'),
  }),
  per: 'tool',
  check: {
    'authz.decision'(e, { hierarchy }) {
      // A caller of whom nothing was said (stdio) is not one without scopes.
      if (e.decision !== 'allow' || !e.says('grantedScopes')) return
      const missing = missingScopes(e.requiredScopes, e.grantedScopes, hierarchy)
      if (missing.length === 0) return
      return {
        saw: `${e.tool || e.resourceClass || 'an operation'} allowed without ${missing.join(' ')}`,
        expected: e.requiredScopes.join(' '),
        evidence: { required: e.requiredScopes, granted: e.grantedScopes, policy: e.policyId },
      }
    },
  },
  examples: {
    match: [
      example('a reader deletes a file', decides(['files:write'], ['files:read'])),
      example('a caller without any scope', decides(['files:write'], [])),
      example('one of two is missing', decides(['files:write', 'audit'], ['files:write'])),
      example(
        'not a tool but an order',
        decides(['orders'], ['files:read'], { tool: '', resourceClass: 'order', policyId: 'p2' }),
      ),
      exampleWith(ROLES, 'the map leads elsewhere', decides(['users:write'], ['admin', 'loop'])),
      exampleWith(ROLES, 'the narrower does not imply the broader', decides(['admin'], ['files:write'])),
      example('a wildcard of another kind', decides(['db:write'], ['files:*', 'd*'])),
      example('a path is no service', decides(['read'], ['repo/read'])),
      example(
        'the same word of two other services',
        decides(['https://a.example.com/read'], ['https://b.example.com/read']),
      ),
    ],
    noMatch: [
      example('exactly the scope', decides(['files:write'], ['files:read', 'files:write'])),
      exampleWith(ROLES, 'admin implies it', decides(['files:write'], ['admin'])),
      exampleWith(ROLES, 'by its whole name', decides(['api://hr/Read'], ['admin'])),
      exampleWith(ROLES, 'over two steps', decides(['files:write'], ['root'])),
      example('a wildcard covers it', decides(['files:write'], ['files:*'])),
      example('of another notation', decides(['Files.Write'], ['Files.*'])),
      example('everything is granted', decides(['files:write'], ['*'])),
      example('Entra grants the short name', decides(['api://hr/Files.Write'], ['Files.Write'])),
      example('and the other way round', decides(['Files.Write'], ['api://hr/Files.Write'])),
      example('refused: it did what it should', decides(['files:write'], ['files:read'], { decision: 'deny' })),
      example('the policy failed: see scp-009', decides(['files:write'], [], { decision: 'error' })),
      example('nothing is required: see scp-011', decides([], [])),
      example(
        'a local process has no scopes to speak of',
        sample('authz.decision', { tool: 'delete_file', requiredScopes: ['files:write'], decision: 'allow' }),
      ),
    ],
  },
})
