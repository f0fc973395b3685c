// What an OpenTelemetry log record repeats of its event, and the names of columns.
import { describe, expect, it } from 'vitest'
import { ENVELOPE_FIELDS } from '../../../schemas/envelope.ts'
import { attributesOf, columnOf, RECORD_ATTRIBUTES } from '../../../schemas/wire.ts'
import { sampleEvent } from '../../contract/samples.ts'

describe('attributes', () => {
  it('are the id, and method and tool where there are any, by the names of the semantic conventions', () => {
    const { method: _method, toolName: _tool, ...bare } = sampleEvent()
    expect(attributesOf(bare as never)).toEqual({ 'log.record.uid': bare.eventId })
    expect(attributesOf({ ...bare, method: 'tools/call', toolName: 'add' } as never)).toEqual({
      'log.record.uid': bare.eventId,
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'add',
    })
  })
  it('repeat fields of the envelope', () => {
    const known = new Set<string>(ENVELOPE_FIELDS)
    expect(Object.keys(RECORD_ATTRIBUTES).filter((field) => !known.has(field))).toEqual([])
  })
})

describe('columns', () => {
  it('are the snake form of the field, one to one', () => {
    expect(columnOf('jsonrpcIdHash')).toBe('jsonrpc_id_hash')
    expect(new Set(ENVELOPE_FIELDS.map(columnOf)).size).toBe(ENVELOPE_FIELDS.length)
  })
})
