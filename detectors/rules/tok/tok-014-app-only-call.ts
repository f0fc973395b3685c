/** An application by itself calls a tool that needs a person behind it. */
import { z } from 'zod'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Fields = Parameters<typeof sample<'tool.call'>>[1]
const call = (more: Fields = {}) =>
  sample('tool.call', { tool: 'approve_leave', principalKind: 'workload', client: 'job', decision: 'allow', ...more })
const tagged = (tag: string) => sample('inventory.snapshot', { inventoryKind: 'tools', tags: [`approve_leave=${tag}`] })
const needs = tagged('requires_user')

export default defineRule({
  id: 'tok-014-app-only-call',
  version: 1,
  title: 'Application calls a tool that needs a person',
  severity: { allowed: 'medium', denied: 'low' },
  why: 'Some acts must be laid to a person; with the token of an application alone nobody is named.',
  falsePositives: ['A tool that is tagged `requires_user` and has an automated path as well: list its clients.'],
  blindSpots: [
    'Tools that nobody tagged `requires_user` in the inventory.',
    'Tokens that do not say whether a person stands behind them.',
  ],
  triage: ['Which application was it, and who made it do so?', 'Let the server demand a delegated token for the tool.'],
  refs: ['MCP07:2025', 'MCP08:2025', 'T1078'],
  asksInventory: true,
  per: 'tool',
  requires: { 'tool.call': ['tool', 'principalKind', 'client'] },
  config: z.object({
    tags: z.array(z.string()).default(['requires_user']).describe('Tags of tools that need a person.'),
    clients: z.array(z.string()).default([]).describe('Clients that may call them by themselves.'),
  }),
  check: {
    'tool.call'(e, { tags, clients }) {
      if (e.principalKind !== 'workload' || clients.includes(e.client)) return
      if (!e.tagsOf('tools', e.tool).some((tag) => tags.includes(tag))) return
      return { saw: `${e.tool} called by an application alone`, expected: 'a person', evidence: { client: e.client } }
    },
  },
  examples: {
    match: [
      graded('medium', example('allowed', needs, call())),
      graded('low', example('refused', needs, call({ decision: 'deny' }))),
      example(
        'one of several tags',
        sample('inventory.snapshot', {
          inventoryKind: 'tools',
          tags: ['approve_leave=x', 'approve_leave=requires_user'],
        }),
        call(),
      ),
      exampleWith({ tags: ['x', 'human'] }, 'another tag', tagged('human'), call()),
    ],
    noMatch: [
      example('a person', needs, call({ principalKind: 'user' })),
      example('it is not known who', needs, call({ principalKind: '' })),
      example('another tool', needs, call({ tool: 'list_leave' })),
      example('another tag', tagged('workload'), call()),
      exampleWith({ clients: ['hr'] }, 'a client that may', needs, call({ client: 'hr' })),
    ],
  },
})
