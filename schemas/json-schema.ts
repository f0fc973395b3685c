/** The published JSON Schemas (draft 2020-12), made from the zod schemas: what `mcp-auditd schemas` prints. */
import { z } from 'zod'
import { alert } from './alert.ts'
import { config } from './config.ts'
import { envelope } from './envelope.ts'
import { EVENT_TYPES, SCHEMA_VERSION, TYPE_FIELDS } from './event.ts'
import { finding } from './finding.ts'
import { signal } from './signal.ts'

export const SCHEMA_NAMES = ['event', 'finding', 'alert', 'signal', 'config'] as const
export type SchemaName = (typeof SCHEMA_NAMES)[number]
export type JsonSchema = { readonly [keyword: string]: unknown }

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'
const TITLES = { event: 'AuditEvent', finding: 'Finding', alert: 'Alert', signal: 'Signal', config: 'Config' } as const
const FLAT = { finding, alert, signal, config } as const

/** Input side: fields with a default may be left out. */
const convert = (schema: z.ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>
  return rest
}

/**
 * The schema of one shape. An event is the envelope plus, by `eventType`, the fields of its type (`oneOf`); unknown fields are
 * allowed there because a reader removes them. Rules that JSON Schema cannot say (well-formed Unicode) are in the descriptions.
 */
export function jsonSchema(name: SchemaName): JsonSchema {
  const head = { $schema: DRAFT, title: TITLES[name], version: SCHEMA_VERSION }
  if (name !== 'event') return { ...head, ...convert(FLAT[name]) }
  const common = convert(z.object(envelope))
  const oneOf = EVENT_TYPES.map((type) => {
    const own = convert(z.object(TYPE_FIELDS[type]))
    const eventType = { const: type, description: 'What happened.', origin: 'server', unit: 'text' }
    return {
      title: type,
      type: 'object',
      properties: { eventType, ...(own['properties'] as object) },
      required: ['eventType'],
    }
  })
  return { ...head, ...common, oneOf }
}
