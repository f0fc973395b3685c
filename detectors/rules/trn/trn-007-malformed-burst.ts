/** One sender makes many malformed requests of many kinds within minutes. */
import { z } from 'zod'
import { noReleases, noteRelease } from '../../access/client-releases.ts'
import { defineRule, hours, minutes, seconds } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { isMalformed, judgeErrors, noErrors } from '../../transport/protocol-errors.ts'

type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const who = { principal: 'alice', client: 'ide' }
const request = (at: number, method: string, more: Request = {}) =>
  sample('http.request', { ...who, ts: seconds(at), method, errorCode: '-32602', ...more })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const result = (at: number, contentHmac: string, more: Result = {}) =>
  sample('tool.result', {
    ...who,
    ts: seconds(at),
    method: 'tools/call',
    tool: 'q',
    errorCode: '-32602',
    contentHmac,
    ...more,
  })
const read = (at: number, contentHmac: string) =>
  sample('resource.read', { ...who, ts: seconds(at), method: 'resources/read', errorCode: '-32600', contentHmac })
const got = (at: number, contentHmac: string) =>
  sample('prompt.get', { ...who, ts: seconds(at), method: 'prompts/get', errorCode: '-32700', contentHmac })
/** So many events, four a second; `kind` is the number of its kind. */
const burst = <T>(n: number, kinds: number, one: (at: number, kind: number) => T) =>
  Array.from({ length: n }, (_, i) => one(i / 4, i % kinds))
const released = (at: number, deployedClient: string, server?: string) =>
  sample('deployment.event', { ts: minutes(at), deployedClient, ...(server && { server }) })
const fuzz = (n: number, kinds: number, more: Request = {}) =>
  burst(n, kinds, (at, kind) => request(at, `m${kind}`, more))
const CODES = ['-32700', '-32600', '-32602']
const other = { principal: 'bob', client: 'cli', sourceAddress: 'a1', session: 's1', method: 'x', errorCode: '-32603' }
const keys = ['principal', 'client', 'sourceAddress', 'session', 'method', 'errorCode'] as const

export default defineRule({
  id: 'trn-007-malformed-burst',
  version: 1,
  title: 'Burst of malformed requests',
  severity: 'low',
  why: 'Who sends malformed requests of many kinds looks for the one that the server does not survive.',
  falsePositives: [
    'A broken client repeats the same mistake: fewer than five kinds of error are none of this.',
    'A release of the client within an hour: feed in its deployment.',
  ],
  blindSpots: [
    'Slower than fifty in five minutes, or from many addresses.',
    'Errors that the server answers in words of its own, without a code of JSON-RPC.',
    'Senders without principal, source address or session.',
  ],
  triage: [
    'Is it a test of your own?',
    'Did the server crash, hang or answer oddly in that time?',
    'Block the sender.',
  ],
  refs: ['MCP05:2025', 'T1499'],
  requires: {
    'http.request': keys,
    'tool.result': [...keys, 'tool', 'contentHmac'],
    'resource.read': [...keys, 'contentHmac'],
    'prompt.get': [...keys, 'contentHmac'],
    'deployment.event': ['deployedClient'],
  },
  occasional: [...keys, 'contentHmac', 'resource.read', 'prompt.get', 'deployedClient'],
  producerGaps: { 'deployment.event': 'comes only by ingest, from the pipeline' },
  applies: { transports: ['http', 'sse_legacy'] },
  config: z.object({
    errors: z.int().min(2).max(64).default(50).describe('Malformed requests of one sender.'),
    withinMs: z.int().default(minutes(5)).describe('Time in which they count, milliseconds.'),
    fewShapes: z.int().default(5).describe('Kinds of error from which it is reported.'),
    manyShapes: z.int().default(20).describe('Kinds of error that only fuzzing makes: medium.'),
    releaseMs: z.int().default(hours(1)).describe('How far from a release of the client errors are its own.'),
  }),
  per: 'asker',
  ttl: hours(1),
  cooldown: hours(1),
  cell: noErrors,
  beside: {
    releases: { per: 'server', ttl: hours(3), cell: noReleases, on: { 'deployment.event': noteRelease } },
    everywhere: { per: 'fleet', ttl: hours(3), cell: noReleases, on: { 'deployment.event': noteRelease } },
  },
  where: (e) => e.type !== 'deployment.event' && isMalformed(e.errorCode),
  on: {
    'http.request': (e, cell, config, beside) => judgeErrors(e, '', cell, config, beside),
    'tool.result': (e, cell, config, beside) => judgeErrors(e, e.contentHmac, cell, config, beside),
    'resource.read': (e, cell, config, beside) => judgeErrors(e, e.contentHmac, cell, config, beside),
    'prompt.get': (e, cell, config, beside) => judgeErrors(e, e.contentHmac, cell, config, beside),
  },
  examples: {
    match: [
      graded('medium', example('fifty, of twenty kinds', ...fuzz(50, 20))),
      graded('low', example('of nineteen', ...fuzz(50, 19))),
      graded('low', example('of five', ...fuzz(50, 5))),
      graded(
        'medium',
        example('one tool, other words each time', ...burst(50, 25, (at, kind) => result(at, `a${kind}`))),
      ),
      example('several tools', ...burst(50, 5, (at, kind) => result(at, 'a', { tool: `t${kind}` }))),
      example(
        'several codes',
        ...burst(50, 6, (at, kind) => request(at, `m${kind % 2}`, { errorCode: CODES[kind % 3]! })),
      ),
      example('resources', ...burst(50, 5, (at, kind) => read(at, `a${kind}`))),
      example('prompts', ...burst(50, 5, (at, kind) => got(at, `a${kind}`))),
      example('the last one just within five minutes', ...fuzz(49, 5), request(299.999, 'm9')),
      example('of one address', ...fuzz(50, 5, { principal: '', client: '', sourceAddress: 'a1' })),
      example('another client was released', released(0, 'cli'), ...fuzz(50, 5)),
      example('a server was deployed', released(0, ''), ...fuzz(50, 5, { client: '' })),
      example('the release is more than an hour ago', released(-60.3, 'ide'), ...fuzz(50, 5)),
      example('on another server', released(0, 'ide', 'other'), ...fuzz(50, 5)),
      exampleWith({ errors: 10 }, 'ten, when so configured', ...fuzz(10, 5)),
    ],
    noMatch: [
      example('the same error again and again', ...fuzz(60, 1)),
      example('of four kinds', ...fuzz(60, 4)),
      example('forty-nine', ...fuzz(49, 49)),
      example('the fiftieth after five minutes', ...fuzz(49, 5), request(300, 'm9')),
      example('its client was released', released(0, 'ide'), ...fuzz(50, 20)),
      example('an hour ago, on all servers', released(-59.7, 'ide', '*'), ...fuzz(50, 20)),
      example('other errors', ...fuzz(50, 20, { errorCode: '-32603' }), ...fuzz(50, 20, { errorCode: '' })),
      example(
        'each by somebody else',
        ...burst(50, 50, (at, kind) => request(at, `m${kind}`, { principal: `p${kind}` })),
      ),
      example(
        'others, through everything',
        ...[result(1, 'b', other), request(1, 'x', other), sample('resource.read', { ...other, contentHmac: 'b' })],
        sample('prompt.get', { ...other, contentHmac: 'b' }),
      ),
    ],
  },
})
