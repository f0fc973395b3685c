/** The mirrored headers of a request say something else than its body. */
import { z } from 'zod'
import { isLately, never, noteLately } from '../../lately.ts'
import { defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { isRefusedMismatch, judgeHeaders, noMismatches, noteSuccess } from '../../transport/mirrored-headers.ts'

type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const who = { principal: 'alice' }
const request = (at: number, more: Request) =>
  sample('http.request', { ...who, ts: minutes(at), method: 'tools/call', processed: true, ...more })
const ran = (more: Request) => request(0, { tool: 'execute_sql', headerCheck: 'mismatch', outcome: 'ok', ...more })
const NAME = ['mcp-name']
const VERSION = 'mcp-protocol-version'
const refused = (at: number, more: Request = {}) =>
  request(at, {
    errorCode: '-32020',
    outcome: 'protocol_error',
    headerCheck: 'mismatch',
    headerMismatches: NAME,
    ...more,
  })
const lists = (at: number, more: Request = {}) => request(at, { method: 'tools/list', outcome: 'ok', ...more })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const result = (at: number, more: Result = {}) =>
  sample('tool.result', { ...who, ts: minutes(at), outcome: 'ok', ...more })
/** Only where a server refused something within this time are harmless requests looked at. */
const LOOKED_BACK_MS = hours(1)

export default defineRule({
  id: 'trn-002-header-mismatch',
  version: 1,
  title: 'Headers and body disagree',
  severity: 'high',
  why: 'A gateway decides by the headers and the server acts by the body: between the two, policy is blind.',
  falsePositives: [
    'An old schema: the client is refused, asks for the tools anew and succeeds. That ends the counting.',
    'A client that leaves the headers out: low, where the server does not mind.',
  ],
  blindSpots: [
    'Servers that do not compare, and of which nobody sees the headers.',
    'Legacy requests have no mirrored headers.',
    'Senders without principal, source address or session.',
  ],
  triage: [
    'What does the gateway in front allow by Mcp-Name and Mcp-Method? Compare with what the body asked for.',
    'Make the server refuse with -32020, as the specification demands.',
  ],
  refs: ['MCP05:2025', 'MCP07:2025', 'T1036'],
  requires: {
    'http.request': [
      ...(['principal', 'sourceAddress', 'session', 'method', 'tool'] as const),
      ...(['headerCheck', 'headerMismatches', 'processed', 'errorCode', 'refusal'] as const),
    ],
    'tool.result': ['principal', 'sourceAddress', 'session'],
  },
  occasional: ['headerMismatches', 'refusal', 'errorCode', 'tool', 'tool.result', 'principal', 'session'],
  applies: { eras: ['modern'], transports: ['http', 'sse_legacy'] },
  config: z.object({
    burst: z.int().min(2).max(16).default(3).describe('Refusals of one sender that are more than an old schema.'),
    burstMs: z.int().default(minutes(10)).describe('Time in which they count, milliseconds.'),
  }),
  per: 'asker',
  ttl: hours(2),
  cooldown: hours(1),
  cell: noMismatches,
  beside: {
    refused: {
      per: 'server',
      cell: never,
      on: { 'http.request': (e, cell) => noteLately(isRefusedMismatch(e), e.ts, cell) },
    },
  },
  where: (e, { refused }) => {
    if (e.type === 'tool.result') return e.outcome === 'ok' && isLately(e.ts, refused, LOOKED_BACK_MS)
    const isBad = e.headerCheck === 'mismatch' || e.headerCheck === 'missing' || isRefusedMismatch(e)
    return isBad || (e.method === 'tools/list' && isLately(e.ts, refused, LOOKED_BACK_MS))
  },
  on: {
    'http.request': (e, cell, config) => judgeHeaders(e, cell, config),
    'tool.result': (_, cell) => noteSuccess(cell),
  },
  examples: {
    match: [
      graded('high', example('Mcp-Name says get_weather, execute_sql runs', ran({ headerMismatches: NAME }))),
      graded('high', example('it runs and fails', ran({ headerMismatches: NAME, outcome: 'tool_error' }))),
      graded('high', example('nobody says which header', ran({ outcome: '' }))),
      graded('high', example('version and name', ran({ headerMismatches: [VERSION, ...NAME] }))),
      graded('medium', example('the version alone', ran({ headerMismatches: [VERSION] }))),
      graded('low', example('a header is missing', ran({ headerCheck: 'missing', headerMismatches: NAME }))),
      graded('medium', example('three refusals', refused(0), refused(5), refused(9.999))),
      graded(
        'medium',
        example(
          'told by the edge',
          ...[0, 1, 2].map((at) =>
            refused(at, { errorCode: '400', refusal: 'header_mismatch', headerCheck: 'not_checked' }),
          ),
        ),
      ),
      example('the tools are asked for, and it goes on', refused(0), refused(1), lists(2), refused(3)),
      example('another list', refused(0), refused(1), lists(2, { method: 'prompts/list' }), result(2), refused(3)),
      example('a call that succeeds without asking', refused(0), refused(1), result(2), refused(3)),
      example('asked for, refused again, then a success', refused(0), lists(1), refused(2), result(3), refused(4)),
      example('somebody else asks', refused(0), refused(1), lists(2, { principal: 'bob' }), result(2), refused(3)),
      example(
        'somebody else succeeds',
        refused(0),
        refused(1),
        lists(2),
        result(2, { principal: 'bob', session: 's' }),
        refused(3),
      ),
      example('the call fails', refused(0), refused(1), lists(2), result(2, { outcome: 'tool_error' }), refused(3)),
      example('the list fails', refused(0), refused(1), lists(2, { outcome: 'protocol_error' }), result(2), refused(3)),
      exampleWith({ burst: 2 }, 'two, when so configured', refused(0), refused(1)),
    ],
    noMatch: [
      example('one refusal, the tools anew, then a success', refused(0), lists(1), result(2)),
      example('three old schemas', ...[0, 3, 6].flatMap((at) => [refused(at), lists(at + 1), result(at + 2)])),
      example('two refusals', refused(0), refused(1)),
      example('three in ten minutes', refused(0), refused(5), refused(10)),
      example('they agree', ran({ headerCheck: 'ok' }), ran({ headerCheck: 'not_checked' })),
      example('it did not reach a handler', ran({ processed: false })),
      example('it was cancelled', ran({ outcome: 'cancelled' })),
      example(
        'by several',
        ...[0, 1, 2].map((at) => refused(at, { principal: '', sourceAddress: `a${at}`, session: 's' })),
      ),
      example(
        'others',
        result(0, { principal: '', sourceAddress: 'a1' }),
        refused(1),
        refused(1, { principal: 'bob' }),
      ),
    ],
  },
})
