/** A session id or handle takes the place of a token. */
import { z } from 'zod'
import { noteStart, notVerified, unknownPosture } from '../../access/authorization.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { type Held, judgeHeld } from '../../sessions/held-credential.ts'
import { match, noMatch } from './examples/ses-003-session-as-authentication.ts'

const caller = ['request', 'producer', 'session', 'hop', 'principal'] as const

export default defineRule({
  id: 'ses-003-session-as-authentication',
  version: 1,
  title: 'Session or handle used as authentication',
  severity: 'critical',
  why: 'Sessions must not be used for authentication: whoever learns the id of one is then as good as its owner.',
  falsePositives: [
    'Servers, methods and tools that are anonymous by design: declare them at start-up, or list them here.',
    'A gateway in front has authenticated the caller and says who it is: silent.',
  ],
  blindSpots: [
    'Servers whose start was not seen, or that do not say whether authorization is required.',
    'Handles in arguments that nobody declared as private.',
    'Requests that ran for more than half an hour: their authorization may be forgotten.',
  ],
  triage: [
    'Which code path takes the session for a proof of identity? tok-011 tells of the same request.',
    'List what was done in this session without a token, and from which addresses.',
    'End the session and demand a token for every request.',
  ],
  refs: ['MCP07:2025', 'T1563'],
  applies: { transports: ['http', 'sse_legacy'] },
  requires: {
    'server.started': ['producer', 'authRequired', 'anonymousMethods', 'anonymousTools'],
    'auth.token.validated': ['request'],
    'handle.presented': [...caller, 'handleKind', 'handlePolicy', 'method', 'durationMs'],
    'tool.result': [...caller, 'tool', 'durationMs'],
    'http.request': [...caller, 'method', 'verb', 'processed', 'durationMs'],
  },
  occasional: ['handle.presented', 'anonymousMethods', 'anonymousTools', 'session', 'hop'],
  config: z.object({
    anonymousMethods: z.array(z.string()).default([]).describe('Methods that need no authorization, on any server.'),
    anonymousTools: z.array(z.string()).default([]).describe('Tools that need no authorization, on any server.'),
    healthMethods: z.array(z.string()).default(['ping']).describe('Methods of health checks.'),
  }),
  per: 'request',
  // One forgotten path is one alert, however many sessions find it.
  about: 'tool',
  ttl: hours(1),
  cell: (): Held => ({ ...notVerified(), handle: '' }),
  beside: {
    posture: { per: 'instance', ttl: days(400), cell: unknownPosture, on: { 'server.started': noteStart } },
  },
  // The first token of a process may be checked before the process says how it started.
  // Before the server has said what it requires credentials alone are remembered: no request is judged.
  where: (e, { posture }) =>
    posture.required || (!posture.known && e.type !== 'tool.result' && e.type !== 'http.request'),
  on: {
    'auth.token.validated'(e, cell) {
      if (e.decision === 'allow') cell.authorized = true
      else cell.refused = true
    },
    'handle.presented'(e, cell, config, beside) {
      if (e.handlePolicy !== 'private') return
      cell.handle = e.handleKind
      // How a call ends is told by its result; an access to a task is over.
      if (e.outcome === 'ok') return judgeHeld(e, { method: e.method, tool: '', verb: '' }, cell, config, beside)
    },
    'tool.result': (e, cell, config, beside) =>
      judgeHeld(e, { method: 'tools/call', tool: e.tool, verb: '' }, cell, config, beside),
    'http.request'(e, cell, config, beside) {
      if (e.processed || !e.says('processed'))
        return judgeHeld(e, { method: e.method, tool: '', verb: e.verb }, cell, config, beside)
    },
  },
  examples: { match, noMatch },
})
