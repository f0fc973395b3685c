/** A result fills the window of the model: far larger than usual, or long and empty, repeated, invisible. */
import { z } from 'zod'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, type Sample, sample } from '../../sample.ts'
import { tagged } from '../../sample-content.ts'
import { noteUsual, nothingUsual } from '../../usual-value.ts'

type Words = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const KB = 1_000
const LONG_BYTES = 20_000
const gives = (kb: number, more: Words = {}): Sample =>
  sample('tool.result', { tool: 'search', bytes: kb * KB, outcome: 'ok', ...more })
const many = (n: number, kb: number): Sample[] => Array.from({ length: n }, () => gives(kb))
const weeks = (n: number) => ({ ts: n * days(7) + minutes(1) })
const bulk = tagged('tools', 'export=bulk')
const small = { minBytes: 50_000 }

export default defineRule({
  id: 'inj-007-context-flooding',
  version: 1,
  title: 'Result floods the context',
  severity: 'medium',
  why: 'What does not fit drops out of the window: a result of a megabyte makes a model forget its user and its rules, and costs money.',
  falsePositives: [
    'Exports and other bulk tools: tag them `bulk`; then only long texts that say nothing are reported.',
    'Tools whose results are always large: what is usual for a tool is learned, and a size that is usual is not reported.',
    'Tables and source code are blank in part: only long texts that are blank for the most part count.',
  ],
  blindSpots: [
    'Many results of ordinary size, and results larger than was read: sizes end at 262,144 bytes.',
    'Texts that repeat themselves in other words. Servers that are seen by foreign telemetry only, which tell no sizes.',
  ],
  triage: [
    'What is in the result: data, or filling around a sentence (inj-001)?',
    'Which argument or source made it that large?',
    'Make the tool page its results.',
  ],
  refs: ['MCP06:2025', 'MCP10:2025', 'AML.T0080', 'AML.T0029'],
  asksInventory: true,
  requires: { 'tool.result': ['tool', 'bytes', 'blankShare', 'repeatedShare', 'invisibleShare'] },
  occasional: ['blankShare', 'repeatedShare', 'invisibleShare'],
  config: z.object({
    maxBytes: z.int().default(200_000).describe('A result above it is large, until its tool has a usual size.'),
    minBytes: z.int().default(50_000).describe('A result of less is never reported for its size.'),
    factor: z.number().min(1).default(3).describe('How many times the usual size is too large.'),
    learn: z.int().min(1).default(50).describe('Results of a tool until its usual size counts.'),
    emptyShare: z.number().default(0.6).describe('Share of a long text that is blank, or stood in it before.'),
    invisibleShare: z.number().default(0.001).describe('Share of a long text that nobody sees.'),
  }),
  per: 'tool',
  ttl: days(30),
  cell: nothingUsual,
  // Smaller ones fill no window, and shares are told of long texts only.
  where: (e) => e.bytes >= LONG_BYTES,
  on: {
    'tool.result'(e, sizes, config) {
      const { bytes, blankShare, repeatedShare, invisibleShare } = e
      const { seen } = sizes
      const usual = noteUsual(sizes, bytes, e.ts, config.learn)
      const isLearned = seen >= config.learn
      const limit = isLearned ? Math.max(usual * config.factor, config.minBytes) : config.maxBytes
      const empty = [
        ...(blankShare > config.emptyShare ? ['blank'] : []),
        ...(repeatedShare > config.emptyShare ? ['repeated'] : []),
        ...(invisibleShare > config.invisibleShare ? ['invisible'] : []),
      ]
      if (empty.length === 0 && (bytes <= limit || e.tagsOf('tools', e.tool).includes('bulk'))) return
      return {
        saw: empty.length > 0 ? `a text of ${bytes} bytes, mostly ${empty.join(', ')}` : `a result of ${bytes} bytes`,
        expected: empty.length > 0 ? 'text that says something' : `at most ${Math.round(limit)} bytes`,
        evidence: {
          baseline: Math.round(usual),
          observed: bytes,
          samples: seen,
          blankShare,
          repeatedShare,
          invisibleShare,
        },
      }
    },
  },
  examples: {
    match: [
      example('a megabyte of spaces and an order', gives(262, { blankShare: 0.98 })),
      example('more than is large', gives(200.001)),
      example('more than three times the usual', ...many(50, 20), gives(60.001)),
      exampleWith(
        small,
        'a bulk tool whose text repeats itself',
        bulk,
        gives(300, { tool: 'export', repeatedShare: 0.601 }),
      ),
      example('characters that nobody sees', gives(30, { invisibleShare: 0.0011 })),
      example('large, before a usual size is learned', ...many(49, 20), gives(201)),
      example('small steps make nothing usual', ...many(50, 50), gives(99), gives(140), gives(262), gives(301)),
      example('a week later it may be more', ...many(50, 50), gives(100), gives(150, weeks(1)), gives(262), gives(601)),
    ],
    noMatch: [
      example('an export of 300 kB', bulk, gives(300, { tool: 'export' })),
      example('just large', gives(200)),
      example('three times the usual', ...many(50, 20), gives(60)),
      exampleWith({ minBytes: 90_000 }, 'too small to matter', ...many(50, 20), gives(90)),
      example('not yet learned', ...many(49, 20), gives(199)),
      example('always large', ...many(50, 190), gives(262)),
      example('larger every week', ...many(50, 50), gives(100), gives(150, weeks(1)), gives(262), gives(600)),
      example('a table', gives(60, { blankShare: 0.6, repeatedShare: 0.6, invisibleShare: 0.001 })),
      example('a short one', gives(19.999, { invisibleShare: 0.5 })),
    ],
  },
})
