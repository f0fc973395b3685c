/** A signal: a small record for rules whose key crosses servers, sent from the owner of an event to the owner of the key. */
import { z } from 'zod'

const say = (description: string, unit: string) => ({ description, origin: 'ours', unit })
const scalar = z.union([z.string(), z.number(), z.boolean()])

/** Signals of one source partition are sent in the order of their tuple, one in flight; a reader keeps the highest tuple. */
export const signal = z.object({
  log: z.string().meta(say('Log of the event it was made from.', 'id')),
  partition: z.int().meta(say('Partition of that event.', 'number')),
  offset: z.int().meta(say('Offset of that event.', 'number')),
  index: z.int().meta(say('Index of that event within its record.', 'number')),
  ordinal: z.int().meta(say('Number of the signal within its event: two keys of one event differ.', 'number')),
  tenant: z.string().meta(say('Tenant.', 'text')),
  scope: z
    .string()
    .meta(say('Scope whose key it is, such as fleetPrincipal; fleet for facts that reach every partition.', 'text')),
  key: z.string().meta(say('The key within the scope.', 'text')),
  eventId: z.string().meta(say('Event it was made from.', 'id')),
  eventType: z.string().meta(say('Type of that event, or of the part of it that is meant.', 'text')),
  eventTime: z.string().meta(say('Time of that event.', 'RFC 3339 UTC')),
  serverId: z.string().meta(say('Server of that event.', 'text')),
  facts: z
    .record(z.string(), scalar)
    .meta(say('Fields of the event that rules of the scope read, by the words of rules.', 'object')),
  lists: z
    .record(z.string(), z.array(z.union([scalar, z.record(z.string(), z.union([scalar, z.array(scalar)]))])))
    .optional()
    .meta(say('Those of them that are lists.', 'object')),
  formerHashes: z
    .array(z.string())
    .optional()
    .meta(say('Pairs new=former of the hashes in it, while a rotation of keys overlaps.', 'text')),
  silent: z
    .boolean()
    .optional()
    .meta(say('A copy under the new hash of a rotated key: it is remembered, and finds nothing.', 'boolean')),
})
export type Signal = z.infer<typeof signal>
/** Both kinds of fields in one. */
export type Facts = { [word: string]: Signal['facts'][string] | NonNullable<Signal['lists']>[string] }

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
const TEXTS = ['log', 'tenant', 'scope', 'key', 'eventId', 'eventType', 'eventTime', 'serverId'] as const
const NUMBERS = ['partition', 'offset', 'index', 'ordinal'] as const

/** A yes is a yes of the schema, at a tenth of its cost; a no means: ask the schema. */
export function isPlainSignal(value: unknown): value is Signal {
  if (value === null || typeof value !== 'object') return false
  const it = value as Record<string, unknown>
  for (const name of TEXTS) if (typeof it[name] !== 'string') return false
  for (const name of NUMBERS) if (!Number.isSafeInteger(it[name])) return false
  const { facts, lists, formerHashes, silent } = it
  if (formerHashes !== undefined || silent !== undefined) return false
  if (facts === null || typeof facts !== 'object' || Array.isArray(facts)) return false
  for (const word in facts) if (!isScalar((facts as Record<string, unknown>)[word])) return false
  if (lists === undefined) return true
  if (lists === null || typeof lists !== 'object' || Array.isArray(lists)) return false
  return Object.values(lists).every((list) => Array.isArray(list) && list.every(isScalar))
}
