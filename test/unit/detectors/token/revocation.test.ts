/** Use of what was revoked: whichever of revocation and use is known first, the same is found under the same name. */
import { describe, expect, it } from 'vitest'
import type { Match } from '../../../../detectors/rule.ts'
import { noteRevoked, noteUseOf, notRevoked } from '../../../../detectors/token/revocation.ts'

const options = {
  graceMs: 300_000,
  serverGraceMs: {},
  sessionReasons: ['session'],
  openReasons: ['enabled'],
}
const START = 1_767_225_600
type Step = (cell: ReturnType<typeof notRevoked>) => Match | undefined
const revoked =
  (minute: number, reason: string): Step =>
  (cell) =>
    noteRevoked({ ts: (START + 60 * minute) * 1_000, revokedAt: START + 60 * minute, reason }, cell, options)
const used =
  (minute: number, issued = -10, server = 'a'): Step =>
  (cell) => {
    const use = {
      ts: (START + 60 * minute) * 1_000,
      issuedAt: START + 60 * issued,
      server,
      decision: 'allow',
      flags: [],
    }
    return noteUseOf(use, cell, options)
  }
const namesOf = (steps: readonly Step[]): string[] => {
  const cell = notRevoked()
  return steps.flatMap((step) => step(cell)?.named ?? [])
}
function* orders<T>(all: readonly T[]): Generator<T[]> {
  if (all.length === 0) yield []
  for (const [at, one] of all.entries()) for (const rest of orders(all.toSpliced(at, 1))) yield [one, ...rest]
}

describe('in any order', () => {
  it.each<[string, Step[], number]>([
    ['a closed account is used', [revoked(0, 'account-disabled'), used(30)], 1],
    ['it is used at two servers within an hour', [revoked(0, ''), used(30), used(31, -10, 'b')], 1],
    ['it is used within the grace', [revoked(0, ''), used(5)], 0],
    ['sessions ended, the old token goes on', [revoked(0, 'sessions-revoked'), used(30)], 1],
    ['sessions ended, there is a new token', [revoked(0, 'sessions-revoked'), used(30, 1)], 0],
    ['sessions ended of an account that was closed', [revoked(0, ''), revoked(1, 'sessions-revoked'), used(30, 2)], 1],
  ])('%s', (_, steps, found) => {
    const [first, ...others] = [...orders(steps)].map((order) => namesOf(order).at(-1))
    expect(first === undefined ? 0 : 1).toBe(found)
    for (const other of others) expect(other === undefined ? 0 : 1).toBe(found)
  })

  it('it was opened again, whichever of the two is told first; only what is not told yet cannot count', () => {
    const [closed, opened] = [revoked(0, ''), revoked(10, 'account-enabled')]
    expect(namesOf([closed, opened, used(30)])).toEqual([])
    expect(namesOf([opened, closed, used(30)])).toEqual([])
    expect(namesOf([closed, used(30), opened])).toHaveLength(1)
  })

  it('one hour of use is told once, the next hour anew', () => {
    const minutes = [6, 20, 40, 66, 90, 130]
    expect(namesOf([revoked(0, ''), ...minutes.map((minute) => used(minute))])).toHaveLength(3)
  })
})

it('a cell stays small, however long it goes on', () => {
  const cell = notRevoked()
  revoked(0, '')(cell)
  for (let hour = 1; hour < 500; hour++) used(60 * hour, -10, 's'.repeat(512))(cell)
  expect(JSON.stringify(cell).length).toBeLessThan(4_096)
})
