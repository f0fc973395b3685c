/** A requestState comes back changed, too often, too late, or for something else. */
import { z } from 'zod'
import { days, defineRule, minutes } from '../../rule.ts'
import { isJustBorn, noteLife, noteRestart, unseen } from '../../sessions/enumeration.ts'
import {
  judgeRetry,
  judgeSealing,
  newInstance,
  noFailures,
  noState,
  noteSealing,
} from '../../sessions/request-state.ts'
import { match, noMatch } from './examples/ses-010-request-state.ts'

const told = ['integrity', 'principalMatch', 'digestMatch', 'ageMs', 'uses'] as const

export default defineRule({
  id: 'ses-010-request-state',
  version: 1,
  title: 'requestState changed, replayed or misused',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'The client carries the state of a call and can change it: a server that takes it as it comes lets the client write its own approval.',
  falsePositives: [
    'A client that lost the answer sends the same state again: silent up to three uses, unless the tool is tagged one-time.',
    'A server that starts anew with another key refuses the states of before: silent for 15 minutes.',
  ],
  blindSpots: [
    'A state without a seal that was changed looks like any other; what a state decides is not known.',
    'Whether the server compared the principal, unless it says so: use by another one is found by ses-002.',
  ],
  triage: [
    'Did the server go on with it? What was done then?',
    'Which client and principal brought it, and what else did they try?',
    'Seal states, bind them to principal and request, and let them expire.',
  ],
  refs: ['MCP07:2025', 'MCP06:2025', 'T1565.002', 'T1550'],
  applies: { eras: ['modern'] },
  asksInventory: true,
  requires: {
    'mrtr.retry': [...told, 'stateFp', 'tool', 'producer', 'principal'],
    'mrtr.input_required': ['stateFp', 'integrity', 'producer'],
    'server.started': ['producer', 'requestStateProtected', 'authRequired'],
    'server.heartbeat': ['producer'],
  },
  occasional: ['server.started', 'server.heartbeat', 'principalMatch', 'principal'],
  producerGaps: { 'mrtr.retry': 'principalMatch comes only from a server that tells it itself' },
  config: z.object({
    maxAgeMs: z.int().default(days(1)).describe('How old a state may be, milliseconds.'),
    maxUses: z.int().min(1).default(3).describe('How often a state may be used.'),
    failures: z.int().min(1).default(3).describe('Refused states with a broken seal, of one asker within the window.'),
    windowMs: z.int().default(minutes(10)).describe('The window, milliseconds.'),
    graceMs: z.int().default(minutes(15)).describe('How long after a restart broken seals do not count, milliseconds.'),
    oneTimeTags: z.array(z.string()).default(['one-time']).describe('Tags of tools: one use each.'),
    repeatMs: z.int().default(days(1)).describe('How long unsealed states are not reported again, milliseconds.'),
  }),
  per: 'state',
  about: 'asker',
  ttl: days(7),
  cell: noState,
  beside: {
    failures: { per: 'asker', cell: noFailures },
    server: { per: 'server', cell: unseen, on: { 'server.started': noteRestart } },
    instance: {
      per: 'instance',
      ttl: days(400),
      cell: newInstance,
      on: {
        'server.started': noteSealing,
        'server.heartbeat': noteLife,
        'mrtr.input_required': noteLife,
        'mrtr.retry': noteLife,
      },
    },
  },
  on: {
    'mrtr.input_required'(e, state, config, { instance }) {
      state.handedMs = e.ts
      return judgeSealing(e, instance, config.repeatMs)
    },
    'mrtr.retry': (e, state, config, { failures, server, instance }) =>
      judgeRetry(e, state, failures, isJustBorn(e.ts, [server, instance], config.graceMs), config),
  },
  examples: { match, noMatch },
})
