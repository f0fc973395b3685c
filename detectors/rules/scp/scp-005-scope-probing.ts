/** A grant is refused at many tools, or at one again and again. */
import { z } from 'zod'
import { judgeDenial, noDenials } from '../../access/scope-denials.ts'
import { defineRule, minutes, seconds } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

const who = { principal: 'alice', client: 'ide' }
type Decision = NonNullable<Parameters<typeof sample<'authz.decision'>>[1]>
const denies = (at: number, tool: string, more: Decision = {}) =>
  sample('authz.decision', {
    ...{ ...who, ts: seconds(at), tool, request: `a${at}`, method: 'tools/call' },
    ...{ requiredScopes: ['files:write'], decision: 'deny', ...more },
  })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const refused = (at: number, tool: string, more: Result = {}) =>
  sample('tool.result', {
    ...{ ...who, ts: seconds(at), tool, request: `b${at}`, method: 'tools/call' },
    ...{ outcome: 'denied', decision: 'challenge', errorCode: '403', ...more },
  })
type Challenge = NonNullable<Parameters<typeof sample<'auth.challenge.sent'>>[1]>
const asks = (at: number, more: Challenge = {}) =>
  sample('auth.challenge.sent', {
    ...{ ...who, ts: seconds(at), request: `c${at}`, method: 'resources/read', error: 'insufficient_scope' },
    ...{ scopesChallenged: ['files:read'], ...more },
  })
const fiveOf = (tool: string, more: Decision = {}) => [1, 2, 3, 4, 5].map((at) => denies(at, tool, more))
const approved = sample('inventory.snapshot', { ts: 0, inventoryKind: 'clients', approved: ['ide'] })
const tools = ['t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8']
const keys = ['principal', 'client', 'request', 'method'] as const

export default defineRule({
  id: 'scp-005-scope-probing',
  version: 1,
  title: 'Scope probing',
  severity: 'medium',
  why: 'Who tries one tool after the other, or the same one over and over, looks for the check that is missing.',
  falsePositives: ['A client that repeats a refused request: low when the client says its name, or is approved.'],
  blindSpots: [
    'Eight tools over more than ten minutes, or over several grants.',
    'Refusals that the server writes into an ordinary result.',
    'Callers without a verified identity have no key to count by.',
  ],
  triage: [
    'Which tools were tried, and was one of them allowed?',
    'Is a person behind it, or an agent that was told to by content? Read the results before it.',
  ],
  refs: ['MCP02:2025', 'MCP07:2025', 'T1069'],
  requires: {
    'authz.decision': [...keys, 'tool', 'requiredScopes', 'clientName'],
    'tool.result': [...keys, 'tool', 'errorCode', 'clientName'],
    'auth.challenge.sent': [...keys, 'tool', 'error', 'scopesChallenged', 'clientName'],
  },
  occasional: ['authz.decision', 'auth.challenge.sent', 'clientName', 'errorCode', 'tool'],
  asksInventory: true,
  config: z.object({
    tools: z.int().min(2).default(8).describe('Different refused tools that are probing.'),
    repeats: z.int().min(2).default(5).describe('Refusals of one operation that are a loop.'),
    windowMs: z.int().default(minutes(10)).describe('Time in which they count, milliseconds.'),
  }),
  per: 'grant',
  ttl: minutes(30),
  cell: noDenials,
  where: (e) => {
    switch (e.type) {
      case 'authz.decision':
        return e.decision === 'deny'
      case 'tool.result':
        return e.outcome === 'denied' && e.errorCode === '403'
      default:
        // Of a tool call its result tells, with the tool.
        return e.error === 'insufficient_scope' && e.method !== 'tools/call'
    }
  },
  on: {
    'authz.decision': (e, cell, config) => judgeDenial(e, e.requiredScopes, isKnown(e), cell, config),
    'tool.result': (e, cell, config) => judgeDenial(e, [], isKnown(e), cell, config),
    'auth.challenge.sent': (e, cell, config) => judgeDenial(e, e.scopesChallenged, isKnown(e), cell, config),
  },
  examples: {
    match: [
      example('eight tools in two minutes', ...tools.map((tool, i) => denies(15 * i, tool))),
      example('eight tools, each with an answer of 403', ...tools.map((tool, i) => refused(15 * i, tool))),
      example('the eighth just within the window', ...tools.map((tool, i) => denies(i === 7 ? 599 : i, tool))),
      graded('medium', example('one tool five times', ...fiveOf('drop_table'))),
      example('of requests without an id', ...fiveOf('drop_table', { request: '' })),
      graded('low', example('by an approved client', approved, ...fiveOf('drop_table'))),
      graded(
        'low',
        example(
          'by a client that says its name',
          ...[1, 2, 3, 4, 5].map((at) => refused(at, 't', { clientName: 'ide' })),
        ),
      ),
      example('one resource five times', ...[1, 2, 3, 4, 5].map((at) => asks(at))),
      exampleWith(
        { tools: 3, repeats: 9 },
        'three, when so configured',
        ...tools.slice(5).map((tool, i) => denies(i, tool)),
      ),
    ],
    noMatch: [
      example('two refusals, then a step-up', denies(1, 't1'), denies(2, 't2'), denies(9, 't2', { decision: 'allow' })),
      example(
        'two requests, each told three times',
        ...[1, 1, 1, 2, 2, 2].map((n) => denies(n, 't', { request: `d${n}` })),
      ),
      example('seven tools and a resource', ...tools.slice(1).map((tool, i) => denies(i, tool)), asks(9)),
      example('seven tools', ...tools.slice(1).map((tool, i) => denies(i, tool))),
      example('the eighth as the first is forgotten', ...tools.map((tool, i) => denies(i === 7 ? 600 : i, tool))),
      example('one tool four times', ...[1, 2, 3, 4].map((at) => denies(at, 'drop_table'))),
      example('the fifth as the first is forgotten', ...[0, 1, 2, 3, 600].map((at) => denies(at, 'drop_table'))),
      example(
        'one refusal is told by three events',
        ...[1, 2].flatMap((at) => [
          denies(at, 't', { request: `d${at}` }),
          refused(at, 't', { request: `d${at}` }),
          asks(at, { request: `d${at}`, method: 'tools/call' }),
        ]),
      ),
      example(
        'one method with other scopes',
        ...[1, 2, 3, 4, 5].map((at) => asks(at, { scopesChallenged: [`s${at}`] })),
      ),
      example('a tool that fails', ...tools.map((tool, i) => refused(i, tool, { outcome: 'tool_error' }))),
      example('refused by the audit itself', ...tools.map((tool, i) => refused(i, tool, { errorCode: '-32010' }))),
      example(
        'challenges for calls of tools',
        ...[1, 2, 3, 4, 5].map((at) => asks(at, { method: 'tools/call', tool: 't' })),
      ),
      example('no token', ...[1, 2, 3, 4, 5].map((at) => asks(at, { error: 'invalid_token' }))),
      example(
        'each by another person and client',
        ...tools.map((tool, i) => denies(i, tool, { principal: `p${i}`, client: 'cli', clientName: 'cli' })),
        ...[1, 2, 3, 4, 5].map((at) => asks(at, { principal: `p${at}`, client: 'cli', clientName: 'cli' })),
        refused(9, 't', { principal: 'p9', client: 'cli' }),
        refused(9, 't', { principal: 'p9', method: 'prompts/get' }),
        denies(9, 't', { principal: 'p9', method: 'prompts/get', requiredScopes: [] }),
      ),
    ],
  },
})
interface Named {
  readonly client: string
  readonly clientName: string
  listingOf(kind: 'clients', name: string): string
}
function isKnown(e: Named): boolean {
  return e.clientName !== '' || e.listingOf('clients', e.client) === 'approved'
}
