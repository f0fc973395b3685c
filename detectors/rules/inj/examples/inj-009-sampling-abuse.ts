/** Examples of inj-009: prompts with orders in them; how often, how much and how deep a tool asks, declared or not. */

import { finds, tagged } from '../../../content/sample-content.ts'
import { days, type Example, minutes, seconds } from '../../../rule.ts'
import { allGraded, counted, example, exampleWith, type Sample, sample } from '../../../sample.ts'

type Words = NonNullable<Parameters<typeof sample<'sampling.requested'>>[1]>
const asks = (more: Words = {}): Sample =>
  sample('sampling.requested', { tool: 'weather', depth: 1, maxTokens: 500, ...more })
/** So many, a second apart, the first at second `from`. */
const burst = (times: number, from = 0, more: Words = {}): Sample[] =>
  Array.from({ length: times }, (_, i) => asks({ ts: seconds(from + i) + 2, ...more }))
const spread = (times: number, more: Words = {}): Sample[] =>
  Array.from({ length: times }, (_, i) => asks({ ts: minutes(i) + 2, ...more }))
const ONE = { perMinute: 1 }
const TEN = { declaredPerMinute: 10 }
const big = (maxTokens: number, usual = 3_000, learned = 20): Sample[] => [
  ...spread(learned, { maxTokens: usual }),
  asks({ ts: 2e6, maxTokens }),
]
const says = (kind: string, more: Parameters<typeof finds>[3] = {}) => finds('sampling', kind, 'malicious', more)
const agent = tagged('tools', 'weather=uses_sampling')
const all = { includeContext: 'allServers' } as const
const unnamed = { tool: '' }

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example('a weather tool samples with an order to send data away', says('injection.recipient')),
    example('a link', says('exfiltration.slot', { parameterRole: 'text', decodings: ['html'] })),
  ),
  ...allGraded(
    'medium',
    example('invisible characters in a prompt', says('unicode.tag', { contentPath: 'systemPrompt', tool: '' })),
    example('homoglyphs', says('homoglyph.mixed_script', { domains: ['x.example'], validated: true })),
    counted(2, exampleWith({ isStrict: true }, 'again and again', asks(), asks())),
    example('six open at once', agent, asks({ depth: 6 })),
    example('six open at once and the context of all servers', agent, asks({ depth: 6, ...all })),
    example('the context of all servers, for a tool that nobody declared', asks(all)),
    example('too many tokens', agent, asks({ maxTokens: 200_001 })),
    example('more than four times the usual', agent, ...big(12_001)),
    example('more than is never too many', agent, ...big(8_193, 5)),
    exampleWith(TEN, 'a declared tool far too often', agent, ...burst(11)),
    exampleWith(TEN, 'a millisecond before the minute is over', agent, ...burst(10), asks({ ts: 60_001 })),
    exampleWith(ONE, 'more than three times the usual', agent, ...spread(20), ...burst(4, 1_300)),
    exampleWith({ perMinute: 4 }, 'more than anybody may', agent, ...spread(20), ...burst(5, 1_300)),
    example('twenty-one in a minute', ...burst(21)),
    example('twenty-one of a server outside any call', ...burst(21, 0, unnamed)),
  ),
  ...allGraded(
    'low',
    example('a tool that nobody declared', asks()),
    counted(1, example('twice a day', asks({ ts: 2 }), asks({ ts: days(1) + 1 }))),
    counted(2, example('a day later', asks({ ts: 2 }), asks({ ts: days(1) + 2 }))),
    counted(2, example('a tool, and a server outside any call', asks(), asks(unnamed))),
    counted(2, example('two tools', asks(), asks({ tool: 'clock' }))),
    example('twenty in a minute', ...burst(20)),
    example('twenty of a tool and one of its server', ...burst(20), asks({ ...unnamed, ts: 30_000 })),
    example('the context of all servers', agent, asks(all)),
  ),
]
export const noMatch: readonly Example[] = [
  example('a declared agent, two rounds', agent, asks(), asks({ depth: 2, includeContext: 'thisServer' })),
  example('five open at once', agent, asks({ depth: 5 })),
  example('many tokens', agent, asks({ maxTokens: 200_000 })),
  example('four times the usual', agent, ...big(12_000)),
  example('more than four times, before it is learned', agent, ...big(12_001, 3_000, 19)),
  example('few tokens are never too many', agent, ...big(8_192, 5)),
  exampleWith(TEN, 'a declared tool, often', agent, ...burst(10)),
  exampleWith(TEN, 'the minute is over', agent, ...burst(10), asks({ ts: 60_002 })),
  exampleWith(ONE, 'three times the usual', agent, ...spread(20), ...burst(3, 1_300)),
  exampleWith({ perMinute: 4 }, 'as often as anybody may', agent, ...spread(20), ...burst(4, 1_300)),
  exampleWith(ONE, 'a burst before it is learned', agent, ...spread(19), ...burst(4, 1_300)),
  example('slowly', agent, ...spread(60)),
  example('a secret is the business of tok-015', says('secret.github_token')),
  example('an order in a result', finds('result', 'injection.recipient')),
  example('a doubtful word', finds('sampling', 'injection.priority', 'benign')),
]
