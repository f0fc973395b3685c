/** Arguments carry orders to the model, or text that hides from people; many in a short time are an attack. */
import { z } from 'zod'
import { CONTENT_FIELDS, contentEvidence, contentSeverity, familyOf, sawContent } from '../../content-severity.ts'
import { wasRefused } from '../../finding.ts'
import { isManner, isMemory, isPoison } from '../../memory-tool.ts'
import { defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, type Sample } from '../../sample.ts'
import { finds, tagged } from '../../sample-content.ts'

const FAMILIES: ReadonlySet<string> = new Set(['injection', 'unicode', 'homoglyph', 'exfiltration'])
type Words = Parameters<typeof finds>[3]
/** One call with an order in its query. */
const asks = (n: number, more: Words = {}): Sample =>
  finds('arguments', 'injection.override', 'malicious', {
    request: `a${n}`,
    ts: 10_000 + n * 1_000,
    principal: 'alice',
    parameterRole: 'text',
    contentPath: 'args.query',
    ...more,
  })
const several = (count: number, more: Words = {}): Sample[] => Array.from({ length: count }, (_, n) => asks(n, more))

/** Times of the calls in which something was found, newest last. */
type Calls = { atMs: number[]; request: string }
const noCalls = (): Calls => ({ atMs: [], request: '' })
/** Answers whether there were more than `most` within the time. One call with many findings is one. */
function isBurst(e: { readonly ts: number; readonly request: string }, calls: Calls, most: number, withinMs: number) {
  if (e.request === '' || e.request !== calls.request) {
    calls.request = e.request
    calls.atMs.push(e.ts)
    while (calls.atMs.length > most + 1) calls.atMs.shift()
  }
  return calls.atMs.length > most && e.ts - calls.atMs[0]! < withinMs
}

export default defineRule({
  id: 'inj-002-direct-injection',
  version: 1,
  title: 'Injection or jailbreak in arguments',
  severity: 'medium',
  why: 'What stands in arguments came from a model: orders in it show that it was turned, or that it hands an attack on to the next model.',
  falsePositives: [
    'People who write about injection or work on it: quoted and described orders weigh little.',
    'Red teams: tag their principals `red_team`, then it is low and counts for nothing.',
    'Odd characters in a text that a person pasted: only malicious ones are medium.',
  ],
  blindSpots: [
    'The prompt of the user itself: only what became an argument reaches a server.',
    'Jailbreaks by role play or over many turns, which order nothing in one text.',
    'Bursts over several servers, each below the threshold.',
  ],
  triage: [
    'Which text did the model pass on, and where did it have it from: a user, a page, a mail?',
    'What did the call do, and what came of it?',
    'For a burst: who is it, and is it announced work of a red team?',
  ],
  refs: ['MCP06:2025', 'AML.T0051.000', 'AML.T0054'],
  asksInventory: true,
  requires: {
    'content.finding': [...CONTENT_FIELDS, 'tool', 'request', 'principal'],
  },
  occasional: ['content.finding', 'principal', 'parameterRole', 'decodings', 'validated', 'domains'],
  config: z.object({
    burst: z.int().min(1).max(64).default(10).describe('More calls with findings than this within burstMs are high.'),
    burstMs: z
      .int()
      .default(minutes(5))
      .describe('Time in which they count, by principal and by server, milliseconds.'),
  }),
  per: 'server',
  about: 'tool',
  ttl: minutes(60),
  cell: noCalls,
  beside: { caller: { per: 'caller', cell: noCalls } },
  where: (e) => e.surface === 'arguments' && FAMILIES.has(familyOf(e.findingClass)) && e.verdict !== 'benign',
  on: {
    'content.finding'(e, server, { burst, burstMs }, beside) {
      // A tool that remembers for others is judged by inj-008.
      const keeps = isMemory(e)
      if (keeps && isPoison(e.findingClass)) return
      const found = contentSeverity(e)
      if (found === undefined) return
      const what = { saw: sawContent(e), evidence: contentEvidence(e) }
      if (
        e.tagsOf('principals', e.principal).includes('red_team') ||
        found === 'low' ||
        (keeps && isManner(e.findingClass))
      )
        return { ...what, severity: 'low' }
      const isMany = isBurst(e, server, burst, burstMs)
      const isOfOne = isBurst(e, beside.caller, burst, burstMs)
      if (!isMany && !isOfOne) return { ...what, severity: wasRefused(e) ? 'low' : found }
      const whose = isOfOne ? 'of one principal' : 'on one server'
      return {
        ...what,
        severity: 'high',
        saw: `${what.saw}; more than ${burst} calls ${whose} in ${burstMs / 1_000} s`,
      }
    },
  },
  examples: {
    match: [
      example('an override in a query', asks(0)),
      example('a doubtful one', finds('arguments', 'injection.persona', 'suspicious', { domains: ['x.example'] })),
      example('invisible characters', finds('arguments', 'unicode.tag', 'malicious', { decodings: ['percent'] })),
      example('odd characters', finds('arguments', 'unicode.bidi', 'suspicious', { validated: true })),
      example('a link that carries talk away', finds('arguments', 'exfiltration.slot')),
      example('letters of two alphabets', finds('arguments', 'homoglyph.mixed_script', 'suspicious')),
      example('a refused call', asks(0, { decision: 'deny' })),
      example('eleven calls in five minutes', ...several(11)),
      example('ten calls', ...several(10)),
      example('eleven findings in one call are one', ...several(11, { request: 'r1' })),
      example('the eleventh comes a millisecond before five minutes', ...several(10), asks(10, { ts: 309_999 })),
      example('the eleventh comes after five minutes', ...several(10), asks(10, { ts: 310_000 })),
      example('eleven people', ...Array.from({ length: 11 }, (_, n) => asks(n, { principal: `p${n}` }))),
      exampleWith({ burst: 1, burstMs: 2_000 }, 'two, where one is the most', asks(0), asks(1)),
      example('a manner of answering is remembered', asks(0, { tool: 'add_memory', findingClass: 'injection.answer' })),
      example(
        'a marker of a turn is remembered',
        asks(0, { tool: 'add_memory', findingClass: 'injection.role_marker' }),
      ),
      example('a red team', tagged('principals', '616c696365=red_team'), ...several(11)),
    ],
    noMatch: [
      example('a request to summarise an article about jailbreaks', finds('arguments', 'injection.persona', 'benign')),
      example('an order in a result is the business of inj-001', finds('result', 'injection.override')),
      example('an attack on the program is the business of inj-003', finds('arguments', 'attack.sql_injection')),
      example(
        'a memory is the business of inj-008',
        tagged('tools', 'notes=persistent_memory'),
        asks(0, { tool: 'notes' }),
      ),
      example('a detector that cannot say', finds('arguments', 'injection.override', 'unknown')),
    ],
  },
})
