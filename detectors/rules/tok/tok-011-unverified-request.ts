/** A server that requires authorization carries out a request without any. */
import { z } from 'zod'
import { judgeRequest, noteStart, notVerified, unknownPosture } from '../../access/authorization.ts'
import { wasRefused } from '../../finding.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { counted, example, exampleWith, sample } from '../../sample.ts'

const p = { producer: 'p1', request: 'r1' }
const started = (authRequired = true) =>
  sample('server.started', {
    producer: 'p1',
    authRequired,
    anonymousMethods: ['server/discover'],
    anonymousTools: ['status', `${'public_'.repeat(8)}status`],
  })
const validated = (decision: 'allow' | 'deny') => sample('auth.token.validated', { ...p, decision })
const result = (more: Parameters<typeof sample<'tool.result'>>[1] = {}) =>
  sample('tool.result', { ...p, method: 'tools/call', tool: 'read_file', outcome: 'ok', ...more })
const request = (more: Parameters<typeof sample<'http.request'>>[1] = {}) =>
  sample('http.request', { ...p, method: 'tools/list', verb: 'POST', processed: true, ...more })
const other = (more: object) => ({ ...more, producer: 'p2', request: 'r2' })

export default defineRule({
  id: 'tok-011-unverified-request',
  version: 1,
  title: 'Request carried out without verified authorization',
  severity: 'critical',
  why: 'A server must verify every inbound request; one path that forgets it is open to everybody who finds it.',
  falsePositives: [
    'Servers, methods and tools that are anonymous by design: declare them at start-up, or list them here.',
    'Health checks: list their methods.',
  ],
  blindSpots: [
    'Servers whose start was not seen, or that do not say whether authorization is required.',
    'Requests that ran for more than half an hour: their authorization may be forgotten.',
    'A verifier that accepts anything: see tok-001 and the posture of the server.',
  ],
  triage: [
    'Which code path served the method without asking for a token?',
    'List the requests of the same source address around it.',
    'What did the answer contain?',
  ],
  refs: ['MCP07:2025', 'T1190', 'AML.T0049'],
  applies: { transports: ['http', 'sse_legacy'] },
  requires: {
    'server.started': ['producer', 'authRequired', 'anonymousMethods', 'anonymousTools'],
    'auth.token.validated': ['request'],
    'authz.decision': ['request'],
    'tool.result': ['request', 'producer', 'tool', 'durationMs'],
    'http.request': ['request', 'producer', 'method', 'verb', 'processed', 'durationMs'],
  },
  occasional: ['authz.decision', 'anonymousMethods', 'anonymousTools'],
  config: z.object({
    anonymousMethods: z.array(z.string()).default([]).describe('Methods that need no authorization, on any server.'),
    anonymousTools: z.array(z.string()).default([]).describe('Tools that need no authorization, on any server.'),
    healthMethods: z.array(z.string()).default(['ping']).describe('Methods of health checks.'),
  }),
  per: 'request',
  // One forgotten path is one alert, however many requests find it.
  about: 'tool',
  ttl: hours(1),
  cell: notVerified,
  beside: {
    posture: { per: 'instance', ttl: days(400), cell: unknownPosture, on: { 'server.started': noteStart } },
  },
  // Before the server has said what it requires tokens alone are remembered: no request is judged.
  where: (e, { posture }) =>
    posture.required || (!posture.known && e.type !== 'tool.result' && e.type !== 'http.request'),
  on: {
    'auth.token.validated'(e, cell) {
      if (e.decision === 'allow') cell.authorized = true
      else cell.refused = true
    },
    'authz.decision'(e, cell) {
      cell.refused ||= wasRefused(e)
    },
    'tool.result': (e, cell, config, beside) =>
      judgeRequest(e, { method: 'tools/call', tool: e.tool, verb: '' }, cell, config, beside),
    'http.request'(e, cell, config, beside) {
      if (e.processed || !e.says('processed'))
        return judgeRequest(e, { method: e.method, tool: '', verb: e.verb }, cell, config, beside)
    },
  },
  examples: {
    match: [
      counted(1, example('one request, one finding', started(), result(), request())),
      example('a tool answers although no token was seen', started(), result()),
      example('the token was refused, the tool ran', started(), validated('deny'), result()),
      example('a list without a token', started(), request()),
      example('a subscription', started(), request({ method: 'subscriptions/listen', verb: 'POST' })),
      example('the result of a task', started(), request({ method: 'tasks/result', durationMs: 1_800_000 })),
      example('a stream is opened', started(), request({ verb: 'GET', method: '' })),
      example(
        'whether it reached a handler is not said',
        started(),
        sample('http.request', { ...p, method: 'tools/list' }),
      ),
      example('it begins like an anonymous tool', started(), result({ tool: `${'public_'.repeat(8)}secrets` })),
      example('a stream is deleted without a token', started(), request({ verb: 'DELETE', method: '' })),
      example('the authorization belongs to another request', started(), validated('allow'), result({ request: 'r2' })),
    ],
    noMatch: [
      example('it ran for too long', started(), result({ durationMs: 1_800_001 }), request({ durationMs: 1_800_001 })),
      example('authorized', started(), validated('allow'), result()),
      example('refused', started(), result({ outcome: 'denied' }), request({ decision: 'challenge' })),
      example(
        'refused by the policy',
        started(),
        sample('authz.decision', { ...p, decision: 'deny' }),
        request({ processed: false }),
      ),
      example('the request reached no handler', started(), request({ processed: false })),
      example('discovery is anonymous', started(), request({ method: 'server/discover' })),
      example('the tool is anonymous', started(), result({ tool: 'status' })),
      example('so is one with a long name', started(), result({ tool: `${'public_'.repeat(8)}status` })),
      example('a health check', started(), request({ method: 'ping' })),
      example('anonymous by design, such as stdio', started(false), result()),
      example('another process of the server, not seen starting', started(), result(other({})), request(other({}))),
      exampleWith(
        { anonymousMethods: ['docs/read'] },
        'declared in the configuration',
        started(),
        sample('server.started', { producer: 'p3', authRequired: true, anonymousMethods: ['a'], anonymousTools: [] }),
        request({ method: 'docs/read' }),
      ),
      example(
        'another request with its own token',
        started(),
        sample('auth.token.validated', { request: 'r2', decision: 'allow' }),
        sample('authz.decision', { request: 'r2', decision: 'allow' }),
        result({ request: 'r2' }),
      ),
    ],
  },
})
