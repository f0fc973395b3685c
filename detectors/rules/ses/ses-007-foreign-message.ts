/** Something that one principal caused is put into the session of another. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { judgeMessage } from '../../sessions/foreign-message.ts'
import { noteOpened } from '../../sessions/stream-resume.ts'
import { match, noMatch } from './examples/ses-007-foreign-message.ts'

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
  examples: { match, noMatch },
})
