/** Many credentials of one source are refused, and perhaps one is then accepted. */
import { z } from 'zod'
import { isHighRiskTool } from '../../access/sensitive-tools.ts'
import { wasRefused } from '../../finding.ts'
import { isLately, never, noteLately } from '../../lately.ts'
import { defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'
import { noFailures, noteFailure, noteSuccess } from '../../token/failures.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const refused = (at: number, tokenFp: string, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: at,
    sourceAddress: 'home',
    tokenFp,
    principal: '',
    reason: 'invalid_token',
    expAt: SAMPLE_EPOCH_MS / 1_000 + 86_400,
    decision: 'deny',
    ...more,
  })
const burst = (n: number, more: Fields = {}) => [...Array(n).keys()].map((i) => refused(1 + i, `t${i}`, more))
const people = (n: number, last = n) =>
  [...Array(n).keys()].map((i) => refused(i === n - 1 ? last : 1 + i, 'one', { principal: `p${i}` }))
const call = (at: number, tool: string, more: Parameters<typeof sample<'tool.call'>>[1] = {}) =>
  sample('tool.call', { ts: at, sourceAddress: 'home', tool, decision: 'allow', ...more })
const expired = { expAt: SAMPLE_EPOCH_MS / 1_000 }
const tagged = (tag: string) =>
  sample('inventory.snapshot', { inventoryKind: 'tools', tags: [`read_file=${tag}`, `delete_file=${tag}`] })

export default defineRule({
  id: 'tok-012-auth-failure-burst',
  version: 1,
  title: 'Burst of refused credentials',
  severity: 'medium',
  why: 'Who guesses keys, or tries a list of stolen ones, is refused often before he gets in; what he does then is what he came for.',
  falsePositives: [
    'Tokens that have ended come in storms, and are not counted. A client that repeats one token counts once.',
    'Many callers behind one address while an issuer is down or changes its keys.',
  ],
  blindSpots: [
    'Servers without an edge, where the address is not known, and sources that change theirs.',
    'Most verifiers do not tell whose token they refused: then people are not counted, only tokens.',
    'Requests without any credential are challenged, not refused, and do not count.',
  ],
  triage: [
    'Did anything of this address succeed: list its calls, and whose they were.',
    'Slow the address down or block it; revoke what was accepted after the burst.',
  ],
  refs: ['MCP07:2025', 'T1110.003', 'T1110'],
  asksInventory: true,
  requires: {
    'auth.token.validated': ['sourceAddress', 'tokenFp', 'principal', 'expAt', 'reason'],
    'tool.call': ['sourceAddress', 'tool'],
  },
  config: z.object({
    failures: z.int().min(2).max(64).default(20).describe('Different credentials that are a burst.'),
    failuresMs: z.int().min(1).default(minutes(5)).describe('Time in which they come, milliseconds.'),
    people: z.int().min(2).max(64).default(10).describe('People whose credentials are refused that are a spray.'),
    peopleMs: z.int().min(1).default(minutes(10)).describe('Time in which they come, milliseconds.'),
    successMs: z
      .int()
      .min(1)
      .default(minutes(15))
      .describe('How long after a burst a success is its own, milliseconds.'),
  }),
  per: 'address',
  ttl: hours(1),
  cell: noFailures,
  // Calls are looked at only where somebody was refused a moment ago.
  beside: { bursts: { per: 'server', cell: never } },
  where: (e, { bursts }, { successMs }) =>
    e.type === 'tool.call' ? e.decision === 'allow' && isLately(e.ts, bursts, successMs) : wasRefused(e),
  on: {
    'auth.token.validated'(e, cell, config, { bursts }) {
      noteLately(true, e.ts, bursts)
      return noteFailure(e, cell, config)
    },
    'tool.call': (e, cell, { successMs }) => noteSuccess(e, cell, successMs, () => isHighRiskTool(e, e.tool)),
  },
  examples: {
    match: [
      graded('high', example('25 refusals, then something is deleted', ...burst(25), call(60_000, 'delete_repo'))),
      graded('medium', example('twenty different tokens', ...burst(20))),
      graded('medium', example('tokens that nobody tells apart', ...burst(20, { tokenFp: '' }))),
      graded('medium', example('the last in five minutes', ...burst(19), refused(minutes(5), 'last'))),
      graded(
        'medium',
        example(
          'a token repeated, the last in time',
          ...burst(19),
          refused(minutes(4), 't0'),
          refused(minutes(5) + 1, 'last'),
        ),
      ),
      graded('medium', example('late ones count', refused(1_000, 'first'), ...burst(19))),
      graded(
        'medium',
        example('the oldest make room', refused(1, 'a'), ...burst(19, { ts: minutes(6) }), refused(minutes(6), 'c')),
      ),
      graded('medium', example('tokens of ten people', ...people(10, minutes(10)))),
      graded('medium', example('then something harmless', ...burst(20), call(60_000, 'read_file'))),
      graded('high', example('in a quarter of an hour', ...burst(20), call(minutes(15) + 20, 'delete_repo'))),
      graded('medium', example('after it', ...burst(20), call(minutes(15) + 21, 'delete_repo'))),
      graded('high', example('a tool that is tagged', tagged('sensitive'), ...burst(20), call(60_000, 'read_file'))),
      graded('high', example('something is run', ...burst(20), call(60_000, 'execute_command'))),
      graded('medium', example('tokens that do not tell their end', ...burst(20, { expAt: undefined as never }))),
      graded('medium', example('a harmless one', tagged('public'), ...burst(20), call(60_000, 'delete_file'))),
      graded('medium', example('refused there', ...burst(20), call(60_000, 'delete_repo', { decision: 'deny' }))),
      graded('medium', example('somebody else', ...burst(20), call(60_000, 'delete_repo', { sourceAddress: 'x' }))),
      exampleWith({ failures: 3, failuresMs: 5 }, 'three where three are enough', ...burst(3)),
    ],
    noMatch: [
      example('nineteen', ...burst(19)),
      example('the last comes after five minutes', ...burst(19), refused(minutes(5) + 1, 'last')),
      example(
        'thirty tokens that have ended, then a new one',
        ...burst(30, expired),
        refused(60_000, 'new', { decision: 'allow', principal: 'alice' }),
      ),
      example('they end at this moment', ...burst(30, { ...expired, ts: 0 })),
      example('the verifier says that they have ended', ...burst(30, { reason: 'Token is EXPIRED' })),
      example('a loop that repeats one token', ...Array(100).fill(refused(1, 'one'))),
      example('accepted', ...burst(30, { decision: 'allow' })),
      example('tokens of nine people', ...people(9)),
      example('the tenth after ten minutes', ...people(10, minutes(10) + 1)),
      example('from many addresses', ...burst(10), ...burst(10, { sourceAddress: 'office' })),
      example('something is deleted', call(1, 'delete_repo')),
    ],
  },
})
