/** A signal: a small record for rules whose key crosses servers, sent from the owner of an event to the owner of the key. */
import { z } from 'zod'

const say = (description: string, unit: string) => ({ description, origin: 'ours', unit })

/** Signals of one source partition are sent in the order of their tuple, one in flight; a reader keeps the highest tuple. */
export const signal = z.object({
  log: z.string().meta(say('Log of the event it was made from.', 'id')),
  partition: z.int().meta(say('Partition of that event.', 'number')),
  offset: z.int().meta(say('Offset of that event.', 'number')),
  index: z.int().meta(say('Index of that event within its record.', 'number')),
  ordinal: z.int().meta(say('Number of the signal within its event: two keys of one event differ.', 'number')),
  tenant: z.string().meta(say('Tenant.', 'text')),
  scope: z.string().meta(say('Scope whose key it is, such as principal or token.', 'text')),
  key: z.string().meta(say('The key within the scope.', 'text')),
  eventId: z.string().meta(say('Event it was made from.', 'id')),
  eventType: z.string().meta(say('Type of that event.', 'text')),
  eventTime: z.string().meta(say('Time of that event.', 'RFC 3339 UTC')),
  serverId: z.string().meta(say('Server of that event.', 'text')),
  facts: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .meta(say('Fields of the event that rules of the scope read.', 'object')),
})
export type Signal = z.infer<typeof signal>
