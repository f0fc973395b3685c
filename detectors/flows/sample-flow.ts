/** Example events of flows of data: calls of one agent one after the other, the requests they set off, what was found in their results. */

import { finds } from '../content/sample-content.ts'
import { hours, seconds } from '../rule.ts'
import { hashOf, type Sample, sample } from '../sample.ts'

type Words = NonNullable<Parameters<typeof sample<'tool.call'>>[1]>
export const traceOf = (letter: string): string => letter.repeat(32)
export const nobody = { trace: '', principal: '', client: '' } as const
export const stdio = { ...nobody, transport: 'stdio', producer: 'p1' } as const
const agent = { trace: traceOf('a'), principal: 'alice', client: 'ide' } as const
/** `n`: second of the example, which also names the request. */
const at = (n: number, tool: string) => ({ ...agent, ts: seconds(n), request: `${Math.floor(n)}`, tool })

export const calls = (n: number, tool: string, more: Words = {}): Sample =>
  sample('tool.call', { ...at(n, tool), decision: 'allow', ...more })
const WAY = ['fetch_url', 'read_mail', 'http_post']
/** A page, the mailbox, a message: a call a second. `more` may depend on its place. */
export const way = (n: number, more: Words | ((i: number) => Words) = {}): Sample[] =>
  WAY.map((tool, i) => calls(n + i, tool, typeof more === 'function' ? more(i) : more))
/** The same with an approval in each of so many hours; the last one begins an hour before second 18,000. */
export const usually = (times: number): Sample[] =>
  Array.from({ length: times }, (_, i) => way((5 - times + i) * (hours(1) / 1_000), { approvalRef: 'T-1' })).flat()
export const requests = (n: number, tool: string, destinationHost: string, more: object = {}): Sample =>
  sample('outbound.request', { ...at(n, tool), ipClass: 'public', destinationHost, ...more })
/** So many requests to one host. */
export const habits = (times: number): Sample[] =>
  Array.from({ length: times }, (_, i) => requests(i, 'http_post', 'crm.example'))
export const orders = (n: number, more: Parameters<typeof finds>[3] = {}): Sample =>
  finds('result', 'injection.command', 'malicious', { ...at(n, 'fetch_url'), ...more })
export const approves = (n: number, more: object = {}): Sample =>
  sample('approval.recorded', { ts: seconds(n), tool: 'http_post', approvalResult: 'approved', ...more })

const definition = (name: string, inputFields: string[], annotations: string[]) => ({
  name,
  hash: hashOf(name),
  inputFields,
  annotations,
})
export const defines = (name: string, inputFields: string[], ...annotations: string[]): Sample =>
  sample('tools.registry', { ts: 0, definitions: [definition(name, inputFields, annotations)] })
export const effects = (
  tool: string,
  effectKind: 'exec' | 'file_delete' | 'file_write',
  argumentMatch = false,
): Sample => sample('side_effect', { ts: 0, tool, effectKind, argumentMatch })
export const results = (tool: string, ...urlDomains: string[]): Sample =>
  sample('tool.result', { ts: 1, tool, urlDomains })
/** Somebody else does everything once: nothing of it adds up to a flow. */
export const others: readonly Sample[] = [
  requests(0, 'lore', 'x.example', { ...stdio, session: 's9', verb: 'GET', pathClass: 'api', argumentMatch: false }),
  results('quiet'),
  orders(1, {
    ...stdio,
    session: 's9',
    findingClass: 'unicode.bidi',
    verdict: 'suspicious',
    score: 0.5,
    parameterRole: 'text',
    contentPath: 'content[0].text',
    decodings: ['html'],
    validated: true,
  }),
  sample('approval.recorded', { ts: 2, tool: 'lore', approvalResult: 'approved' }),
  calls(3, 'lore', { ...stdio, session: 's9' }),
]
