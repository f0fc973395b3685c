// fast-check values of valid audit events, made from the published JSON Schema: every type, every field, every bound.
import fc from 'fast-check'
import type { AuditEvent } from '../../../schemas/event.ts'
import { type JsonSchema, jsonSchema } from '../../../schemas/json-schema.ts'

/** Short values: bounds are tested on their own, and a list of 2,048 definitions in every run would only be slow. */
const MAX_CHARS = 24
const MAX_LENGTH = 3

const texts = fc
  .string({ unit: 'grapheme', maxLength: MAX_CHARS })
  .filter((text) => text.isWellFormed() && !text.includes('\0'))
const instants = fc
  .tuple(fc.integer({ min: 1_600_000_000, max: 2_000_000_000 }), fc.stringMatching(/^(\.[0-9]{1,9})?$/))
  .map(([seconds, fraction]) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`)

function ofSchema(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema['const'] !== undefined) return fc.constant(schema['const'])
  if (schema['enum'] !== undefined) return fc.constantFrom(...(schema['enum'] as unknown[]))
  const min = Number(schema['minimum'] ?? -1e6)
  const max = Number(schema['maximum'] ?? 1e6)
  if (schema['type'] === 'boolean') return fc.boolean()
  if (schema['type'] === 'integer')
    return fc.integer({ min: Math.max(min, -(2 ** 53 - 1)), max: Math.min(max, 2 ** 53 - 1) }).map((n) => n + 0)
  if (schema['type'] === 'number') return fc.double({ min, max, noNaN: true }).map((n) => n + 0)
  if (schema['type'] === 'array') return fc.array(ofSchema(schema['items'] as JsonSchema), { maxLength: MAX_LENGTH })
  if (schema['type'] === 'object') return ofObject(schema)
  const pattern = schema['pattern'] as string | undefined
  if (pattern === undefined) return texts.filter((text) => text.length >= Number(schema['minLength'] ?? 0))
  return pattern.includes('T(') ? instants : fc.stringMatching(new RegExp(pattern))
}

function ofObject(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(schema['properties'] as Record<string, JsonSchema>)
  return fc.record(Object.fromEntries(fields.map(([name, inner]) => [name, ofSchema(inner)])), {
    requiredKeys: (schema['required'] as string[] | undefined) ?? [],
    noNullPrototype: true,
  })
}

const { oneOf, ...envelope } = jsonSchema('event')
const common = ofObject(envelope)
/** Any valid event of any type, of one server: what is said of all of them has rules of its own. */
export const anyEvent: fc.Arbitrary<AuditEvent> = fc
  .oneof(...(oneOf as JsonSchema[]).map((branch) => fc.tuple(common, ofObject(branch))))
  .map(([shared, own]) => ({ ...shared, ...own }) as unknown as AuditEvent)
  .filter(({ serverId }) => serverId !== '*')
