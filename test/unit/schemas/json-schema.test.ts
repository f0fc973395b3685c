// The published JSON Schemas: they explain every field, and they take and refuse what the zod schemas take and refuse.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { EVENT_TYPES, parseEvent } from '../../../schemas/event.ts'
import { type JsonSchema, jsonSchema, SCHEMA_NAMES } from '../../../schemas/json-schema.ts'
import { anyEvent } from './arbitrary-event.ts'

type Property = { readonly description?: string; readonly origin?: string; readonly unit?: string }
const ORIGINS = ['server', 'gateway', 'client', 'ingested', 'ours']
const fieldsOf = (schema: JsonSchema) => Object.entries((schema['properties'] ?? {}) as Record<string, Property>)

describe('JSON Schema', () => {
  it.each(['event', 'finding', 'alert', 'signal'] as const)(
    '%s: every field has description, origin and unit',
    (name) => {
      const schema = jsonSchema(name)
      const fields = [schema, ...((schema['oneOf'] as JsonSchema[] | undefined) ?? [])].flatMap(fieldsOf)
      expect(fields.length).toBeGreaterThan(10)
      const mute = fields.filter(
        ([, { description, origin, unit }]) => !description || !unit || !ORIGINS.includes(origin ?? ''),
      )
      expect(mute.map(([field]) => field)).toEqual([])
    },
  )
  it('config: every setting, at any depth, has a description', () => {
    const mute: string[] = []
    const visit = (schema: JsonSchema, path: string) => {
      for (const [name, inner] of fieldsOf(schema)) {
        if (!inner.description) mute.push(`${path}${name}`)
        visit(inner as JsonSchema, `${path}${name}.`)
      }
      const below = [
        schema['items'],
        schema['additionalProperties'],
        ...((schema['oneOf'] ?? schema['anyOf'] ?? []) as unknown[]),
      ]
      for (const inner of below) if (inner !== null && typeof inner === 'object') visit(inner as JsonSchema, path)
    }
    visit(jsonSchema('config'), '')
    expect(mute).toEqual([])
  })
  it('an event is one of the known types, told apart by eventType', () => {
    const branches = jsonSchema('event')['oneOf'] as { properties: { eventType: { const: string } } }[]
    expect(branches.map((branch) => branch.properties.eventType.const)).toEqual(EVENT_TYPES)
  })
  it('every schema is read back by an independent reader of JSON Schema', () => {
    for (const name of SCHEMA_NAMES) expect(z.fromJSONSchema(jsonSchema(name) as never)).toBeInstanceOf(z.ZodType)
  })
  it('takes every event the validator takes', () => {
    const published = z.fromJSONSchema(jsonSchema('event') as never)
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(parseEvent(event)).toEqual({ event })
        expect(published.safeParse(event).success).toBe(true)
      }),
      { numRuns: 30 },
    )
  })
  it.each([
    ['an unknown type', { eventType: 'tool.guess' }],
    ['a wrong id', { eventId: 'not-an-id' }],
    ['a time that is not UTC', { eventTime: '2026-01-01T00:00:00+01:00' }],
    ['a fractional count', { argsBytes: 1.5 }],
    ['a negative count', { producerSeq: -1 }],
    ['a text that is too long', { toolName: 'x'.repeat(513) }],
    ['a value outside its list', { decision: 'maybe' }],
  ])('refuses %s as the validator does', (_, change) => {
    const event = {
      eventType: 'tool.call',
      eventId: '0123456789abcdef0123456789abcdef',
      eventTime: '2026-01-01T00:00:00Z',
      serverId: 's',
    }
    const published = z.fromJSONSchema(jsonSchema('event') as never)
    expect(published.safeParse(event).success).toBe(true)
    expect(published.safeParse({ ...event, ...change }).success).toBe(false)
    expect(parseEvent({ ...event, ...change })).toHaveProperty('fault.field', Object.keys(change)[0])
  })
})
