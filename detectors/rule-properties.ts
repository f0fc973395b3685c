/** What every rule must satisfy, ours and those of users alike: each property answers its faults, none when it holds. */
import { z } from 'zod'
import { type AuditEvent, parseEvent } from '../schemas/event.ts'
import { LIMITS } from '../schemas/field.ts'
import { type Finding, SEVERITIES, severityRank } from '../schemas/finding.ts'
import { EVERY_SERVER } from './engine/scope.ts'
import { isCrossing } from './engine/signals/crossing.ts'
import { derivedViews, viewOf } from './engine/view.ts'
import { type AnyRule, handledTypes } from './loaded-rule.ts'
import type { Example } from './rule.ts'
import { cellsIn, engineFor, eventsOf, examplesOf, findingsOf, rotated, rulesFor, run, runOnSignals } from './trial.ts'

const MAX_CELL_CHARACTERS = 4_096
/** Names that a table looked up carelessly knows already. */
const ODD_NAMES = ['constructor', '__proto__', 'toString']
const WHY_CHARACTERS = 20

export interface Property {
  readonly name: string
  readonly faults: (rule: AnyRule) => readonly string[]
}
/** A property of each example. */
const ofExamples =
  (faultOf: (rule: AnyRule, example: Example) => string | false) =>
  (rule: AnyRule): readonly string[] =>
    examplesOf(rule).flatMap(([name, example]) => {
      const fault = faultOf(rule, example)
      return fault === false ? [] : [`${name}: ${fault}`]
    })
/** Findings and ids are plain JSON, made in the same order. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const idsOf = (findings: readonly Finding[]): string[] => findings.map(({ findingId }) => findingId)
const errorsOf = (rule: AnyRule, example: Example, events: readonly AuditEvent[]): string | false => {
  const engine = engineFor(rulesFor(rule, example))
  findingsOf(engine, events)
  const errors = engine.counters().errors[rule.id]
  return errors === 0 ? false : `threw ${errors} times`
}

export const PROPERTIES: readonly Property[] = [
  {
    name: 'matches the examples that must match',
    faults: (rule) =>
      rule.examples.match.flatMap((example) => (run(rule, example).length > 0 ? [] : [`${example.name}: is silent`])),
  },
  {
    name: 'says it as often as its examples say',
    faults: (rule) =>
      rule.examples.match.flatMap((example) => {
        const found = run(rule, example).length
        return example.findings === undefined || example.findings === found
          ? []
          : [`${example.name}: ${found} findings`]
      }),
  },
  {
    name: 'is as severe as its examples say',
    faults: (rule) =>
      rule.examples.match.flatMap((example) => {
        const { severity } = example
        if (severity === undefined) return []
        const ranks = run(rule, example).map((finding) => severityRank(finding.severity))
        const worst = Math.max(-1, ...ranks)
        return worst === severityRank(severity) ? [] : [`${example.name}: is ${SEVERITIES[worst] ?? 'silent'}`]
      }),
  },
  {
    name: 'stays silent in the examples that must not match',
    faults: (rule) =>
      rule.examples.noMatch.flatMap((example) =>
        run(rule, example).map(({ saw }) => `${example.name}: matches with ${saw}`),
      ),
  },
  {
    name: 'its examples are valid events',
    faults: ofExamples((_, example) => {
      const faults = eventsOf(example).flatMap((event) => {
        const parsed = parseEvent(event)
        if ('fault' in parsed) return [`${parsed.fault.field} ${parsed.fault.reason}`]
        return JSON.stringify(event).length > LIMITS.eventBytes ? [`larger than ${LIMITS.eventBytes} bytes`] : []
      })
      return faults.length > 0 && faults.join(', ')
    }),
  },
  {
    name: 'never throws on its examples',
    faults: ofExamples((rule, example) => errorsOf(rule, example, eventsOf(example))),
  },
  {
    name: 'never throws on a server, tool or person with an odd name',
    faults: (rule) =>
      ODD_NAMES.flatMap((odd) =>
        ofExamples((_, example) => {
          const named = { serverId: odd, toolName: odd, clientKey: odd, principalKey: odd }
          const events = eventsOf(example).map((event) => {
            const definitions = (event as { definitions?: object[] }).definitions?.map((each) => ({
              ...each,
              name: odd,
            }))
            return { ...event, ...named, ...(definitions && { definitions }) } as AuditEvent
          })
          return errorsOf(rule, example, events)
        })(rule).map((fault) => `${odd}: ${fault}`),
      ),
  },
  {
    name: 'a restart between any two events changes nothing',
    faults: ofExamples((rule, example) => {
      const rules = rulesFor(rule, example)
      let engine = engineFor(rules)
      const restarted = eventsOf(example).flatMap((event) => {
        const next = engineFor(rules)
        next.restore(engine.snapshot())
        engine = next
        return engine.apply(event)
      })
      return !isSame(restarted, run(rule, example)) && 'other findings after restarts'
    }),
  },
  {
    name: 'a second tenant, interleaved, changes nothing',
    faults: ofExamples((rule, example) => {
      const rules = rulesFor(rule, example)
      const [ours, theirs] = [eventsOf(example, 'ours'), eventsOf(example, 'theirs')]
      const apart = [ours, theirs].flatMap((events) => findingsOf(engineFor(rules), events))
      const interleaved = ours.flatMap((event, i) => [event, theirs[i]!])
      const together = findingsOf(engineFor(rules), interleaved)
      return !isSame(idsOf(together).sort(), idsOf(apart).sort()) && 'the tenants disturb each other'
    }),
  },
  {
    name: 'a rotation of keys between any two events changes nothing, nor does one that only some producers have made',
    faults: ofExamples((rule, example) => {
      const whole = run(rule, example)
      const events = eventsOf(example)
      const rotations = [
        ...events.map((_, from) => events.map((event, at) => (at >= from ? rotated(event) : event))),
        events.map((event, at) => (at % 2 === 0 ? rotated(event) : event)),
      ]
      const differs = rotations.findIndex(
        (each) => !isSame(findingsOf(engineFor(rulesFor(rule, example)), each), whole),
      )
      return differs >= 0 && `other findings with the rotation before event ${differs}`
    }),
  },
  {
    name: 'signals say all it reads, where its key crosses servers',
    faults: ofExamples((rule, example) => {
      if (!isCrossing(rule)) return false
      return !isSame(runOnSignals(rule, example), run(rule, example)) && 'other findings on signals than on events'
    }),
  },
  {
    name: 'servers whose events come in another order give the same ids of findings, where its key crosses servers',
    faults: ofExamples((rule, example) => {
      // A value that is new depends on what was learned before it; only its name does not.
      if (!isCrossing(rule) || rule.firstSeen !== undefined) return false
      const expected = distinctIds(run(rule, example))
      const differs = otherOrders(eventsOf(example)).some(
        (events) => !isSame(distinctIds(findingsOf(engineFor(rulesFor(rule, example)), events)), expected),
      )
      return differs && 'other findings when another server comes first: name the match, and ask for no order'
    }),
  },
  { name: 'every field it requires takes at least two values in its examples', faults: constantFields },
  {
    name: 'a cell stays below 4 KB and is plain JSON',
    faults: ofExamples((rule, example) => {
      const engine = engineFor(rulesFor(rule, example))
      let longest = 0
      for (const event of eventsOf(example)) {
        engine.apply(event)
        for (const cell of cellsIn(engine)) longest = Math.max(longest, cell.length)
      }
      return longest >= MAX_CELL_CHARACTERS && `a cell of ${longest} characters`
    }),
  },
  {
    name: 'ids of findings are its own and repeat in a second run',
    faults: ofExamples((rule, example) => {
      const ids = idsOf(run(rule, example))
      if (new Set(ids).size !== ids.length) return 'two findings have one id'
      return !isSame(idsOf(run(rule, example)), ids) && 'other ids in the second run'
    }),
  },
  {
    name: 'says why, what it mistakes, what it cannot see and what to do, and describes its options',
    faults: silences,
  },
  {
    name: 'handles every type it requires',
    faults: (rule) => {
      const handled = handledTypes(rule)
      return Object.keys(rule.requires).filter((type) => !handled.includes(type))
    },
  },
]

const distinctIds = (findings: readonly Finding[]): string[] => [...new Set(idsOf(findings))].sort()

/** Between facts about all servers: the events of each server in their order, the servers one after another, each of them first once. */
function otherOrders(events: readonly AuditEvent[]): readonly (readonly AuditEvent[])[] {
  const servers = [...new Set(events.map(({ serverId }) => serverId))].filter((server) => server !== EVERY_SERVER)
  return servers.map((_, first) => {
    const turn = [...servers.slice(first), ...servers.slice(0, first)]
    let facts = 0
    const placed = events.map((event) => {
      if (event.serverId === EVERY_SERVER) facts++
      return { event, part: facts, turn: event.serverId === EVERY_SERVER ? -1 : turn.indexOf(event.serverId) }
    })
    return placed.sort((a, b) => a.part - b.part || a.turn - b.turn).map(({ event }) => event)
  })
}

function constantFields(rule: AnyRule): readonly string[] {
  const seen = new Map<string, Set<string>>()
  for (const [, example] of examplesOf(rule))
    for (const event of eventsOf(example))
      for (const view of [viewOf(event), ...derivedViews(viewOf(event))])
        for (const field of rule.requires[view.type] ?? []) {
          const value = JSON.stringify((view as unknown as Record<string, unknown>)[field])
          const name = `${view.type}.${field}`
          seen.set(name, (seen.get(name) ?? new Set()).add(value))
        }
  return Object.entries(rule.requires)
    .flatMap(([type, fields]) => fields!.map((field) => `${type}.${field}`))
    .filter((name) => (seen.get(name)?.size ?? 0) < 2)
    .map((name) => `${name} has one value in all examples`)
}

function silences(rule: AnyRule): readonly string[] {
  const empty = (['falsePositives', 'blindSpots', 'triage', 'refs'] as const).filter((name) => rule[name].length === 0)
  const { properties = {} } = z.toJSONSchema(rule.config) as { properties?: Record<string, { description?: string }> }
  const undescribed = Object.entries(properties).flatMap(([name, { description }]) =>
    description ? [] : [`option ${name}`],
  )
  return [...empty, ...(rule.why.length > WHY_CHARACTERS ? [] : ['why']), ...undescribed].map(
    (name) => `${name} is not told`,
  )
}
