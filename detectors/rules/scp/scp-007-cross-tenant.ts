/** A caller of one tenant is given what belongs to another. */
import { z } from 'zod'
import { foreignTenants, hasTenant, tenantsIn } from '../../access/resource-tenants.ts'
import { wasRefused } from '../../finding.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { shortName } from '../../short-name.ts'

const who = { principal: 'alice', client: 'ide' }
type Token = NonNullable<Parameters<typeof sample<'auth.token.validated'>>[1]>
const token = (tid: string, more: Token = {}) =>
  sample('auth.token.validated', { ...who, tid, decision: 'allow', ...more })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const gives = (dataTags: string[], more: Result = {}) =>
  sample('tool.result', { ...who, tool: 'get_record', outcome: 'ok', dataTags, ...more })
const listed = (inventoryKind: 'tools' | 'principals', ...tags: string[]) =>
  sample('inventory.snapshot', { inventoryKind, tags })
const KEY_A = 'a'.repeat(32)
const KEY_B = 'b'.repeat(32)

export default defineRule({
  id: 'scp-007-cross-tenant',
  version: 1,
  title: 'Cross-tenant access',
  severity: { allowed: 'critical', denied: 'low' },
  why: 'The wall between customers is the one that must never have a door: one such answer is a breach to be notified.',
  falsePositives: ['Guests of another tenant (B2B): list them in `grants`.', 'Data of everybody: tag it tenant:*.'],
  blindSpots: [
    'Data and tools without a tenant: tag (dataTags of the instrument, tags of the inventory).',
    'Callers whose tenant is not known: tokens without tid, and no tag of the principal.',
    'Namespaces inside a tenant, unless they are tagged as tenants.',
  ],
  triage: [
    'What did the result hold? Keep the evidence: there may be a duty to notify.',
    'Is there an agreement that lets this tenant read it? Then list it in `grants`.',
    'List all results of this principal with tags of other tenants.',
  ],
  refs: ['MCP10:2025', 'MCP07:2025', 'T1530', 'T1213', 'AML.T0085'],
  requires: {
    'auth.token.validated': ['principal', 'tid'],
    'tool.result': ['principal', 'client', 'tool', 'dataTags', 'identityTenant'],
  },
  asksInventory: true,
  config: z.object({
    grants: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Resource tenant -> tenants, principals or clients that may have its data; * for all.'),
  }),
  per: 'caller',
  ttl: days(2),
  cooldown: hours(1),
  cell: () => ({ tid: '' }),
  where: (e) =>
    e.type === 'auth.token.validated'
      ? e.tid !== '' && e.decision === 'allow'
      : hasTenant(e.dataTags) || hasTenant(e.tagsOf('tools', e.tool)),
  on: {
    'auth.token.validated'(e, cell) {
      cell.tid = shortName(e.tid.toLowerCase())
    },
    'tool.result'(e, cell, { grants }) {
      if (e.outcome !== 'ok' && !wasRefused(e)) return
      const tenants = [...tenantsIn(e.dataTags), ...tenantsIn(e.tagsOf('tools', e.tool))]
      const tagged = tenantsIn(e.tagsOf('principals', e.principal))
      const names = cell.tid === '' ? tagged : [cell.tid, ...tagged]
      const caller = { names, key: e.identityTenant, principal: e.principal, client: e.client }
      const foreign = [...new Set(foreignTenants(tenants, caller, grants))]
      if (foreign.length === 0) return
      return {
        saw: `${e.tool} of tenant ${foreign.join(' ')}`,
        expected: `tenant ${names[0] ?? e.identityTenant}, or a sharing grant`,
        evidence: { tenants },
      }
    },
  },
  examples: {
    match: [
      graded('critical', example('tenant A reads a record of tenant B', token('A'), gives(['tenant:B']))),
      example('a later token says no tenant', token('A'), token(''), gives(['tenant:B'])),
      example('one record of several', token('A'), gives(['pii', 'tenant:a', 'tenant:B'])),
      example('the tool belongs to another tenant', listed('tools', 'get_record=tenant:B'), token('A'), gives([])),
      graded(
        'low',
        example(
          'refused: a probe',
          listed('tools', 'get_record=tenant:B'),
          token('A'),
          gives([], { outcome: 'denied' }),
        ),
      ),
      example('the inventory knows the caller', listed('principals', '616c696365=tenant:A'), gives(['tenant:B'])),
      example('tenants as keyed hashes', gives([`tenant:${KEY_B}`], { identityTenant: KEY_A })),
      exampleWith({ grants: { C: ['a'], B: ['c'] } }, 'the grants are for others', token('A'), gives(['tenant:B'])),
    ],
    noMatch: [
      example('its own record, in another case', token('A'), gives(['tenant:a', 'customer:B'])),
      exampleWith({ grants: { B: ['A'] } }, 'a guest by tenant', token('A'), gives(['tenant:B'])),
      exampleWith({ grants: { b: ['616c696365'] } }, 'a guest by name', token('A'), gives(['tenant:B'])),
      exampleWith({ grants: { B: ['Ide'] } }, 'a client that may', token('A'), gives(['tenant:B'], { client: 'Ide' })),
      exampleWith({ grants: { B: ['*'] } }, 'a tenant that shares with all', token('A'), gives(['tenant:B'])),
      example('neither is known', gives([`tenant:${KEY_B}`], { principal: 'bob' })),
      example('data of everybody', token('A'), gives(['tenant:*'])),
      example('the tenant of the caller is not known', token('', { principal: 'bob' }), gives(['tenant:B'])),
      example(
        'nor comparable',
        gives(['tenant:B'], { identityTenant: KEY_A, principal: 'bob', client: 'cli', tool: 't' }),
      ),
      example('its own as a keyed hash', gives([`tenant:${KEY_A}`], { identityTenant: KEY_A })),
      example(
        'a second tenant of the caller',
        listed('principals', '616c696365=tenant:B'),
        token('A'),
        gives(['tenant:B']),
      ),
      example('the tool failed', token('A'), gives(['tenant:B'], { outcome: 'tool_error' })),
      example('a token that was refused', token('A', { decision: 'deny' }), gives(['tenant:B'])),
    ],
  },
})
