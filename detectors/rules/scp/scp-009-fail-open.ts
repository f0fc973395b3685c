/** The policy failed, and the operation was carried out all the same. */
import { z } from 'zod'
import { days, defineRule, hours } from '../../rule.ts'
import { example, sample } from '../../sample.ts'

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
    'authz.decision': ['request', 'error', 'failMode', 'policyId'],
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
    policy: {
      per: 'server',
      ttl: days(2),
      cell: () => ({ failedMs: 0, openMs: 0 }),
      on: {
        'authz.decision'(e, cell) {
          if (e.error !== '' || e.decision === 'error') cell.failedMs = Math.max(cell.failedMs, e.ts)
          if (e.failMode !== 'open' || e.ts - cell.openMs < days(1)) return
          cell.openMs = e.ts
          return { severity: 'medium', saw: `policy ${e.policyId || 'without a name'} is to fail open`, expected }
        },
      },
    },
  },
  // Only where a policy failed a short while ago is anything remembered of a request.
  where: (e, { policy }) => e.ts - policy.failedMs < RECENT_MS,
  on: {
    'authz.decision'(e, cell) {
      const failed = e.error !== '' || e.decision === 'error'
      cell.failure = failed && e.failMode !== 'open' ? e.error.slice(0, 200) || 'an error' : ''
      if (cell.failure === '' || e.decision !== 'allow') return
      const saw = `allowed although the policy failed: ${cell.failure}`
      cell.failure = ''
      return { saw, expected, evidence: { policy: e.policyId } }
    },
    'tool.result': (e, cell) => carriedOut(e.outcome, e.tool, cell),
    'resource.read': (e, cell) => carriedOut(e.outcome, 'a resource', cell),
    'prompt.get': (e, cell) => carriedOut(e.outcome, 'a prompt', cell),
  },
  examples: {
    match: [
      example('allowed with an error', decides(0, 'allow', { error: 'timeout' })),
      example('the policy timed out, the tool ran', fails(0), ran(0.1)),
      example('it failed without a word', fails(0, { error: '' }), ran(0.1)),
      example('it failed after another had allowed', decides(0, 'allow'), fails(0.1), ran(0.2)),
      example('a resource was read', fails(0), read(0.1, 'r1')),
      example('a prompt was given', fails(0), got(0.1, 'r1')),
      example('just within the hour', fails(0), ran(0.999)),
      example('a policy that is meant to fail open', decides(0, 'allow', { failMode: 'open', policyId: '' })),
    ],
    noMatch: [
      example('the policy timed out, the tool did not run', fails(0), ran(0.1, { outcome: 'denied' })),
      example('its error became the answer', fails(0), ran(0.1, { outcome: 'tool_error' })),
      example('asked again it allowed', fails(0), decides(0.1, 'allow'), ran(0.2)),
      example('another request', fails(0), ran(0.1, { request: 'r2', tool: 'x' }), read(0.1, 'r2'), got(0.1, 'r3')),
      example('allowed without an error', decides(0, 'allow'), ran(0.1)),
      example('refused with an error', decides(0, 'deny', { error: 'timeout', request: 'r4' })),
      example('an hour later', fails(0), ran(1)),
    ],
  },
})
function carriedOut(outcome: string, what: string, cell: { failure: string }) {
  if (cell.failure === '' || outcome !== 'ok') return
  const saw = `${what || 'a tool'} was carried out although the policy failed: ${cell.failure}`
  cell.failure = ''
  return { saw, expected }
}
