/** A signal: a small record for rules whose key crosses servers, sent from the owner of an event to the owner of the key. */
import { z } from 'zod'

/** Signals of one source partition are sent in the order of their tuple, one in flight; a reader keeps the highest tuple. */
export const signal = z.object({
  log: z.string(),
  partition: z.int(),
  offset: z.int(),
  index: z.int(),
  ordinal: z.int().meta({
    description: 'Number of the signal within its event: two keys of one event differ.',
    origin: 'ours',
    unit: 'number',
  }),
  tenant: z.string(),
  scope: z
    .string()
    .meta({ description: 'Scope whose key it is, such as principal or token.', origin: 'ours', unit: 'text' }),
  key: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  eventTime: z.string(),
  serverId: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})
export type Signal = z.infer<typeof signal>
