/** The policy failed, and the operation was carried out all the same. */
import { z } from 'zod'
import { isLately, never, noteLately } from '../../lately.ts'
import { dayOf, days, defineRule, hours, NEVER } from '../../rule.ts'
import { counted, example, graded, sample } from '../../sample.ts'
import { shortName } from '../../short-name.ts'

type Decision = NonNullable<Parameters<typeof sample<'authz.decision'>>[1]>
const decides = (at: number, decision: Decision['decision'], more: Decision = {}) =>
  sample('authz.decision', { ts: hours(at), request: 'r1', tool: 'pay', policyId: 'p1', decision: decision!, ...more })
const fails = (at: number, more: Decision = {}) =>
  decides(at, 'error', { error: 'timeout', failMode: 'closed', ...more })
type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const ran = (at: number, more: Result = {}) =>
  sample('tool.result', { ts: hours(at), request: 'r1', tool: 'pay', outcome: 'ok', ...more })
const read = (at: number, request: string) => sample('resource.read', { ts: hours(at), request, outcome: 'ok' })
const got = (at: number, request: string) => sample('prompt.get', { ts: hours(at), request, outcome: 'ok' })
const RECENT_MS = hours(1)
const expected = 'an operation that is refused when its policy fails'

export default defineRule({
  id: 'scp-009-fail-open',
  version: 1,
  title: 'Authorization fails open',
  severity: 'critical',
  why: 'Whoever can make the policy fail, by load or by odd input, is allowed everything.',
  falsePositives: [
    'None by design: a policy that is meant to fail open says so (failMode) and is reported once a day.',
    'A handler that answers a refusal as an ordinary result: answer with isError.',
  ],
  blindSpots: [
    'Errors that the server catches before it reports a decision.',
    'Requests that run for more than an hour after the failure.',
  ],
  triage: [
    'Why did the policy fail, and since when?',
    'List what was carried out in that time: nothing of it was authorized.',
    'Change the code path so that an error refuses.',
  ],
  refs: ['MCP07:2025', 'T1190'],
  requires: {
    'authz.decision': ['request', 'tool', 'error', 'failMode', 'policyId'],
    'tool.result': ['request', 'tool'],
    'resource.read': ['request'],
    'prompt.get': ['request'],
  },
  occasional: ['error', 'failMode', 'resource.read', 'prompt.get'],
  config: z.object({}),
  per: 'request',
  about: 'tool',
  ttl: RECENT_MS,
  cell: () => ({ failure: '' }),
  beside: {
    failed: {
      per: 'server',
      ttl: days(2),
      cell: never,
      on: {
        'authz.decision': (e, cell) => noteLately(e.error !== '' || e.decision === 'error', e.ts, cell),
      },
    },
    policy: {
      per: 'server',
      ttl: days(2),
      cell: () => ({ day: NEVER }),
      on: {
        'authz.decision'(e, cell) {
          if (e.failMode !== 'open' || dayOf(e.ts) === cell.day) return
          cell.day = dayOf(e.ts)
          return { severity: 'medium', saw: `policy ${e.policyId || 'without a name'} is to fail open`, expected }
        },
      },
    },
  },
  // Only where a policy failed a short while ago is anything remembered of a request.
  where: (e, { failed }) => isLately(e.ts, failed, RECENT_MS),
  on: {
    'authz.decision'(e, cell) {
      const isFailed = e.error !== '' || e.decision === 'error'
      cell.failure = isFailed && e.failMode !== 'open' ? `error ${shortName(e.error)}` : ''
      if (e.decision === 'allow') return carriedOut('ok', `${e.tool || 'an operation'} was allowed`, cell)
    },
    'tool.result': (e, cell) => carriedOut(e.outcome, `${e.tool} was carried out`, cell),
    'resource.read': (e, cell) => carriedOut(e.outcome, 'a resource was read', cell),
    'prompt.get': (e, cell) => carriedOut(e.outcome, 'a prompt was given', cell),
  },
  examples: {
    match: [
      graded('critical', example('allowed with an error', decides(0, 'allow', { error: 'timeout' }))),
      example('the policy timed out, the tool ran', fails(0), ran(0.1)),
      example('it failed without a word', fails(0, { error: '' }), ran(0.1)),
      example('it failed after another had allowed', decides(0, 'allow'), fails(0.1), ran(0.2)),
      example('a resource was read', fails(0), read(0.1, 'r1')),
      example('a prompt was given', fails(0), got(0.1, 'r1')),
      example('just within the hour', fails(0), ran(1)),
      graded('medium', example('a policy is to fail open', decides(0, 'allow', { failMode: 'open', policyId: '' }))),
      counted(1, example('said once a day', ...[0, 0.1].map((hour) => decides(hour, 'allow', { failMode: 'open' })))),
      graded(
        'medium',
        example('and does', decides(0, 'allow', { failMode: 'open', error: 'timeout', tool: 'x' }), ran(0.1)),
      ),
    ],
    noMatch: [
      example('the policy timed out, the tool did not run', fails(0), ran(0.1, { outcome: 'denied' })),
      example('its error became the answer', fails(0), ran(0.1, { outcome: 'tool_error' })),
      example('asked again it allowed', fails(0), decides(0.1, 'allow'), ran(0.2)),
      example('another request', fails(0), ran(0.1, { request: 'r2', tool: 'x' }), read(0.1, 'r2'), got(0.1, 'r3')),
      example('allowed without an error', decides(0, 'allow'), ran(0.1)),
      example('refused with an error', decides(0, 'deny', { error: 'timeout', request: 'r4' })),
      example('more than an hour later', fails(0), ran(1.001)),
    ],
  },
})
function carriedOut(outcome: string, what: string, cell: { failure: string }) {
  if (cell.failure === '' || outcome !== 'ok') return
  const saw = `${what} although the policy failed: ${cell.failure}`
  cell.failure = ''
  return { saw, expected }
}
