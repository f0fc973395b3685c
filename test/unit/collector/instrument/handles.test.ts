import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candidatesOf } from '../../../../collector/instrument/messages/handles.ts'

const CANDIDATE = /[A-Za-z0-9_-]{16,512}/g
describe('candidatesOf', () => {
  it('finds in any text what the expression finds', () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/),
      fc.string({ maxLength: 3 }),
      fc.constantFrom(
        ' ',
        '\u00e9',
        '\u{1f600}',
        '\ud800',
        'x'.repeat(15),
        'x'.repeat(16),
        'y'.repeat(512),
        'z'.repeat(530),
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        expect(candidatesOf(text)).toEqual(text.match(CANDIDATE) ?? [])
      }),
      { numRuns: 2_000 },
    )
  })
})
