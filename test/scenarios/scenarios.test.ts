/** The demo's scenarios, played for real by SDK servers and clients, and judged by the real rules. */
import { beforeAll, describe, expect, it } from 'vitest'
import { loadScenarios, type Scenario } from '../../cli/demo/scenario.ts'
import { type ExpectedAlert, Stage } from '../../cli/demo/stage.ts'
import { createEngine } from '../../detectors/engine/engine.ts'
import { loadRules } from '../../detectors/load.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { startOtlpListener } from './otlp-listener.ts'

const RULES = [
  'scp-002-scope-creep',
  'ses-001-session-reuse',
  'ses-002-handle-reuse',
  'tdf-001-definition-changed',
  'tdf-002-tool-set-changed',
  'tok-001-audience-mismatch',
  'tok-011-unverified-request',
]
const scenarios = await loadScenarios()
const rules = await loadRules({ config: {} })

interface Played {
  /** `rule entity` of each scenario, each once. */
  readonly found: ReadonlyMap<string, ReadonlySet<string>>
  readonly expected: readonly ExpectedAlert[]
  readonly sent: number
  readonly calls: number
  readonly requestUids: number
  readonly refused: readonly string[]
  /** What arrived while a scenario was played. */
  readonly events: ReadonlyMap<string, readonly AuditEvent[]>
}
const text = ({ rule, entity }: { rule: string; entity: string }): string => `${rule} ${entity}`

async function play(show: readonly Scenario[]): Promise<Played> {
  const listener = await startOtlpListener()
  const stage = await Stage.open({ kind: 'otlp', url: listener.url })
  const engine = createEngine(rules, { stateRows: 100_000 })
  const found = new Map<string, Set<string>>()
  const events = new Map<string, readonly AuditEvent[]>()
  let applied = 0
  try {
    await stage.run(show, ({ scenario, state }) => {
      if (state === 'started') return
      const arrived = listener.events.slice(applied)
      applied += arrived.length
      events.set(scenario.name, arrived)
      found.set(scenario.name, new Set(arrived.flatMap((event) => engine.apply(event)).map(text)))
    })
  } finally {
    await stage.close()
    await listener.close()
  }
  const calls = listener.events.filter((event) => event.eventType === 'tool.call')
  return {
    found,
    expected: stage.expected,
    sent: stage.sent,
    calls: calls.length,
    requestUids: new Set(calls.map((call) => call.requestUid)).size,
    refused: listener.refused,
    events,
  }
}

describe('the scenario files', () => {
  it.each(RULES)('%s has an attack and a near miss', (rule) => {
    const kinds = scenarios.filter((scenario) => scenario.rule === rule).map((scenario) => scenario.kind)
    expect(kinds).toContain('attack')
    expect(kinds).toContain('near-miss')
  })

  it('every rule that a scenario names exists', () => {
    const known = new Set(rules.rules.map((rule) => rule.id))
    for (const scenario of scenarios)
      for (const rule of [scenario.rule ?? [], scenario.expects.map((alert) => alert.rule)].flat(2))
        expect(known, scenario.name).toContain(rule)
  })

  it('only attacks expect alerts, and each expects its own rule', () => {
    for (const { name, kind, rule, expects } of scenarios)
      if (kind === 'attack')
        expect(
          expects.map((alert) => alert.rule),
          name,
        ).toContain(rule)
      else expect(expects, name).toEqual([])
  })
})

describe('the show', () => {
  let played: Played
  beforeAll(async () => {
    played = await play(scenarios)
  })

  it.each(scenarios.map((scenario) => [scenario.kind, scenario.name] as const))(
    '%s %s raises exactly what it says',
    (_, name) => {
      const expected = played.expected.filter((alert) => alert.scenario === name).map(text)
      expect([...(played.found.get(name) ?? [])].sort()).toEqual(expected.sort())
    },
  )

  it('the other way round the same alerts come', async () => {
    const reversed = await play([...scenarios].reverse())
    for (const { name } of scenarios) {
      const expected = reversed.expected.filter((alert) => alert.scenario === name).map(text)
      expect([...(reversed.found.get(name) ?? [])].sort(), name).toEqual(expected.sort())
    }
  })

  it('every record of the instrumentation is admitted', () => {
    expect(played.refused).toEqual([])
  })

  it('every tools/call that a client sent is one call with an id of its own', () => {
    expect(played.sent).toBeGreaterThan(30)
    expect(played.calls).toBe(played.sent)
    expect(played.requestUids).toBe(played.sent)
  })

  /** The one fact that makes each near miss harmless, taken away. */
  const SPOILED: Readonly<Record<string, (event: Record<string, unknown>) => object | undefined>> = {
    'near-scp-002-challenged-step-up': (event) => (event['eventType'] === 'auth.challenge.sent' ? undefined : event),
    'near-ses-001-token-refresh': (event) =>
      event['eventType'] === 'tool.call' ? { ...event, principalKey: 'f'.repeat(32) } : event,
    'near-ses-002-shared-note': (event) => ({
      ...event,
      ...privately(event, 'argHandles'),
      ...privately(event, 'mintedHandles'),
    }),
    'near-tdf-001-new-build': (event) =>
      event['eventType'] === 'deployment.event' ? undefined : { ...event, buildDigest: 'sha256:1' },
    'near-tdf-002-admin-tools': (event) =>
      event['eventType'] === 'tools.registry' ? { ...event, scopeSetHash: '' } : event,
    'near-tok-001-audience-spelling': (event) =>
      event['expectedAud'] === undefined ? event : { ...event, expectedAud: ['https://files.demo.example'] },
    'near-tok-011-discover-without-token': (event) => ({ ...event, anonymousMethods: [] }),
  }

  it.each(scenarios.filter(({ kind }) => kind === 'near-miss').map(({ name, rule }) => [name, rule] as const))(
    '%s is near: without what excuses it, %s matches',
    (name, rule) => {
      const engine = createEngine(rules, { stateRows: 100_000 })
      const found = new Set<string>()
      const before = scenarios.slice(0, scenarios.findIndex((scenario) => scenario.name === name) + 1)
      for (const event of before.flatMap((scenario) => played.events.get(scenario.name) ?? [])) {
        const spoiled = SPOILED[name]?.(event as unknown as Record<string, unknown>)
        if (spoiled !== undefined) for (const finding of engine.apply(spoiled as AuditEvent)) found.add(finding.rule)
      }
      expect(found).toContain(rule)
    },
  )
})

const privately = (event: Record<string, unknown>, field: string): object =>
  Array.isArray(event[field])
    ? { [field]: (event[field] as object[]).map((handle) => ({ ...handle, policy: 'private', inList: false })) }
    : {}
