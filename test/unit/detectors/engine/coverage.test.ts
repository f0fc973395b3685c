// Coverage: the last 24 hours count, evaluations are counted by hour, and a missing field flips a state.
import { describe, expect, it } from 'vitest'
import type { RuleHour } from '../../../../detectors/engine/coverage.ts'
import { createEngine, type Engine } from '../../../../detectors/engine/engine.ts'
import { isDerived, MAPPINGS } from '../../../../detectors/engine/vocabulary.ts'
import { days, defineRule, hours, minutes } from '../../../../detectors/rule.ts'
import { SAMPLE_EPOCH_MS, sample } from '../../../../detectors/sample.ts'
import { eventsOf, rulesFor } from '../../../../detectors/trial.ts'
import { RULES } from '../../../rule-runs.ts'
import { call, engineOf, feed, TEXT } from '../small-rules.ts'

const rule = defineRule({
  ...TEXT,
  id: 'syn-030-covered',
  requires: { 'tool.call': ['tool', 'session'], 'tool.result': ['bytes'] },
  check: {
    'tool.call': (e) => (e.tool === 'steal' ? { saw: 'it' } : undefined),
    'tool.result': () => undefined,
  },
})
const result = (ts: number) => sample('tool.result', { ts, principal: 'alice', bytes: 5 })
const whole = (ts: number) => [call(ts, { session: 's1' }), result(ts)]
const stateOf = (engine: Engine): string => engine.coverage('mcp.example.com')[0]!.state
const counts = (rows: readonly RuleHour[]) =>
  rows.map(({ hourMs, evaluations, matches }) => [(hourMs - SAMPLE_EPOCH_MS) / hours(1), evaluations, matches])

describe('the window of 24 hours', () => {
  it('what arrived longer ago does not count, whether type or field', () => {
    const engine = engineOf([rule])
    feed(engine, ...whole(0))
    expect(stateOf(engine)).toBe('ACTIVE')
    feed(engine, call(days(1) + 1, { session: '' }), result(days(1) + 1))
    expect(engine.coverage()[0]).toMatchObject({
      state: 'DEGRADED',
      reasons: ['tool.call.session: never filled'],
    })
    feed(engine, sample('server.heartbeat', { ts: days(3) }))
    expect(stateOf(engine)).toBe('INACTIVE')
  })
  it('a field that is filled once an hour keeps counting, among a thousand events', () => {
    const engine = engineOf([rule])
    for (let hour = 0; hour < 30; hour++) {
      feed(engine, ...whole(hours(hour)))
      feed(engine, ...Array.from({ length: 200 }, (_, i) => call(hours(hour) + minutes(1) + i)))
    }
    expect(stateOf(engine)).toBe('ACTIVE')
  })
})

describe('evaluations by hour', () => {
  it('are the events of the types a rule has logic for, with its matches', () => {
    const engine = engineOf([rule])
    feed(engine, ...whole(0), call(1, { tool: 'steal' }), sample('server.heartbeat', { ts: 2 }))
    expect(engine.coverageHours()).toMatchObject([{ server: 'mcp.example.com', rule: rule.id, state: 'ACTIVE' }])
    feed(engine, call(3))
    expect(counts(engine.coverageHours())).toEqual([[0, 4, 1]])
  })
  it('are handed out when there is something new, and an hour that is over for the last time', () => {
    const engine = engineOf([rule])
    feed(engine, ...whole(0))
    expect(counts(engine.coverageHours())).toEqual([[0, 2, 0]])
    expect(engine.coverageHours()).toEqual([])
    feed(engine, call(minutes(59)), call(hours(1)), call(hours(3)))
    expect(counts(engine.coverageHours()).sort()).toEqual([
      [0, 3, 0],
      [1, 1, 0],
      [3, 1, 0],
    ])
    feed(engine, result(hours(1)))
    expect(counts(engine.coverageHours())).toEqual([[3, 2, 0]])
  })
  it('a rule that never looked is said to have looked 0 times', () => {
    const engine = engineOf([rule])
    feed(engine, sample('server.heartbeat', { ts: 0 }))
    expect(engine.coverageHours()).toMatchObject([{ state: 'INACTIVE', evaluations: 0, matches: 0 }])
  })
  it('a restart between any two events changes no count', () => {
    const events = [...whole(0), call(1, { tool: 'steal' }), ...whole(hours(1)), ...whole(hours(2) + 1)]
    const straight = engineOf([rule])
    feed(straight, ...events)
    let engine = engineOf([rule])
    for (const [at, event] of eventsOf({ name: '', events }).entries()) {
      const next = engineOf([rule])
      next.restore(engine.snapshot())
      engine = next
      engine.apply(event)
      expect(at).toBeLessThan(events.length)
    }
    expect(engine.coverageHours()).toEqual(straight.coverageHours())
    expect(engine.coverage()).toEqual(straight.coverage())
  })
  it('what we write about coverage is not something that arrived', () => {
    const engine = engineOf([rule])
    feed(engine, ...whole(0), sample('auditd.coverage', { ts: days(2) }))
    expect(stateOf(engine)).toBe('INACTIVE')
    expect(counts(engine.coverageHours())).toEqual([[0, 2, 0]])
  })
})

it('without any one field that a rule requires of an event, and that is not occasional, no rule is ACTIVE', () => {
  const stillActive: string[] = []
  for (const each of RULES)
    for (const [type, fields] of Object.entries(each.requires))
      for (const field of isDerived(type) ? [] : (fields ?? [])) {
        if (each.occasional?.includes(field) || each.occasional?.includes(type)) continue
        for (const example of [...each.examples.match, ...each.examples.noMatch]) {
          const engine = createEngine(rulesFor(each, example), { stateRows: 100 })
          const events = eventsOf(example).filter((event) => event.eventType === type)
          for (const event of events) engine.apply({ ...event, [MAPPINGS.get(field)!.field]: undefined } as never)
          if (engine.coverage().some(({ state }) => state === 'ACTIVE')) stillActive.push(`${each.id} ${type}.${field}`)
        }
      }
  expect([...new Set(stillActive)]).toEqual([])
})
