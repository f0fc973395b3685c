// A small haystack: the same fleet and week with fewer events, and every kind of attack once.
import { describe, expect, it } from 'vitest'
import { EVENT_TYPES } from '../../../schemas/event.ts'
import { ATTACK_KINDS, hiddenAttacks } from '../../haystack/attacks/hidden.ts'
import { benignPlan, inOrder, operationsPlan } from '../../haystack/draw.ts'
import { fleetOf } from '../../haystack/fleet.ts'
import { judge } from '../../haystack/judge.ts'
import { falseAbove, reportText } from '../../haystack/report.ts'
import { loadKinds } from '../../haystack/templates.ts'
import { RULES } from '../../rule-runs.ts'

const EVENTS = 20_000
const STATE_ROWS = 100_000
const kinds = loadKinds()
function week(seed: number, events: number) {
  const fleet = fleetOf(kinds, seed, 1)
  const attacks = hiddenAttacks(fleet, ATTACK_KINDS.length, seed)
  const hidden = attacks.map(({ startMs, events: all }) => ({ startMs, make: () => all }))
  const plan = [...operationsPlan(fleet, seed + 1), ...benignPlan(fleet, events, seed + 2), ...hidden]
  return { fleet, attacks, events: inOrder(plan, fleet) }
}

describe('the recording', () => {
  it('holds runs of at least eight real servers, and no field of content', () => {
    expect(kinds.length).toBeGreaterThanOrEqual(30)
    const names = kinds.flatMap(({ sessions }) => sessions.flatMap(({ events }) => events.map(({ fields }) => fields)))
    expect(new Set(names.map(({ serverName }) => serverName)).size).toBeGreaterThanOrEqual(12)
    for (const fields of names) {
      expect(EVENT_TYPES).toContain(fields['eventType'])
      expect(fields).not.toHaveProperty('captured')
    }
  })
})

describe('the drawing', () => {
  it('is the same for the same seed, in the order of time, and numbered by each producer from 1', () => {
    const first = [...week(3, 2_000).events]
    expect(JSON.stringify([...week(3, 2_000).events])).toBe(JSON.stringify(first))
    expect(new Set(first.map(({ eventId }) => eventId)).size).toBe(first.length)
    const numbers = new Map<unknown, number>()
    let before = ''
    for (const { eventTime, producerId, producerSeq } of first) {
      expect(String(eventTime) >= before).toBe(true)
      before = String(eventTime)
      if (producerSeq === undefined) continue
      expect(producerSeq).toBe((numbers.get(producerId) ?? 0) + 1)
      numbers.set(producerId, producerSeq as number)
    }
  })
})

describe('the rules', () => {
  it('find every kind of attack in it, and raise no critical and at most one high alert besides', () => {
    const { attacks, events } = week(1, EVENTS)
    const verdict = judge(events, attacks, { rules: RULES, hash: '' }, STATE_ROWS)
    const report = reportText(verdict)
    expect(verdict.invalid).toEqual([])
    expect(verdict.counters.quarantined).toEqual([])
    expect(
      verdict.missed.map(({ name }) => name),
      report,
    ).toEqual([])
    expect(falseAbove(verdict, 'critical'), report).toBe(0)
    expect(falseAbove(verdict, 'high'), report).toBeLessThanOrEqual(1)
  })
})
