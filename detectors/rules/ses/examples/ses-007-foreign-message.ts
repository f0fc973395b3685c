/** Messages that somebody else caused: examples. */
import { example, exampleWith, graded, idOf, sample } from '../../../sample.ts'

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

export const match = [
  graded('high', example('a call of bob asks something in the session of alice', alice, queued('bob'))),
  example(
    'it tells something',
    alice,
    queued('bob', { queueKind: 'notification', notification: 'x/message', causeRequestUid: 'c2' }),
  ),
  graded('medium', example('it changes her tools', alice, sent('bob', { causeRequestUid: 'c2' }))),
  example('it changes her prompts', alice, sent('bob', { notification: 'notifications/prompts/list_changed' })),
  example('she is known by her stream', sample('stream.opened', of('alice')), queued('bob')),
  example('by somebody who administers nothing', tagged('auditor'), alice, queued('ops')),
  exampleWith({ shared: [] }, 'resources are not shared here', alice, sent('bob', updated)),
]

export const noMatch = [
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
]
