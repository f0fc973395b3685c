// The free properties of every rule: nothing here names a rule, and a new one is held to all of them.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { handledTypes } from '../detectors/loaded-rule.ts'
import { derivedViews, viewOf } from '../detectors/view.ts'
import { type AuditEvent, parseEvent } from '../schemas/event.ts'
import { cellsIn, engineFor, eventsOf, examplesOf, findingsOf, RULES, rotated, rulesFor, run } from './rule-runs.ts'

const MAX_CELL_BYTES = 4_096
const byId = RULES.map((rule) => [rule.id, rule] as const)

describe.each(byId)('%s', (_, rule) => {
  it.each(rule.examples.match.map((example) => [example.name, example] as const))('matches: %s', (_name, example) => {
    expect(run(rule, example).length).toBeGreaterThan(0)
  })
  it.each(rule.examples.noMatch.map((example) => [example.name, example] as const))(
    'stays silent: %s',
    (_name, example) => {
      expect(run(rule, example).map(({ saw }) => saw)).toEqual([])
    },
  )

  it('its examples are valid events', () => {
    for (const [name, example] of examplesOf(rule))
      for (const event of eventsOf(example)) expect(parseEvent(event), name).not.toHaveProperty('fault')
  })

  it('never throws on its examples', () => {
    for (const [name, example] of examplesOf(rule)) {
      const engine = engineFor(rulesFor(rule, example))
      findingsOf(engine, eventsOf(example))
      expect(engine.counters().errors, name).toEqual({ [rule.id]: 0 })
    }
  })

  it.each(['constructor', '__proto__', 'toString'])('never throws on a server, tool or person called %s', (name) => {
    const named = { serverId: name, toolName: name, clientKey: name, principalKey: name }
    for (const [title, example] of examplesOf(rule)) {
      const engine = engineFor(rulesFor(rule, example))
      const events = eventsOf(example).map((event) => {
        const definitions = (event as { definitions?: object[] }).definitions?.map((each) => ({ ...each, name }))
        return { ...event, ...named, ...(definitions && { definitions }) } as AuditEvent
      })
      findingsOf(engine, events)
      expect(engine.counters().errors, title).toEqual({ [rule.id]: 0 })
    }
  })

  it('a restart between any two events changes nothing', () => {
    for (const [name, example] of examplesOf(rule)) {
      const rules = rulesFor(rule, example)
      const whole = run(rule, example)
      let engine = engineFor(rules)
      const restarted = eventsOf(example).flatMap((event) => {
        const next = engineFor(rules)
        next.restore(engine.snapshot())
        engine = next
        return engine.apply(event)
      })
      expect(restarted, name).toEqual(whole)
    }
  })

  it('a second tenant, interleaved, changes nothing', () => {
    for (const [name, example] of examplesOf(rule)) {
      const rules = rulesFor(rule, example)
      const [ours, theirs] = [eventsOf(example, 'ours'), eventsOf(example, 'theirs')]
      const apart = [ours, theirs].flatMap((events) => findingsOf(engineFor(rules), events))
      const together = findingsOf(
        engineFor(rules),
        ours.flatMap((event, i) => [event, theirs[i]!]),
      )
      const ids = (findings: typeof apart) => findings.map(({ findingId }) => findingId).sort()
      expect(ids(together), name).toEqual(ids(apart))
    }
  })

  it('a rotation of keys between any two events changes nothing, nor does one that only some producers have made', () => {
    for (const [name, example] of examplesOf(rule)) {
      const whole = run(rule, example)
      const events = eventsOf(example)
      const engines = events.map((_, from) =>
        findingsOf(
          engineFor(rulesFor(rule, example)),
          events.map((event, at) => (at >= from ? rotated(event) : event)),
        ),
      )
      const inTurn = events.map((event, at) => (at % 2 === 0 ? rotated(event) : event))
      for (const findings of [...engines, findingsOf(engineFor(rulesFor(rule, example)), inTurn)])
        expect(findings, name).toEqual(whole)
    }
  })

  it('every field it requires takes at least two values in its examples', () => {
    const seen = new Map<string, Set<string>>()
    for (const [, example] of examplesOf(rule))
      for (const event of eventsOf(example))
        for (const view of [viewOf(event), ...derivedViews(viewOf(event))])
          for (const field of rule.requires[view.type] ?? []) {
            const value = JSON.stringify((view as unknown as Record<string, unknown>)[field])
            const name = `${view.type}.${field}`
            seen.set(name, (seen.get(name) ?? new Set()).add(value))
          }
    const required = Object.entries(rule.requires).flatMap(([type, fields]) =>
      fields!.map((field) => `${type}.${field}`),
    )
    expect(required.filter((name) => (seen.get(name)?.size ?? 0) < 2)).toEqual([])
  })

  it('a cell stays below 4 KB and is plain JSON', () => {
    for (const [name, example] of examplesOf(rule)) {
      const engine = engineFor(rulesFor(rule, example))
      for (const event of eventsOf(example)) {
        engine.apply(event)
        for (const cell of cellsIn(engine)) expect(cell.length, name).toBeLessThan(MAX_CELL_BYTES)
      }
    }
  })

  it('finding ids are its own and repeat in a second run', () => {
    for (const [name, example] of examplesOf(rule)) {
      const ids = run(rule, example).map(({ findingId }) => findingId)
      expect(new Set(ids).size, name).toBe(ids.length)
      expect(
        run(rule, example).map(({ findingId }) => findingId),
        name,
      ).toEqual(ids)
    }
  })

  it('says why, what it mistakes, what it cannot see and what to do, and describes its options', () => {
    for (const lines of [rule.falsePositives, rule.blindSpots, rule.triage, rule.refs])
      expect(lines.length).toBeGreaterThan(0)
    expect(rule.why.length).toBeGreaterThan(20)
    const { properties = {} } = z.toJSONSchema(rule.config) as { properties?: Record<string, { description?: string }> }
    for (const [name, { description }] of Object.entries(properties)) expect(description, name).toBeTruthy()
    expect(handledTypes(rule)).toEqual(Object.keys(rule.requires))
  })
})
