/** Dead letters name what was refused and why, and keep none of it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deadLetter } from '../../../collector/dead-letter.ts'

const position = { log: '0'.repeat(32), partition: 1, offset: 2, index: 3 }
const letter = (field: string, reason: string, refused: unknown) =>
  deadLetter('admission', field, reason, 'acme', Date.UTC(2026, 10, 24), refused)

describe('deadLetter', () => {
  it('says when, where, whose and why, with the position when there is one', () => {
    const { digest, ...rest } = deadLetter('kafka', 'tenant', 'differs', 'acme', Date.UTC(2026, 10, 24), {}, position)
    expect(rest).toEqual({
      at: '2026-11-24T00:00:00.000Z',
      component: 'kafka',
      field: 'tenant',
      reason: 'differs',
      tenant: 'acme',
      position,
    })
    expect(digest).toMatch(/^[0-9a-f]{32}$/)
    expect(letter('a', 'b', {})).not.toHaveProperty('position')
  })
  it('holds a digest instead of the content: the same input gives the same, another gives another', () => {
    const secret = { token: 'sk-live-51H8xyz' }
    expect(letter('f', 'r', secret).digest).toBe(letter('g', 's', { ...secret }).digest)
    expect(letter('f', 'r', secret).digest).not.toBe(letter('f', 'r', { token: 'other' }).digest)
    expect(letter('f', 'r', Buffer.from('bytes')).digest).not.toBe(letter('f', 'r', Buffer.from('byteS')).digest)
    expect(JSON.stringify(letter('f', 'r', secret))).not.toContain('sk-live')
  })
  it('takes input that cannot be written as JSON', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    let deep: unknown = 1
    for (let i = 0; i < 50_000; i++) deep = [deep]
    for (const input of [cyclic, deep, 1n, undefined, () => 1]) expect(letter('f', 'r', input).digest).toHaveLength(32)
  })
  it('makes field and reason short and printable, whatever the sender put there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (hostile) => {
        const { field, reason } = letter(hostile, hostile, {})
        expect(field.length).toBeLessThanOrEqual(128)
        expect(reason.length).toBeLessThanOrEqual(256)
        expect(field + reason).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      }),
    )
  })
})
