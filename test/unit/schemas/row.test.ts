// A row holds the whole event: to a row and back loses nothing, and the same event gives the same bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENVELOPE_FIELDS } from '../../../schemas/envelope.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import type { Position } from '../../../schemas/position.ts'
import { type Enrichment, eventOfRow, ROW_COLUMNS, rowText, WITHOUT_COLUMN } from '../../../schemas/row.ts'
import { columnOf } from '../../../schemas/wire.ts'
import { anyEvent } from './arbitrary-event.ts'

const enrichment: Enrichment = {
  serverOwner: 'platform',
  serverEnv: 'prod',
  toolRisk: 'write',
  inventoryHash: 'i1',
  matchedRules: ['tok-001-audience-mismatch'],
  ruleSetHash: 'r1',
}
const positions: fc.Arbitrary<Position> = fc.record(
  { log: fc.stringMatching(/^[0-9a-f]{32}$/), partition: fc.nat(511), offset: fc.maxSafeNat(), index: fc.nat(9_999) },
  { noNullPrototype: true },
)
const received = fc
  .tuple(anyEvent, positions)
  .map(([event, position]): [AuditEvent, Position] => [
    { ...event, receivedAt: '2026-11-24T12:00:00.123Z' } as AuditEvent,
    position,
  ])
const columnFields: readonly string[] = ENVELOPE_FIELDS.filter((field) => !WITHOUT_COLUMN.includes(field))
/** A row has no NULL: an envelope field at its absent value reads as not sent. Fields of the type keep '' and 0. */
const withoutAbsent = (event: AuditEvent) =>
  Object.fromEntries(
    Object.entries(event).filter(([field, value]) => {
      const absent = value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0)
      return !(absent && columnFields.includes(field))
    }),
  )

describe('a row', () => {
  it('gives back the event and its position', () => {
    fc.assert(
      fc.property(received, ([event, position]) => {
        expect(eventOfRow(rowText(event, enrichment, position))).toEqual({ event: withoutAbsent(event), position })
      }),
      { numRuns: 60 },
    )
  })
  it('of the same event has the same bytes, also after a round trip; the order of fields changes no value', () => {
    fc.assert(
      fc.property(received, ([event, position]) => {
        const line = rowText(event, enrichment, position)
        expect(rowText(eventOfRow(line).event, enrichment, position)).toBe(line)
        const turned = Object.fromEntries(Object.entries(event).reverse()) as unknown as AuditEvent
        expect(JSON.parse(rowText(turned, enrichment, position))).toEqual(JSON.parse(line))
      }),
      { numRuns: 40 },
    )
  })
  it('is one line with one value per column, and no value is null', () => {
    fc.assert(
      fc.property(received, ([event, position]) => {
        const line = rowText(event, enrichment, position)
        expect(line).not.toContain('\n')
        const values = JSON.parse(line) as unknown[]
        expect(values).toHaveLength(ROW_COLUMNS.length)
        expect(values).not.toContain(null)
      }),
      { numRuns: 40 },
    )
  })
  it('stands in the columns it is named after', () => {
    const event = {
      ...{ eventType: 'tool.call', eventId: 'a'.repeat(32), eventTime: '2026-11-24T12:00:00.5Z', serverId: 'srv' },
      ...{ receivedAt: '2026-11-24T12:00:01.000Z', toolName: 'pay', argsBytes: 12, traceClientSupplied: true },
    } as AuditEvent
    const values = JSON.parse(rowText(event, enrichment, { log: 'l', partition: 3, offset: 4, index: 5 })) as unknown[]
    const row = Object.fromEntries(ROW_COLUMNS.map(([column], at) => [column, values[at]]))
    expect(row).toMatchObject({
      event_type: 'tool.call',
      event_time: '2026-11-24 12:00:00.5',
      received_at: '2026-11-24 12:00:01.000',
      server_id: 'srv',
      tool_name: 'pay',
      trace_client_supplied: true,
      principal_key: '',
      duration_ms: 0,
      labels: [],
      fields: { argsBytes: 12 },
      tool_risk: 'write',
      matched_rules: ['tok-001-audience-mismatch'],
      position_log: 'l',
      position_partition: 3,
      position_offset: 4,
      position_index: 5,
    })
  })
  it('has a column for every envelope field but those named as having none, and no column twice', () => {
    const names = ROW_COLUMNS.map(([column]) => column)
    expect(new Set(names).size).toBe(names.length)
    expect(ENVELOPE_FIELDS.filter((field) => !names.includes(columnOf(field)))).toEqual(WITHOUT_COLUMN)
  })
})
