// The names of event fields in an OpenTelemetry log record: one to one, and the conventions' own where they have one.
import { describe, expect, it } from 'vitest'
import { ENVELOPE_FIELDS } from '../../../schemas/envelope.ts'
import { EVENT_TYPES, TYPE_FIELDS } from '../../../schemas/event.ts'
import { attributeOf, columnOf, FIELD_OF_ATTRIBUTE, RECORD_FIELDS, RESOURCE_FIELDS } from '../../../schemas/wire.ts'

const fields = new Set<string>([...ENVELOPE_FIELDS, ...EVENT_TYPES.flatMap((type) => Object.keys(TYPE_FIELDS[type]))])

describe('attributes', () => {
  it('name each field once: no two fields share an attribute', () => {
    expect(FIELD_OF_ATTRIBUTE.size).toBe(fields.size)
    for (const field of fields) expect(FIELD_OF_ATTRIBUTE.get(attributeOf(field))).toBe(field)
  })
  it.each([
    ['eventId', 'log.record.uid'],
    ['method', 'mcp.method.name'],
    ['toolName', 'gen_ai.tool.name'],
    ['protocolVersion', 'mcp.protocol.version'],
    ['serverId', 'mcp_audit.server.id'],
    ['durationMs', 'mcp_audit.duration_ms'],
    ['jsonrpcIdHash', 'mcp_audit.jsonrpc_id_hash'],
  ])('%s is %s', (field, attribute) => {
    expect(attributeOf(field)).toBe(attribute)
  })
  it('are lower case with dots and underscores', () => {
    expect([...FIELD_OF_ATTRIBUTE.keys()].filter((name) => !/^[a-z][a-z0-9_.]*$/.test(name))).toEqual([])
  })
  it('of the record and of the resource are fields of the envelope', () => {
    const known = new Set<string>([...ENVELOPE_FIELDS, 'eventType'])
    expect([...RECORD_FIELDS, ...RESOURCE_FIELDS].filter((field) => !known.has(field))).toEqual([])
    expect(RESOURCE_FIELDS.filter((field) => (RECORD_FIELDS as readonly string[]).includes(field))).toEqual([])
  })
})

describe('columns', () => {
  it('are the snake form of the field, one to one', () => {
    expect(columnOf('jsonrpcIdHash')).toBe('jsonrpc_id_hash')
    expect(new Set(ENVELOPE_FIELDS.map(columnOf)).size).toBe(ENVELOPE_FIELDS.length)
  })
})
