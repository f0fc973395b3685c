// What an export is asked for: wrong options are refused by name, with what would be right.
import { describe, expect, it } from 'vitest'
import { selectionOf } from '../../../../cli/export/selection.ts'

const GIVEN = { what: 'events', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }

describe('a selection', () => {
  it('is half open in time, and for all unless told otherwise', () => {
    expect(selectionOf(GIVEN)).toEqual({
      what: 'events',
      fromMs: Date.parse(GIVEN.from),
      toMs: Date.parse(GIVEN.to),
      tenant: '',
      server: '',
      types: [],
    })
  })
  it('takes types with commas; of alerts they are ids of rules, also of rules that are not here', () => {
    expect(selectionOf({ ...GIVEN, type: ' tool.call, tool.result,' }).types).toEqual(['tool.call', 'tool.result'])
    expect(selectionOf({ ...GIVEN, what: 'alerts', type: 'own-001-x' }).types).toEqual(['own-001-x'])
  })
  it.each([
    [{ from: 'yesterday' }, '--from: must be a time'],
    [{ from: '1969-12-31T00:00:00Z' }, '--from: must be a time'],
    [{ to: '+275760-09-13T00:00:00Z' }, '--to: must be a time'],
    [{ to: GIVEN.from }, '--to: must be later than --from'],
    [{ what: 'tokens' }, '--what: must be one of events, findings, alerts'],
    [{ type: 'tool.cal' }, '--type: no such event type: tool.cal'],
  ])('is refused when it holds %o', (change, reason) => {
    expect(() => selectionOf({ ...GIVEN, ...change })).toThrow(`export: ${reason}`)
  })
})
