/** Examples of inj-007: sizes against what is usual, week by week, and texts that say nothing. */

import { tagged } from '../../../content/sample-content.ts'
import { days, type Example, seconds } from '../../../rule.ts'
import { example, exampleWith, type Sample, sample } from '../../../sample.ts'

type Words = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const gives = (kb: number, more: Words = {}): Sample =>
  sample('tool.result', { tool: 'search', bytes: kb * 1_000, outcome: 'ok', ...more })
/** So many of one size, a second apart. */
const many = (n: number, kb: number): Sample[] => Array.from({ length: n }, () => gives(kb))
/** Weeks after the fifty-first second, when what is usual after fifty results begins to count. */
const weeks = (n: number, earlierMs = 0): Words => ({ ts: n * days(7) + seconds(51) - earlierMs })
const bulk = tagged('tools', 'export=bulk')
const small = { minBytes: 50_000 }
/** 100 kB become usual in the first week, 200 kB in the second. */
const grows = (at: Words): Sample[] => [...many(50, 50), gives(100), gives(150, at), gives(262)]

export const match: readonly Example[] = [
  example('a megabyte of spaces and an order', gives(262, { blankShare: 0.98 })),
  example('a text that is blank for the most part', gives(30, { blankShare: 0.601 })),
  example('characters that nobody sees', gives(30, { invisibleShare: 0.0011 })),
  exampleWith(
    small,
    'a bulk tool whose text repeats itself',
    bulk,
    gives(300, { tool: 'export', repeatedShare: 0.601 }),
  ),
  example('more than is large', gives(200.001)),
  example('large, before a usual size is learned', ...many(49, 20), gives(201)),
  example('more than three times the usual', ...many(50, 20), gives(60.001)),
  example('the last one that is learned counts', ...many(49, 20), gives(40), gives(120.001)),
  example('what is smaller lets the usual size sink slowly', ...many(50, 100), ...many(9, 20), gives(298)),
  example('small steps make nothing usual', ...many(50, 50), gives(99), gives(140), gives(262), gives(301)),
  example('the first one that is not learned counts twice at most', ...many(50, 50), gives(150), gives(301)),
  example('a week later it may be more', ...grows(weeks(1)), gives(601)),
  example('a millisecond before, it may not', ...many(50, 50), gives(100), gives(150, weeks(1, 1)), gives(301)),
]
export const noMatch: readonly Example[] = [
  example('an export of 300 kB', bulk, gives(300, { tool: 'export' })),
  example('just large', gives(200)),
  example('three times the usual', ...many(50, 20), gives(60)),
  example('three times the last one that is learned', ...many(49, 20), gives(40), gives(120)),
  example('twice the last one that is learned is usual', ...many(49, 20), gives(40), gives(80), gives(240)),
  example('a small one changes little', ...many(50, 80), gives(20), gives(239)),
  exampleWith({ minBytes: 90_000 }, 'too small to matter', ...many(50, 20), gives(90)),
  example('not yet learned', ...many(49, 20), gives(199)),
  example('always large', ...many(50, 190), gives(262)),
  example('in the second week', ...many(50, 50), gives(100), gives(150, weeks(1)), gives(301)),
  example('larger every week', ...grows(weeks(1)), gives(600)),
  example('a table', gives(60, { blankShare: 0.6, repeatedShare: 0.6, invisibleShare: 0.001 })),
  example('a short one', gives(19.999, { invisibleShare: 0.5 })),
]
