/** A token whose chain of actors is too long, or begins with somebody its subject did not allow. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, graded, idOf, sample } from '../../sample.ts'
import { actsForOwner } from '../../sessions/ownership.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const token = (actors: readonly string[], mayAct: readonly string[], more: Fields = {}) =>
  sample('auth.token.validated', {
    actors: [...actors],
    mayActSubs: mayAct.map(idOf),
    principal: 'cfo',
    client: 'ide',
    decision: 'allow',
    ...more,
  })

export default defineRule({
  id: 'tok-016-delegation-chain',
  version: 1,
  title: 'Delegation that was not allowed, or is too deep',
  severity: { allowed: 'medium', denied: 'low' },
  why: 'Who acts for a person has to be somebody the person allowed; a long chain is one that nobody looks over.',
  falsePositives: [
    'An identity migration gives the actor a new subject: list the alias.',
    'Orchestrations that hand a task on more than twice: raise the depth.',
  ],
  blindSpots: [
    'Issuers that do not say who may act. Only the outermost actor is compared: inner ones are history (RFC 8693 section 4.1).',
    'Facets of Entra agent identities (`xms_act_fct` and its like) are not read.',
  ],
  triage: [
    'Which agent is the actor, and who gave it the token?',
    'What did it do for this person? List the calls of both.',
  ],
  refs: ['MCP07:2025', 'MCP02:2025', 'T1550.001', 'RFC 8693'],
  per: 'grant',
  requires: { 'auth.token.validated': ['actors', 'mayActSubs', 'principal', 'client'] },
  occasional: ['actors', 'mayActSubs'],
  config: z.object({
    depth: z.int().min(1).default(3).describe('Actors a chain may have.'),
    aliases: z
      .record(z.string(), z.string())
      .default({})
      .describe('Subjects of the same actor: key -> the key that counts.'),
  }),
  check: {
    'auth.token.validated'(e, { depth, aliases }) {
      const { actors, mayActSubs } = e
      const [actor] = actors
      if (actor === undefined) return
      const evidence = { actors, mayAct: mayActSubs }
      if (mayActSubs.length > 0 && !actsForOwner(mayActSubs, actor, aliases))
        return { saw: `actor ${actor}`, expected: 'an actor that the subject allows', evidence }
      if (actors.length <= depth) return
      const severity = wasRefused(e) ? 'info' : 'low'
      return { severity, saw: `${actors.length} actors behind each other`, expected: `at most ${depth}`, evidence }
    },
  },
  examples: {
    match: [
      graded('medium', example('the payroll agent is not among those who may act', token(['payroll'], ['assistant']))),
      graded(
        'low',
        example('refused', token(['payroll'], ['assistant'], { decision: 'deny', principal: '', client: '' })),
      ),
      example('only an inner actor may', token(['payroll', 'assistant'], ['assistant'])),
      graded('low', example('four actors', token(['a', 'b', 'c', 'd'], []))),
      graded('info', example('four actors, refused', token(['a', 'b', 'c', 'd'], [], { decision: 'deny' }))),
      exampleWith({ depth: 1 }, 'a shorter chain', token(['a', 'b'], [])),
    ],
    noMatch: [
      example('a known agent acts for somebody new', token(['assistant'], [], { principal: 'carol' })),
      example('one of those who may', token(['payroll'], ['assistant', 'payroll'])),
      example('three actors', token(['a', 'b', 'c'], [])),
      example('nobody acts', token([], ['assistant'])),
      exampleWith(
        { aliases: { [idOf('payroll2')]: idOf('payroll') } },
        'a new subject of it',
        token(['payroll2'], ['payroll']),
      ),
    ],
  },
})
