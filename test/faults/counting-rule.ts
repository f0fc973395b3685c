// A rule for the rows that ask whether anything was counted twice: two calls of one session. It is not one of the product's.
import { z } from 'zod'
import { defineRule, hours } from '../../detectors/rule.ts'
import { example, sample } from '../../detectors/sample.ts'

export const COUNT_OF_TWO = defineRule({
  id: 'tst-002-count-of-two',
  version: 1,
  title: 'Two calls of one session',
  severity: 'low',
  why: 'An event that is counted twice looks like two.',
  falsePositives: ['None: it counts.'],
  blindSpots: ['None: it counts.'],
  triage: ['Find the second copy.'],
  refs: ['none'],
  requires: { 'tool.call': ['session'] },
  config: z.object({}),
  per: 'session',
  ttl: hours(24),
  count: () => ({ atLeast: 2, within: hours(12), found: (e) => ({ saw: e.id }) }),
  examples: {
    match: [example('two', sample('tool.call', { session: 'a' }), sample('tool.call', { session: 'a' }))],
    noMatch: [example('one', sample('tool.call', { session: 'a' }))],
  },
})
