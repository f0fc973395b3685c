/** Something that one principal caused is put into the session of another. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, idOf, sample } from '../../sample.ts'
import { judgeMessage } from '../../sessions/foreign-message.ts'
import { noteOpened } from '../../sessions/stream-resume.ts'

const of = (principal: string, session = 's1') => ({ principal, session })
const created = (principal: string, session?: string) => sample('session.created', of(principal, session))
type Queued = NonNullable<Parameters<typeof sample<'queue.enqueued'>>[1]>
const queued = (producerPrincipal: string, more: Queued = {}) =>
  sample('queue.enqueued', { session: 's1', queueKind: 'request', causeRequestUid: 'c1', producerPrincipal, ...more })
type Sent = NonNullable<Parameters<typeof sample<'notification.sent'>>[1]>
const TOOLS = 'notifications/tools/list_changed'
const sent = (producerPrincipal: string, more: Sent = {}) =>
  sample('notification.sent', { session: 's1', notification: TOOLS, producerPrincipal, ...more })
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'principals', tags: [`${idOf('ops')}=${tag}`] })
const updated = { notification: 'notifications/resources/updated' }
const alice = created('alice')

export default defineRule({
  id: 'ses-007-foreign-message',
  version: 1,
  title: 'Foreign message put into a session',
  severity: 'high',
  why: 'A message that another user caused reaches the model as if the server had said it: an instruction planted in the queue is carried out with the rights of the session.',
  falsePositives: [
    'Broadcasts, and what the server does by itself, have no producer: silent.',
    'Updates of resources that several people share are what subscriptions are for: silent by default.',
    'An administrator whose changes concern everybody: tag the principal `system` or `admin`.',
    'An identity migration gives the same person a new subject: list the alias.',
  ],
  blindSpots: [
    'Queues that are not instrumented: needs auditEventStore with its session, or queue events of your own.',
    'Subscriptions (2026-07-28): which of them delivers what somebody else caused is not known.',
    'Sessions whose owner never authenticated.',
  ],
  triage: [
    'What did the other principal call, and with which arguments?',
    'What did the client of the owner do after the message?',
    'Key queues by user and session, so that nobody can write to the queue of another.',
  ],
  refs: ['MCP06:2025', 'MCP10:2025', 'T1565', 'AML.T0080.001'],
  applies: { eras: ['legacy'] },
  asksInventory: true,
  requires: {
    'queue.enqueued': ['session', 'queueKind', 'notification', 'producerPrincipal', 'causeRequestUid', 'broadcast'],
    'notification.sent': ['session', 'notification', 'producerPrincipal', 'causeRequestUid'],
    'session.created': ['session', 'principal'],
    'stream.opened': ['session', 'principal'],
  },
  occasional: [
    'notification.sent',
    'stream.opened',
    'notification',
    'producerPrincipal',
    'causeRequestUid',
    'broadcast',
  ],
  producerGaps: { 'queue.enqueued': 'comes where the event store or queue is wrapped with auditEventStore' },
  config: z.object({
    shared: z
      .array(z.string())
      .default(['notifications/resources/updated', 'notifications/resources/list_changed'])
      .describe('Notifications that other people may cause.'),
    changes: z
      .array(z.string())
      .default(['notifications/tools/list_changed', 'notifications/prompts/list_changed'])
      .describe('Notifications of changes: medium.'),
    systemTags: z.array(z.string()).default(['system', 'admin']).describe('Tags of principals who may write to all.'),
    aliases: z
      .record(z.string(), z.string())
      .default({})
      .describe('Subjects of the same person: principal key -> the key that counts.'),
  }),
  per: 'session',
  ttl: days(1),
  cell: () => ({ principal: '' }),
  on: {
    'session.created': noteOpened,
    'stream.opened': noteOpened,
    'queue.enqueued'(e, owner, config) {
      if (!e.broadcast) return judgeMessage(e, e.queueKind, owner.principal, config)
    },
    'notification.sent': (e, owner, config) => judgeMessage(e, 'notification', owner.principal, config),
  },
  examples: {
    match: [
      example('a call of bob asks something in the session of alice', alice, queued('bob')),
      example(
        'it tells something',
        alice,
        queued('bob', { queueKind: 'notification', notification: 'x/message', causeRequestUid: 'c2' }),
      ),
      example('it changes her tools', alice, sent('bob', { causeRequestUid: 'c2' })),
      example('it changes her prompts', alice, sent('bob', { notification: 'notifications/prompts/list_changed' })),
      example('she is known by her stream', sample('stream.opened', of('alice')), queued('bob')),
      example('by somebody who administers nothing', tagged('auditor'), alice, queued('ops')),
      exampleWith({ shared: [] }, 'resources are not shared here', alice, sent('bob', updated)),
    ],
    noMatch: [
      example('an administrator deploys: a broadcast', alice, queued('bob', { broadcast: true }), queued('')),
      example('the server by itself', alice, sent('', { session: 's1' })),
      example('alice causes it herself', alice, queued('alice'), sent('alice')),
      example('nobody is known in the session', created(''), queued('bob'), sent('bob')),
      example('her own session', alice, created('bob', 's2'), queued('bob', { session: 's2' })),
      example('and her stream', sample('stream.opened', of('bob', 's2')), sent('bob', { session: 's2' })),
      example('a resource that both follow', alice, sent('bob', updated), queued('bob', updated)),
      example('new resources', alice, sent('bob', { notification: 'notifications/resources/list_changed' })),
      example('an administrator', tagged('admin'), alice, queued('ops'), sent('ops')),
      example('a system', tagged('system'), alice, queued('ops')),
      exampleWith({ aliases: { [idOf('alice2')]: idOf('alice') } }, 'a new subject of hers', alice, queued('alice2')),
    ],
  },
})
