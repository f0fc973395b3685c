// Events made hostile: every field in turn, and all at once, at the bounds of the schema. For the longest a rule may take.
import { z } from 'zod'
import { type AuditEvent, EVENT_SCHEMAS } from '../../schemas/event.ts'
import { LIMITS } from '../../schemas/field.ts'

/** Texts on which careless code is slow: long, repeating, full of separators and of what patterns back-track on. */
const TEXTS = (length: number): readonly string[] => [
  'x'.repeat(length),
  '/..'.repeat(length).slice(0, length),
  'a.'.repeat(length).slice(0, length),
  ':* '.repeat(length).slice(0, length),
  'İ\u0301😀'.repeat(length).slice(0, length).toWellFormed(),
]
const KEPT = ['eventType', 'eventId', 'eventTime', 'serverId', 'tenant', 'receivedAt', 'formerHashes']
const inner = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodOptional ? inner(schema.unwrap() as z.ZodType) : schema

/** Values of a schema at its bounds. `salt` makes lists of different elements differ from each other. */
function extremes(schema: z.ZodType, salt: number): readonly unknown[] {
  const plain = inner(schema)
  if (plain instanceof z.ZodString) {
    const ids = plain.safeParse('0'.repeat(64)).success && !plain.safeParse('xyz').success
    if (ids) return [salt.toString(16).padStart(32, '0')]
    return TEXTS(Math.min(plain.maxLength ?? LIMITS.nameChars, LIMITS.textChars)).filter(
      (text) => plain.safeParse(text).success,
    )
  }
  if (plain instanceof z.ZodNumber) return [0, LIMITS.integer, 1.5].filter((n) => plain.safeParse(n).success)
  if (plain instanceof z.ZodBoolean) return [true, false]
  if (plain instanceof z.ZodEnum) return plain.options
  if (plain instanceof z.ZodArray) {
    const element = plain.element as z.ZodType
    const most = inner(element) instanceof z.ZodObject ? 128 : LIMITS.listLength
    return [0, 1].map((kind) =>
      Array.from({ length: most }, (_, at) => {
        const all = extremes(element, at + 1)
        const value = all[(at * kind) % Math.max(1, all.length)]
        return typeof value === 'string' ? `${at} ${value}`.slice(0, value.length) : value
      }),
    )
  }
  if (plain instanceof z.ZodObject)
    return [
      Object.fromEntries(
        Object.entries(plain.shape as Record<string, z.ZodType>).flatMap(([name, field]) => {
          const [first] = extremes(field, salt)
          const small = typeof first === 'string' ? `${salt} ${first}`.slice(0, 128) : first
          const value = Array.isArray(small) ? small.slice(0, 8) : small
          return value !== undefined && field.safeParse(value).success ? [[name, value]] : []
        }),
      ),
    ]
  return []
}

/** Variants of one event, each still valid. */
export function* hostileOf(event: AuditEvent): Generator<AuditEvent> {
  const shape = EVENT_SCHEMAS[event.eventType].shape as Record<string, z.ZodType>
  const all: Record<string, unknown> = { ...event }
  let room = LIMITS.eventBytes / 2
  for (const [field, schema] of Object.entries(shape)) {
    if (KEPT.includes(field)) continue
    for (const value of valuesOf(schema)) {
      yield { ...event, [field]: value } as AuditEvent
      const bytes = typeof value === 'string' ? value.length : Array.isArray(value) ? value.length * 600 : 8
      if (bytes >= room) continue
      room -= bytes
      all[field] = value
    }
  }
  yield all as unknown as AuditEvent
}

/** Made once for each schema: a bench asks for the same fields thousands of times. */
const made = new Map<z.ZodType, readonly unknown[]>()
function valuesOf(schema: z.ZodType): readonly unknown[] {
  const known = made.get(schema) ?? extremes(schema, 1).filter((value) => schema.safeParse(value).success)
  made.set(schema, known)
  return known
}
