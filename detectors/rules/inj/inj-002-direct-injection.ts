/** Arguments carry orders to the model, or text that hides from people; many in a short time are an attack. */
import { z } from 'zod'
import {
  CONTENT_FIELDS,
  contentEvidence,
  contentSeverity,
  familyOf,
  sawContent,
} from '../../content/content-severity.ts'
import { isManner, isMemory, isPoison } from '../../content/memory-tool.ts'
import { wasRefused } from '../../finding.ts'
import { defineRule, minutes, NEVER } from '../../rule.ts'
import { match, noMatch } from './examples/inj-002-direct-injection.ts'

const FAMILIES: ReadonlySet<string> = new Set(['injection', 'unicode', 'homoglyph', 'exfiltration'])

/** Times of the calls in which something was found, newest last. */
type Calls = { atMs: number[]; request: string }
const noCalls = (): Calls => ({ atMs: [], request: '' })
/** Answers whether there were more than `most` within the time. One call with many findings is one. */
function isBurst(e: { readonly ts: number; readonly request: string }, calls: Calls, most: number, withinMs: number) {
  if (e.request === '' || e.request !== calls.request) calls.atMs = [...calls.atMs, e.ts].slice(-most - 1)
  calls.request = e.request
  return e.ts - (calls.atMs.at(-most - 1) ?? NEVER) < withinMs
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
      .describe('Time in which they count, milliseconds. Those of one principal are among those of the server.'),
  }),
  per: 'server',
  about: 'tool',
  ttl: minutes(60),
  cell: noCalls,
  where: (e) => e.surface === 'arguments' && FAMILIES.has(familyOf(e.findingClass)) && contentSeverity(e) !== undefined,
  on: {
    'content.finding'(e, server, { burst, burstMs }) {
      // A tool that remembers for others is judged by inj-008.
      const keeps = isMemory(e)
      if (keeps && isPoison(e.findingClass)) return
      const found = contentSeverity(e)!
      const what = {
        saw: sawContent(e),
        expected: 'arguments without orders to the model',
        evidence: contentEvidence(e),
      }
      if (
        found === 'low' ||
        e.tagsOf('principals', e.principal).includes('red_team') ||
        (keeps && isManner(e.findingClass))
      )
        return { ...what, severity: 'low' }
      if (!isBurst(e, server, burst, burstMs)) return { ...what, severity: wasRefused(e) ? 'low' : found }
      return { ...what, severity: 'high', saw: `${what.saw}; more than ${burst} calls in ${burstMs / 1_000} s` }
    },
  },
  examples: { match, noMatch },
})
