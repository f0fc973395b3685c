/** Within one trace another agent takes over, without a word that the first one handed the task on. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { defineRule, hours } from '../../rule.ts'
import { example, exampleWith, graded, idOf, sample } from '../../sample.ts'

type Fields = Parameters<typeof sample<'tool.call'>>[1]
const call = (actors: readonly string[], more: Fields = {}) =>
  sample('tool.call', {
    trace: 'a1'.repeat(16),
    isTraceClaimed: false,
    actors: [...actors],
    principal: 'alice',
    tool: 'read_file',
    decision: 'allow',
    ...more,
  })

export default defineRule({
  id: 'tok-016-actor-change',
  version: 1,
  title: 'Actor changes within one trace',
  severity: { allowed: 'medium', denied: 'low' },
  why: 'One task belongs to one chain of agents; another actor in its midst may have found the token of the first.',
  falsePositives: [
    'A task that is handed on: the new chain names the former actor, and is silent.',
    'A trace is mostly the word of the caller: then this is low. Frameworks that use one trace for several agents are listed as known.',
  ],
  blindSpots: ['Calls without a trace, and agents that act under the same subject.'],
  triage: ['Do both agents belong to one orchestration?', 'Which token did the second one have, and from whom?'],
  refs: ['MCP07:2025', 'MCP02:2025', 'T1550.001', 'RFC 8693'],
  requires: { 'tool.call': ['trace', 'isTraceClaimed', 'actors', 'principal', 'tool'] },
  occasional: ['actors', 'isTraceClaimed'],
  config: z.object({
    known: z.array(z.string()).default([]).describe('Keys of actors that take turns within one trace by design.'),
  }),
  per: 'trace',
  about: 'caller',
  ttl: hours(1),
  cell: () => ({ principal: '', actor: '' }),
  where: (e) => e.actors.length > 0,
  on: {
    'tool.call'(e, cell, { known }) {
      const [actor = ''] = e.actors
      const before = cell.principal === e.principal ? cell.actor : ''
      if (!wasRefused(e)) {
        cell.principal = e.principal
        cell.actor = actor
      }
      if (before === '' || e.actors.includes(before) || known.includes(actor)) return
      const severity = wasRefused(e) || e.isTraceClaimed ? 'low' : 'medium'
      return {
        severity,
        saw: `actor ${actor}`,
        expected: `actor ${before}, or one it handed the task to`,
        evidence: { tool: e.tool },
      }
    },
  },
  examples: {
    match: [
      graded('medium', example('another agent', call(['planner']), call(['payroll'], { tool: 'pay' }))),
      graded(
        'low',
        example('the trace is the word of the caller', call(['planner']), call(['payroll'], { isTraceClaimed: true })),
      ),
      graded('low', example('refused', call(['planner']), call(['payroll'], { decision: 'deny' }))),
      graded(
        'medium',
        example('after a refused one', call(['planner']), call(['x'], { decision: 'deny' }), call(['x'])),
      ),
      exampleWith({ known: ['x'] }, 'another one is known', call(['planner']), call(['payroll'])),
    ],
    noMatch: [
      example('the same agent', call(['planner']), call(['planner', 'assistant'])),
      example('it handed the task on', call(['planner']), call(['writer', 'planner'])),
      example('the person alone', call(['planner']), call([])),
      example('for another person', call(['planner']), call(['payroll'], { principal: 'bob' })),
      example('another trace', call(['planner']), call(['payroll'], { trace: 'b2'.repeat(16) })),
      exampleWith({ known: [idOf('payroll')] }, 'a known one', call(['planner']), call(['payroll'])),
    ],
  },
})
