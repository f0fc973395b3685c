/** AuditEvent v1: one flat record per thing that happened. zod is the source; JSON Schema and table columns are made from it. */
import { z } from 'zod'
import { type EnvelopeField, envelope } from './envelope.ts'
import { auth } from './events/auth.ts'
import { calls } from './events/calls.ts'
import { content } from './events/content.ts'
import { effects } from './events/effects.ts'
import { governance } from './events/governance.ts'
import { lifecycle } from './events/lifecycle.ts'
import { oauth } from './events/oauth.ts'
import { oversight } from './events/oversight.ts'
import { registry } from './events/registry.ts'
import { traffic } from './events/traffic.ts'
import { quickCheck } from './quick-check.ts'

export const SCHEMA_VERSION = 1
/** Fields of each type beyond the envelope. Types and fields are only ever added (test/unit/schemas/additive.test.ts). */
export const TYPE_FIELDS = {
  ...lifecycle,
  ...auth,
  ...oauth,
  ...traffic,
  ...calls,
  ...content,
  ...effects,
  ...registry,
  ...governance,
  ...oversight,
} as const

export type EventType = keyof typeof TYPE_FIELDS
export const EVENT_TYPES = Object.keys(TYPE_FIELDS) as readonly EventType[]

/** One schema per type. Unknown fields are removed on parse, so a newer producer loses fields, never events. */
export const EVENT_SCHEMAS: { readonly [T in EventType]: z.ZodObject } = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, z.object({ eventType: z.literal(type), ...envelope, ...TYPE_FIELDS[type] })]),
) as unknown as { readonly [T in EventType]: z.ZodObject }

export type Envelope = z.infer<z.ZodObject<typeof envelope>>
type Fields<T extends EventType> = (typeof TYPE_FIELDS)[T]
export type EventOfType<T extends EventType> = Envelope & { eventType: T } & {
  [F in keyof Fields<T>]?: z.infer<Fields<T>[F]>
}
export type AuditEvent = { [T in EventType]: EventOfType<T> }[EventType]
/** Any event, by field: for code that moves events without knowing their type. */
export type EventFields = { readonly [F in EnvelopeField]?: unknown } & { readonly [field: string]: unknown }

export type Parsed =
  | { readonly event: AuditEvent }
  | { readonly fault: { readonly field: string; readonly reason: string } }

const quick = new Map(EVENT_TYPES.map((type) => [type as string, quickCheck(EVENT_SCHEMAS[type])]))

/**
 * Validate one event: unknown fields are removed, a wrong one refuses the event with the name of the field. The answer may be the
 * input itself. Structure (depth, forbidden keys, size) is checked before, on the raw input: bounds.ts.
 */
export function parseEvent(input: unknown): Parsed {
  if (input === null || typeof input !== 'object') return { fault: { field: '', reason: 'must be an object' } }
  const type = (input as { eventType?: unknown }).eventType
  const check = typeof type === 'string' ? quick.get(type) : undefined
  if (check === undefined) return { fault: { field: 'eventType', reason: 'must be one of the known event types' } }
  if (check(input)) return { event: input as AuditEvent }
  const result = EVENT_SCHEMAS[type as EventType].safeParse(input)
  if (result.success) return { event: result.data as AuditEvent }
  const issue = result.error.issues[0]
  return { fault: { field: issue?.path.join('.') ?? '', reason: issue?.message ?? 'invalid' } }
}
