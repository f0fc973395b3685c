/** A server asks the client's model for more, deeper or other things than its tools are for. */
import { z } from 'zod'
import {
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  familyOf,
  RARE_FACTS,
  sawContent,
} from '../../content-severity.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, type Sample, sample } from '../../sample.ts'
import { finds, tagged } from '../../sample-content.ts'
import { judgeSampling, noSamples } from '../../sampling.ts'
import { nothingUsual } from '../../usual-value.ts'

const FAMILIES: ReadonlySet<string> = new Set(['injection', 'unicode', 'homoglyph', 'exfiltration'])
type Words = NonNullable<Parameters<typeof sample<'sampling.requested'>>[1]>
const asks = (more: Words = {}): Sample =>
  sample('sampling.requested', { tool: 'weather', depth: 1, maxTokens: 500, ...more })
/** So many, a second apart, the first at second `from`. */
const burst = (times: number, from = 0, more: Words = {}): Sample[] =>
  Array.from({ length: times }, (_, i) => asks({ ts: (from + i) * 1_000 + 2, ...more }))
const spread = (times: number, more: Words = {}): Sample[] =>
  Array.from({ length: times }, (_, i) => asks({ ts: i * 60_000 + 2, ...more }))
const ONE = { perMinute: 1 }
const big = (maxTokens: number, usual = 3_000): Sample[] => [
  ...spread(20, { maxTokens: usual }),
  asks({ ts: 2e6, maxTokens }),
]
const says = (kind: string, more: Parameters<typeof finds>[3] = {}) => finds('sampling', kind, 'malicious', more)
const agent = tagged('tools', 'weather=uses_sampling')

export default defineRule({
  id: 'inj-009-sampling-abuse',
  version: 1,
  title: 'Sampling abuse',
  severity: 'medium',
  why: 'With sampling a server speaks to the model of its user, at their cost and with their trust: it can order, drain, and read what other servers said.',
  falsePositives: [
    'Tools that are agents: tag them `uses_sampling`; they are measured by what is usual for themselves.',
    'A tool that nobody declared is low, once a day, unless isStrict is on.',
  ],
  blindSpots: [
    'What the model answered, and whether a person was shown the request first.',
    'Sampling of servers that ask a model of their own.',
  ],
  triage: [
    'Which tool asks, since which build, and with which system prompt (its hash)?',
    'Did a person see and approve the requests at the client?',
    'Switch sampling off for this server until its author explains it; it is deprecated.',
  ],
  refs: ['MCP06:2025', 'AML.T0034', 'AML.T0051'],
  asksInventory: true,
  requires: {
    'sampling.requested': ['tool', 'depth', 'maxTokens', 'includeContext'],
    'content.finding': [...CONTENT_FIELDS, 'tool'],
  },
  occasional: ['sampling.requested', 'content.finding', 'includeContext', 'domains', ...RARE_FACTS],
  config: z.object({
    perMinute: z.int().min(1).max(100).default(20).describe('Requests of one tool in a minute.'),
    declaredPerMinute: z
      .int()
      .min(1)
      .max(127)
      .default(60)
      .describe('The same for a declared tool, until its usual rate is known.'),
    maxDepth: z.int().default(5).describe('Requests of one call that are open at once.'),
    maxTokens: z.int().default(200_000).describe('Tokens asked for, until the usual number of a tool is known.'),
    minTokens: z.int().default(8_192).describe('So many tokens are never too many.'),
    isStrict: z.boolean().default(false).describe('Sampling of a tool that nobody declared is medium, each time.'),
  }),
  per: 'server',
  about: 'tool',
  ttl: days(30),
  cell: noSamples,
  beside: {
    tool: { per: 'tool', cell: noSamples },
    rates: { per: 'tool', cell: nothingUsual },
    tokens: { per: 'tool', cell: nothingUsual },
  },
  where: (e) => e.type === 'sampling.requested' || (e.surface === 'sampling' && FAMILIES.has(familyOf(e.findingClass))),
  on: {
    'sampling.requested'(e, server, config, beside) {
      const isDeclared = e.tagsOf('tools', e.tool).includes('uses_sampling')
      // Outside any call there is no tool: then it is the server that asks.
      const samples = e.tool === '' ? server : beside.tool
      const reasons = judgeSampling(e, isDeclared, samples, beside.rates, beside.tokens, config)
      const evidence = { depth: e.depth, maxTokens: e.maxTokens, context: e.includeContext }
      const expected = isDeclared
        ? 'what is usual for this tool'
        : 'a tool that is declared to sample, and few requests'
      if (reasons.length > 0)
        return { severity: reasons[0]!.severity, saw: reasons.map(({ text }) => text).join('; '), expected, evidence }
      if (isDeclared || (!config.isStrict && samples.toldMs > 0 && e.ts - samples.toldMs < days(1))) return
      samples.toldMs = e.ts
      return {
        severity: config.isStrict ? 'medium' : 'low',
        saw: `sampling by ${e.tool || 'the server'}`,
        expected,
        evidence,
      }
    },
    'content.finding'(e) {
      const severity = contentSeverity(e)
      return (
        severity && { severity, saw: sawContent(e), expected: 'a prompt without orders', evidence: contentEvidence(e) }
      )
    },
  },
  examples: {
    match: [
      example('a weather tool samples with an order to send data away', says('injection.recipient')),
      example('invisible characters in a prompt', says('unicode.tag', { contentPath: 'systemPrompt', tool: '' })),
      example('a tool that nobody declared', asks()),
      example('a server outside any call', asks({ tool: '' })),
      exampleWith({ isStrict: true }, 'again and again', asks(), asks()),
      example('a day later', asks({ ts: 2 }), asks({ ts: days(1) + 2 })),
      example('six open at once', agent, asks({ depth: 6 })),
      example('the context of all servers', agent, asks({ includeContext: 'allServers' })),
      example('of a tool that nobody declared', asks({ includeContext: 'allServers' })),
      example('too many tokens', agent, asks({ maxTokens: 200_001 })),
      example('more than four times the usual', agent, ...big(12_001)),
      exampleWith({ declaredPerMinute: 10 }, 'a declared tool far too often', agent, ...burst(11)),
      exampleWith(ONE, 'more than three times the usual', agent, ...spread(20), ...burst(4, 1_300)),
      example('twenty-one in a minute', ...burst(21)),
      example('homoglyphs', says('homoglyph.mixed_script', { domains: ['x.example'], validated: true })),
      example('a link', says('exfiltration.slot', { parameterRole: 'text', decodings: ['html'] })),
    ],
    noMatch: [
      example('a declared agent, two rounds', agent, asks(), asks({ depth: 2, includeContext: 'thisServer' })),
      example('five open at once', agent, asks({ depth: 5 })),
      example('many tokens', agent, asks({ maxTokens: 200_000 })),
      example('four times the usual', agent, ...big(12_000)),
      example('few tokens are never too many', agent, ...big(8_192, 5)),
      exampleWith({ declaredPerMinute: 10 }, 'a declared tool, often', agent, ...burst(10)),
      exampleWith(ONE, 'three times the usual', agent, ...spread(20), ...burst(3, 1_300)),
      exampleWith(ONE, 'a burst before it is learned', agent, ...spread(19), ...burst(4, 1_300)),
      example('slowly', agent, ...spread(60)),
      example('a secret is the business of tok-015', says('secret.github_token')),
      example('an order in a result', finds('result', 'injection.recipient')),
      example('a doubtful word', finds('sampling', 'injection.priority', 'benign')),
    ],
  },
})
