/** Fakes that take what their service refuses would prove nothing: each refuses all that its file lists. */
import { describe, expect, it } from 'vitest'
import { refusalsOf, tryAll } from '../../fakes/selftest.ts'

const refusals = await refusalsOf()

describe('every fake refuses what its service refuses', () => {
  it.each(refusals.map((one) => [one.fake, one.name, one] as const))('%s: %s', async (_fake, _name, one) => {
    expect(await one.refuses()).toBe(true)
  })
  it('an acceptance and a refusal that cannot be tried are told', async () => {
    const tried = await tryAll([
      { fake: 'meek', name: 'anything', refuses: async () => false },
      { fake: 'broken', name: 'anything', refuses: () => Promise.reject(new Error('no socket')) },
    ])
    expect(tried.map(({ refused, fault }) => [refused, fault])).toEqual([
      [false, ''],
      [false, 'no socket'],
    ])
  })
})
