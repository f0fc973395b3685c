// The quick look at a signal: its yes is one of the schema, and what it does not know it leaves to the schema.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainSignal, signal } from '../../../schemas/signal.ts'
import { sampleSignal } from '../../contract/signal-bus.ts'

describe('a quick look at a signal', () => {
  it('takes those that are sent most', () => {
    expect(isPlainSignal(sampleSignal(1))).toBe(true)
    expect(isPlainSignal(sampleSignal(1, { lists: { scopes: ['a'] } }))).toBe(true)
  })
  it.each([
    ['objects in lists', { lists: { definitions: [{ name: 'x' }] } }],
    ['two names of a hash', { formerHashes: ['b=a'] }],
    ['a silent one', { silent: true }],
  ])('leaves to the schema: %s', (_, more) => {
    const value = sampleSignal(1, more as never)
    expect(isPlainSignal(value)).toBe(false)
    expect(signal.safeParse(value).success).toBe(true)
  })
  it('never takes what the schema refuses', () => {
    const odd = fc.oneof(
      fc.constantFrom(undefined, null, NaN, 1.5, -0, 2 ** 60, '', [], {}, [null], { a: null }),
      fc.jsonValue(),
    )
    const fields = fc.constantFrom(...Object.keys(signal.shape))
    fc.assert(
      fc.property(fc.array(fc.tuple(fields, odd), { maxLength: 3 }), (changes) => {
        const value: Record<string, unknown> = { ...sampleSignal(1) }
        for (const [field, other] of changes) value[field] = other
        if (isPlainSignal(value)) expect(signal.safeParse(value)).toMatchObject({ success: true, data: value })
      }),
      { numRuns: 2_000 },
    )
    for (const other of [null, undefined, 7, 'signal', []]) expect(isPlainSignal(other)).toBe(false)
  })
})
