// The additive law: a published field never vanishes, changes its type or takes less than it took.
import { describe, expect, it } from 'vitest'
import { ENVELOPE_FIELDS } from '../../../schemas/envelope.ts'
import { EVENT_TYPES, TYPE_FIELDS } from '../../../schemas/event.ts'
import { readBaseline } from './baseline.ts'
import { breaks, currentShapes, narrowings, type Shapes } from './compatibility.ts'

const baseline = readBaseline()

describe('shapes', () => {
  it('keep everything the baseline has', () => {
    expect(Object.keys(baseline).length).toBeGreaterThan(EVENT_TYPES.length)
    expect(breaks(baseline, currentShapes())).toEqual([])
  })
  it('are all in the baseline (new fields are welcome: `npm run schemas:baseline` records them)', () => {
    expect(breaks(currentShapes(), baseline)).toEqual([])
  })
  it('no field of a type has the name of an envelope field', () => {
    const doubled = EVENT_TYPES.flatMap((type) =>
      Object.keys(TYPE_FIELDS[type]).filter((field) => (ENVELOPE_FIELDS as readonly string[]).includes(field)),
    )
    expect(doubled).toEqual([])
  })
})

describe('the check', () => {
  const field = { type: 'string', maxLength: 10 }
  const shape = (properties: Shapes, required: string[] = []) => ({ type: 'object', properties, required })
  it.each([
    ['a field that is gone', shape({ a: field }), shape({})],
    ['another type', field, { type: 'number', maxLength: 10 }],
    ['a shorter text', field, { type: 'string', maxLength: 9 }],
    ['a new bound', { type: 'integer' }, { type: 'integer', minimum: 0 }],
    ['a lost enum value', { enum: ['a', 'b'] }, { enum: ['a'] }],
    ['an enum where any text was', { type: 'string' }, { type: 'string', enum: ['a'] }],
    ['another pattern', { pattern: '^a' }, { pattern: '^b' }],
    ['a newly required field', shape({ a: field }), shape({ a: field }, ['a'])],
    ['a narrower list', { type: 'array', items: field }, { type: 'array', items: { type: 'string', maxLength: 1 } }],
    ['a list without elements', { type: 'array', items: field }, { type: 'array' }],
  ])('sees %s', (_, before, now) => {
    expect(narrowings(before, now, 'x')).not.toEqual([])
  })
  it.each([
    ['a new field', shape({ a: field }), shape({ a: field, b: field })],
    ['a longer text', field, { type: 'string', maxLength: 11 }],
    ['a bound that is gone', field, { type: 'string' }],
    ['a new enum value', { enum: ['a'] }, { enum: ['a', 'b'] }],
    ['a field no longer required', shape({ a: field }, ['a']), shape({ a: field })],
  ])('lets %s pass', (_, before, now) => {
    expect(narrowings(before, now, 'x')).toEqual([])
  })
  it('sees an event type that is gone', () => {
    const { 'tool.call': _, ...rest } = currentShapes()
    expect(breaks(baseline, rest)).toEqual(['tool.call: is gone'])
  })
})
