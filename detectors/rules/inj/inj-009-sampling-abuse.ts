/** A server asks the client's model for more, deeper or other things than its tools are for. */
import { z } from 'zod'
import {
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  familyOf,
  RARE_FACTS,
  sawContent,
} from '../../content/content-severity.ts'
import { judgeSampling, noSamples } from '../../content/sampling.ts'
import { nothingUsual } from '../../content/usual-value.ts'
import { days, defineRule } from '../../rule.ts'
import { match, noMatch } from './examples/inj-009-sampling-abuse.ts'

const FAMILIES: ReadonlySet<string> = new Set(['injection', 'unicode', 'homoglyph', 'exfiltration'])

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
      const expected = 'a tool that is declared to sample, and asks no more than is usual for it'
      if (reasons.length > 0)
        return { severity: reasons[0]!.severity, saw: reasons.map(({ text }) => text).join('; '), expected, evidence }
      if (isDeclared || (!config.isStrict && e.ts - samples.toldMs < days(1))) return
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
  examples: { match, noMatch },
})
