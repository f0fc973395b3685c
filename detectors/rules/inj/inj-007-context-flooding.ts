/** A result fills the window of the model: far larger than usual, or long and empty, repeated, invisible. */
import { z } from 'zod'
import { noteUsual, nothingUsual } from '../../content/usual-value.ts'
import { days, defineRule } from '../../rule.ts'
import { match, noMatch } from './examples/inj-007-context-flooding.ts'

const LONG_BYTES = 20_000

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
  examples: { match, noMatch },
})
