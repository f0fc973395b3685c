/** Examples of inj-002: what stands in arguments, who passes it, and how often in how short a time. */

import { finds, tagged } from '../../../content/sample-content.ts'
import type { Example } from '../../../rule.ts'
import { allGraded, example, exampleWith, type Sample } from '../../../sample.ts'

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
const redTeam = tagged('principals', '616c696365=red_team')
const refused = { decision: 'deny' } as const
const remembers = (kind: string): Words => ({ tool: 'add_memory', findingClass: `injection.${kind}` })

export const match: readonly Example[] = [
  ...allGraded(
    'high',
    example('eleven calls in five minutes', ...several(11)),
    example('the eleventh comes a millisecond before five minutes', ...several(10), asks(10, { ts: 309_999 })),
    example('eleven people', ...Array.from({ length: 11 }, (_, n) => asks(n, { principal: `p${n}` }))),
    example('eleven refused calls', ...several(11, refused)),
    example('eleven calls whose requests nobody names', ...several(11, { request: '' })),
    exampleWith({ burst: 1, burstMs: 2_000 }, 'two, where one is the most', asks(0), asks(1)),
  ),
  ...allGraded(
    'medium',
    example('an override in a query', asks(0)),
    example('a doubtful one', finds('arguments', 'injection.persona', 'suspicious', { domains: ['x.example'] })),
    example('a doubtful one in base64', finds('arguments', 'injection.persona', 'suspicious', { decodings: ['hex'] })),
    example('a manner of answering is asked for', asks(0, { findingClass: 'injection.answer' })),
    example('invisible characters', finds('arguments', 'unicode.tag', 'malicious', { decodings: ['percent'] })),
    example('a link that carries talk away', finds('arguments', 'exfiltration.slot')),
    example('ten calls', ...several(10)),
    example('eleven findings in one call are one', ...several(11, { request: 'r1' })),
    example('the eleventh comes after five minutes', ...several(10), asks(10, { ts: 310_000 })),
    example('a marker of a turn is remembered', asks(0, remembers('role_marker'))),
  ),
  ...allGraded(
    'low',
    example('odd characters', finds('arguments', 'unicode.bidi', 'suspicious', { validated: true })),
    example('odd characters in eleven calls', ...several(11, { findingClass: 'unicode.bidi', verdict: 'suspicious' })),
    example('letters of two alphabets', finds('arguments', 'homoglyph.mixed_script', 'suspicious')),
    example('a doubtful link', finds('arguments', 'exfiltration.slot', 'suspicious')),
    example('a refused call', asks(0, refused)),
    example('a manner of answering is remembered', asks(0, remembers('answer'))),
    example('a red team', redTeam, ...several(11)),
  ),
]
export const noMatch: readonly Example[] = [
  example('a request to summarise an article about jailbreaks', finds('arguments', 'injection.persona', 'benign')),
  example('an order in a result is the business of inj-001', finds('result', 'injection.override')),
  example('an attack on the program is the business of inj-003', finds('arguments', 'attack.sql_injection')),
  example(
    'a memory is the business of inj-008',
    tagged('tools', 'notes=persistent_memory'),
    asks(0, { tool: 'notes' }),
  ),
  example('a detector that cannot say', finds('arguments', 'injection.override', 'unknown')),
]
