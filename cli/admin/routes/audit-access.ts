/** What a command did with the data of this service, told by the command: it becomes an event like any other. */
import { access, accessEvent } from '../../access-event.ts'
import { route } from '../route.ts'

export default route({
  method: 'POST',
  path: '/v1/audit-access',
  summary: 'Records that a person read or changed what the audit holds',
  asked: access,
  answers: 'The id of the event, which is durable.',
  async answer(asked, { bus, clock }) {
    const event = accessEvent(asked, clock.nowMs())
    await bus.publish([event])
    return { body: { eventId: event.eventId } }
  },
})
