/** A requestState comes back changed, too often, too late, or for something else. */
import { z } from 'zod'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { isJustBorn, noteLife, noteRestart, unseen } from '../../sessions/enumeration.ts'
import {
  judgeRetry,
  judgeSealing,
  newInstance,
  noFailures,
  noState,
  noteSealing,
} from '../../sessions/request-state.ts'

const LATER = hours(1)
type Retry = NonNullable<Parameters<typeof sample<'mrtr.retry'>>[1]>
const retry = (more: Retry = {}) =>
  sample('mrtr.retry', {
    stateFp: 'a1',
    principal: 'alice',
    producer: 'p1',
    integrity: 'sealed',
    outcome: 'ok',
    ...more,
  })
type Asked = NonNullable<Parameters<typeof sample<'mrtr.input_required'>>[1]>
const asked = (more: Asked = {}) =>
  sample('mrtr.input_required', { stateFp: 'a1', producer: 'p1', integrity: 'sealed', ...more })
type Started = NonNullable<Parameters<typeof sample<'server.started'>>[1]>
const started = (ts: number, more: Started = {}) => sample('server.started', { ts, producer: 'p1', ...more })
const up = [started(0), ...['p2', 'p3'].map((producer) => sample('server.heartbeat', { ts: 1, producer }))]
const broken = (i: number, more: Retry = {}) =>
  retry({ integrity: 'failed', outcome: 'protocol_error', stateFp: `b${i}`, ts: LATER + i * 1_000, ...more })
const three = (more: Retry = {}) => [0, 1, 2].map((i) => broken(i, more))
const daily = [0, days(1) - 1, days(1)].map((ts) => asked({ ts: 5_000 + ts }))
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'tools', tags: [`pay=${tag}`] })
const twice = (more: Retry = {}) => [retry(more), retry(more)]
const told = ['integrity', 'principalMatch', 'digestMatch', 'ageMs', 'uses'] as const
const refused = { outcome: 'protocol_error' } as const
const unsealed = { requestStateProtected: false } as const

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
  examples: {
    match: [
      example('three broken seals', ...up, ...three()),
      example('the third just in time', ...up, broken(0), broken(1), broken(600 - 0.001)),
      example('a quarter of an hour after a start', started(LATER - minutes(15)), ...three()),
      example('a process that is known', asked({ producer: 'p4' }), ...three({ producer: 'p4' })),
      example('a broken seal is accepted', retry({ integrity: 'failed' })),
      example('of another principal, accepted', retry({ principalMatch: false })),
      example('of another principal, refused', retry({ principalMatch: false, ...refused })),
      example('for another request', retry({ digestMatch: false })),
      example('for another request, refused', retry({ digestMatch: false, decision: 'deny' })),
      example('a payment made twice', tagged('one-time'), ...twice({ tool: 'pay' })),
      example('by the count of the server', tagged('one-time'), retry({ tool: 'pay', uses: 2 })),
      example('four times', ...twice(), ...twice()),
      example('too old, as the server says', retry({ ageMs: days(1) + 1 })),
      example('too old by its events', asked({ ts: 1_000 }), retry({ ts: days(1) + 1_001 })),
      example('an unsealed one goes out', started(0, { ...unsealed, authRequired: true }), ...daily),
      example('a plain one', asked({ integrity: 'plain' })),
    ],
    noMatch: [
      example('one retry after a lost answer', asked(), ...twice({ principalMatch: true, digestMatch: true })),
      example('three times', ...twice(), retry()),
      example('two broken seals', ...up, broken(0), broken(1), broken(2, { principal: 'bob' })),
      example('the third too late', ...up, broken(0), broken(1), broken(600)),
      example('just after a start', started(LATER - minutes(15) + 2_001), ...three()),
      example('another process has just started', ...up, started(LATER - 1, { producer: 'p9' }), ...three()),
      example('a process not heard of', ...three({ producer: 'p7' })),
      example('refused for other reasons', ...up, ...three({ integrity: 'sealed' })),
      example('a day old', asked({ ts: 1_000 }), retry({ ts: days(1) + 1_000, ageMs: days(1) })),
      example('too old, and refused', retry({ ageMs: days(2), ...refused }), ...twice({ ...refused, uses: 9 })),
      example('a tool with another tag', tagged('slow'), ...twice({ tool: 'pay' })),
      example('sealed', started(0, { requestStateProtected: true }), asked()),
      example('nothing is said of seals', started(9), asked({ stateFp: 'a2' })),
      exampleWith({ failures: 4 }, 'as configured', ...up, ...three()),
    ],
  },
})
