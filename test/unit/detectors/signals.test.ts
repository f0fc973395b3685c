// Rules whose key crosses servers: what becomes a signal, that it says enough, and that the order of servers changes nothing.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEngine, createSignalsEngine, createSourceEngine } from '../../../detectors/engine/engine.ts'
import { minutes } from '../../../detectors/rule.ts'
import { exampleEvents, type Sample, sample } from '../../../detectors/sample.ts'
import { rotated } from '../../../detectors/trial.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import { signal as schema } from '../../../schemas/signal.ts'

import {
  found,
  idsOf,
  inside,
  interleaved,
  loaded,
  newClient,
  placed,
  refused,
  source,
  spread,
  twoServers,
} from './crossing-rules.ts'
import { call, engineOf, feed, saws, TEXT } from './small-rules.ts'

const all = loaded(refused, spread, newClient, twoServers, inside)
const at = (minute: number, server: string, words: object = {}): Sample =>
  call(minutes(minute), { server, client: 'ide', ...words })
const token = (minute: number, server: string, tokenFp = 'aa'): Sample =>
  sample('auth.token.validated', { ts: minutes(minute), server, tokenFp, decision: 'allow' })
const whole = (events: readonly AuditEvent[]) => {
  const engine = createEngine(all, { stateRows: 100 })
  return placed(events).flatMap(({ event, position }) => engine.apply(event, position))
}

describe('a rule', () => {
  const crossing = (more: object) => () => engineOf([{ ...TEXT, ...more }])
  const cell = {
    id: 'tst-106-mixed',
    requires: { 'tool.call': ['tool'] },
    ttl: 1,
    cell: () => ({ n: 0 }),
    on: { 'tool.call': () => undefined },
  }
  it('that mixes a key of one server with one that crosses servers is refused', () => {
    const beside = { other: { per: 'fleetPrincipal', cell: () => ({ n: 0 }) } }
    expect(crossing({ ...cell, per: 'tool', beside })).toThrow(/beside.other: fleetPrincipal crosses servers and tool/)
    expect(crossing({ ...cell, per: 'fleetClient', beside })).toThrow(/beside.other: fleetPrincipal is not fleetClient/)
    const local = { other: { per: 'server', cell: () => ({ n: 0 }) } }
    expect(crossing({ ...cell, per: 'fleetClient', beside: local })).toThrow(/beside.other: server is not fleetClient/)
  })
  it('may have facts about all servers beside either', () => {
    const beside = { facts: { per: 'fleet', cell: () => ({ n: 0 }) } }
    expect(crossing({ ...cell, per: 'tool', beside })).not.toThrow()
    expect(crossing({ ...cell, per: 'fleetClient', beside })).not.toThrow()
    expect(crossing({ ...cell, per: 'fleet' })).toThrow(/per: fleet holds facts beside/)
  })
  it.each(['sequence', 'absence', 'baseline', 'drift'])(
    'that needs the order of events across servers (%s) is refused with the reason',
    (shape) => {
      const rule = {
        id: 'tst-106-ordered',
        requires: { 'tool.call': [] },
        per: 'fleetPrincipal',
        ttl: 1,
        [shape]: () => ({}),
      }
      expect(crossing(rule)).toThrow(new RegExp(`${shape}: needs the order of events, and which server’s event comes`))
    },
  )
  it('with a timer, or a type without its key, is refused', () => {
    const timed = { ...cell, per: 'fleetPrincipal', cell: () => ({ dueMs: 0 }), onTimer: () => undefined }
    expect(crossing(timed)).toThrow(/onTimer: needs the order/)
    expect(crossing({ ...cell, per: 'fleetToken' })).toThrow(/tool.call must require tokenFp, the key of fleetToken/)
  })
})

describe('the projection', () => {
  it('makes one signal for each scope that needs the event, with what the rules read and findings name', () => {
    const { signals, findings } = source(all, exampleEvents([at(0, 'a', { session: 's1', durationMs: 7 })]))
    expect(findings).toEqual([])
    expect(signals.map(({ scope, key, ordinal }) => [scope, key, ordinal])).toEqual([
      ['fleetPrincipal', '616c696365', expect.any(Number)],
      ['fleetClient', 'ide', expect.any(Number)],
    ])
    expect(signals[0]!.ordinal).toBeLessThan(signals[1]!.ordinal)
    expect(signals[0]).toMatchObject({
      eventType: 'tool.call',
      serverId: 'a',
      log: 'a'.repeat(32),
      offset: 0,
      index: 0,
    })
    expect(signals[0]!.facts).toEqual({
      client: 'ide',
      decision: 'deny',
      principal: '616c696365',
      session: '7331',
      tool: 'read',
      vantage: 'server',
    })
    expect(signals.map((signal) => schema.parse(signal))).toEqual(signals)
  })
  it('makes none of an event without the key, of a type nobody requires, or that no condition wants', () => {
    const rules = loaded(refused, inside)
    const none = [at(0, 'a', { decision: 'allow' }), at(0, 'a', { principal: '' }), token(0, 'a')]
    expect(source(rules, exampleEvents(none)).signals).toEqual([])
    expect(source(loaded(inside), exampleEvents([at(0, 'a')])).signals).toEqual([])
  })
  it('numbers signals by what they are: rules that come or go leave the others’ numbers', () => {
    const events = exampleEvents([at(0, 'a')])
    const [alone] = source(loaded(spread), events).signals
    expect(source(all, events).signals).toContainEqual(alone)
  })
  it('leaves rules of one server where they are', () => {
    const events = exampleEvents([at(0, 'a'), at(1, 'a')])
    expect(saws(source(all, events).findings)).toEqual(['read'])
    expect(saws(found(all, source(all, events).signals))).not.toContain('read')
  })
  it('sends derived events by themselves', () => {
    const looksAlike = {
      ...TEXT,
      id: 'tst-107-definition',
      requires: { 'definition.seen': ['principal', 'hash', 'annotations', 'parts'] },
      per: 'fleetPrincipal',
      ttl: 1_000,
      cell: () => ({ hashes: [] as string[] }),
      on: {
        'definition.seen': (e: { tool: string; hash: string; annotations: readonly string[]; parts: string }) => ({
          saw: `${e.tool} ${e.hash.slice(0, 2)} ${e.annotations.join()} ${e.parts}`,
        }),
      },
    }
    const definition = (name: string) => ({
      ...{ name, hash: 'b'.repeat(64), annotations: ['readOnlyHint=true'] },
      ...{ descriptionHash: 'c'.repeat(64), inputHash: 'd'.repeat(64) },
    })
    const events = exampleEvents([
      sample('tools.registry', { principal: 'alice', definitions: [definition('read'), definition('write')] }),
    ])
    const rules = loaded(looksAlike)
    const { signals } = source(rules, events)
    expect(signals.map(({ eventType, facts }) => [eventType, facts['tool']])).toEqual([
      ['definition.seen', 'read'],
      ['definition.seen', 'write'],
    ])
    expect(signals[0]!.ordinal).toBeLessThan(signals[1]!.ordinal)
    expect(signals.map((signal) => schema.parse(signal))).toEqual(signals)
    const direct = createEngine(rules, { stateRows: 10 }).apply(events[0]!)
    expect(found(rules, signals)).toEqual(direct)
    expect(saws(direct)[0]).toMatch(/^read bb readOnlyHint=true [\w-]{22}$/)
  })
})

describe('across servers', () => {
  const story = [
    ...[at(0, 'a'), at(2, 'b'), at(4, 'c'), at(5, 'd', { client: 'curl' })],
    ...[token(6, 'a'), token(7, 'b'), at(40, 'a'), at(49.9, 'b'), at(60, 'c')],
  ]
  const events = exampleEvents(story)

  it('one log finds the same as signals in its order, in every field', () => {
    const { findings, signals } = source(all, events)
    const byId = (list: readonly { findingId: string }[]) =>
      [...list].sort((a, b) => (a.findingId < b.findingId ? -1 : 1))
    expect(byId([...findings, ...found(all, signals)])).toEqual(byId(whole(events)))
    expect(saws(whole(events)).sort()).toEqual(['3 refusals, last of read', '3 servers', 'curl', 'two servers'])
  })
  it('a finding says who, where and when, by the event that completed it', () => {
    const [finding] = whole(events).filter(({ rule }) => rule === refused.id)
    expect(finding).toMatchObject({
      entity: 'principal=616c696365',
      serverId: 'c',
      eventTime: '2026-01-01T00:04:00.000Z',
      principalKey: '616c696365',
      clientKey: 'ide',
      toolName: 'read',
      decision: 'deny',
      severity: 'low',
      vantage: 'server',
    })
  })
  it('any interleaving of the same logs finds the same ids, once each', () => {
    const kinds = fc.constantFrom('ide', 'curl', 'web')
    const events = fc.array(
      fc.record({ server: fc.nat(3), minute: fc.nat(45), client: kinds, principal: fc.constantFrom('alice', 'bob') }),
      { minLength: 4, maxLength: 40 },
    )
    const rules = loaded(refused, spread, twoServers)
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat(1_000)), (rows, picks) => {
        const sorted = [...rows].sort((a, b) => a.minute - b.minute)
        const samples = sorted.flatMap(({ server, minute, client, principal }) => [
          at(minute, `s${server}`, { client, principal }),
          ...(minute % 9 === 0 ? [token(minute, `s${server}`, client === 'ide' ? 'aa' : 'bb')] : []),
        ])
        const logs = [0, 1, 2, 3].map((n) => exampleEvents(samples).filter(({ serverId }) => serverId === `s${n}`))
        const sent = logs.map((log, partition) => source(rules, log, partition).signals)
        const pick = (below: number): number => picks.next().value % below
        const orders = Array.from({ length: 5 }, () => interleaved(sent, pick))
        const outcomes = orders.map((order) => found(rules, order))
        const unnamed = (list: (typeof outcomes)[0]) => idsOf(list.filter(({ rule }) => rule !== twoServers.id))
        for (const outcome of outcomes) {
          expect(unnamed(outcome)).toEqual(unnamed(outcomes[0]!))
          expect(new Set(outcome.map(({ findingId }) => findingId)).size).toBe(outcome.length)
        }
      }),
      { numRuns: 60 },
    )
  })
  it('a snapshot between any two signals changes nothing', () => {
    const expected = whole(events)
    let engine = createEngine(all, { stateRows: 100 })
    const restarted = placed(events).flatMap(({ event, position }) => {
      const next = createEngine(all, { stateRows: 100 })
      next.restore(engine.snapshot())
      engine = next
      return engine.apply(event, position)
    })
    expect(restarted).toEqual(expected)
  })
  it('counts evaluations, matches, rows and coverage of both kinds', () => {
    const engine = createEngine(all, { stateRows: 100 })
    for (const event of events) engine.apply(event)
    const { evaluations, matches, rows, errors } = engine.counters()
    expect(evaluations[refused.id]).toBe(7)
    expect(matches[refused.id]).toBe(1)
    expect(rows['fleetPrincipal']).toBe(1)
    expect(Object.values(errors)).toEqual([0, 0, 0, 0, 0])
    const hours = engine.coverageHours().filter(({ rule, server }) => rule === refused.id && server === 'c')
    const inTurn = hours.sort((a, b) => a.hourMs - b.hourMs)
    expect(inTurn.map((hour) => [hour.state, hour.evaluations, hour.matches])).toEqual([
      ['ACTIVE', 1, 1],
      ['ACTIVE', 1, 0],
    ])
  })
})

describe('coverage', () => {
  it('counts looks where the events are, and matches where the key is, each in rows of its own', () => {
    const events = exampleEvents([at(0, 'a'), at(2, 'b'), at(4, 'c')])
    const sources = createSourceEngine(all, { stateRows: 100 })
    const keys = createSignalsEngine(all, { stateRows: 100 })
    for (const { event, position } of placed(events)) {
      sources.apply(event, position)
      for (const signal of sources.signalsOf(event, position)) keys.apply(signal)
    }
    const rows = (engine: Pick<typeof sources, 'coverageHours'>) =>
      engine
        .coverageHours()
        .flatMap(({ rule, server, evaluations, matches }) =>
          rule === refused.id ? [[server, evaluations, matches]] : [],
        )
    expect(rows(sources)).toEqual([
      ['a', 1, 0],
      ['b', 1, 0],
      ['c', 1, 0],
    ])
    expect(rows(keys)).toEqual([['c', 0, 1]])
    expect(rows(keys)).toEqual([])
  })
})

describe('a window across servers', () => {
  const minute = (n: number, server = 'a') => call(n, { server })
  const ms = minutes(10)
  it('holds events less than its length apart, and one fewer is not enough', () => {
    const within = engineOf([refused])
    expect(feed(within, minute(0), minute(1, 'b'), minute(ms - 1, 'c'))).toHaveLength(1)
    expect(feed(engineOf([refused]), minute(0), minute(1, 'b'), minute(ms, 'c'))).toEqual([])
    expect(feed(engineOf([refused]), minute(0), minute(ms - 1, 'b'))).toEqual([])
  })
  it('is completed by an event that comes late, in the middle of others', () => {
    expect(feed(engineOf([refused]), minute(0), minute(9_000, 'b'), minute(4_000, 'c'))).toHaveLength(1)
    const late = [call(0, { server: 'a', client: 'c' }), call(9_000, { server: 'b', client: 'c' })]
    expect(feed(engineOf([spread]), ...late, call(4_000, { server: 'c', client: 'c' }))).toHaveLength(1)
  })
  it('is told once a bucket, and again in a later one', () => {
    const burst = [0, 1, 2, 3, 4].map((n) => minute(n))
    const later = [0, 1, 2].map((n) => minute(3 * ms + n, 'b'))
    expect(feed(engineOf([refused]), ...burst, ...later)).toHaveLength(2)
  })
  it('keeps little, however much comes', () => {
    const engine = engineOf([refused, spread])
    for (let i = 0; i < 3_000; i++)
      feed(
        engine,
        call(i * 1_000, { server: `s${i % 50}`, client: 'ide' }),
        call(i * 7, { server: 's', client: 'ide' }),
      )
    const bytes = [...engine.snapshot().values()].reduce((sum, chunk) => sum + chunk.length, 0)
    expect(bytes).toBeLessThan(60_000)
  })
})

describe('facts about all servers', () => {
  const revoked = (minute: number, server = '*') =>
    sample('identity.revoked', { ts: minutes(minute), server, subjectKey: 'aa' })
  it('stand beside rules that cross servers', () => {
    expect(saws(whole(exampleEvents([revoked(0), token(1, 'a')])))).toEqual(['revoked'])
    expect(saws(whole(exampleEvents([token(1, 'a')])))).toEqual([])
  })
  it('are only what is said of all servers', () => {
    expect(saws(whole(exampleEvents([revoked(0, 'b'), token(1, 'a')])))).toEqual([])
    const { signals } = source(all, exampleEvents([revoked(0, 'b'), revoked(1)]))
    expect(signals.map(({ scope, key, serverId }) => [scope, key, serverId])).toEqual([['fleet', '*', '*']])
  })
  it('include the inventory of every server, where a rule asks for it', () => {
    const asks = {
      ...TEXT,
      id: 'tst-108-asks',
      requires: { 'tool.call': ['client'] },
      per: 'fleetClient',
      ttl: 1_000,
      asksInventory: true,
      cell: () => ({ n: 0 }),
      on: {
        'tool.call': (e: { tagsOf(kind: string, name: string): readonly string[]; client: string }) => ({
          saw: e.tagsOf('clients', e.client).join(),
        }),
      },
    }
    const list = (server: string, tag: string) =>
      sample('inventory.snapshot', { server, inventoryKind: 'clients', tags: [`ide=${tag}`], ts: 0 })
    const events = exampleEvents([list('a', 'own'), list('*', 'all'), at(1, 'a'), at(2, 'b')])
    const rules = loaded(asks)
    expect(saws(found(rules, source(rules, events).signals))).toEqual(['own,all', 'all'])
    expect(saws(createEngine(rules, { stateRows: 9 }).apply(events[2]!))).toEqual([''])
  })
})

describe('a rotation of keys', () => {
  const three = (...servers: string[]) => exampleEvents(servers.map((server, minute) => at(minute, server)))
  it('that one server has made and another has not leaves one person one person', () => {
    const [a, b, c] = three('a', 'b', 'c')
    const plain = whole([a!, b!, c!])
    expect(plain.filter(({ rule }) => rule === refused.id)).toHaveLength(1)
    expect(whole([rotated(a!), b!, c!])).toEqual(plain)
    expect(whole([a!, rotated(b!), c!])).toEqual(plain)
    expect(whole([rotated(a!), rotated(b!), rotated(c!)])).toEqual(plain)
  })
  it('keeps what was seen for servers that know the new key only', () => {
    const [a, b, c] = three('a', 'b', 'c')
    const { formerHashes: _, ...after } = rotated(c!) as AuditEvent & { formerHashes?: string[] }
    const findings = whole([rotated(a!), rotated(b!), after as AuditEvent])
    expect(findings.filter(({ rule }) => rule === refused.id)).toHaveLength(1)
  })
  it('told by a server counts for the keys it takes part in, and no other', () => {
    const [a, b] = three('a', 'b')
    const lying = { ...a!, principalKey: 'e'.repeat(32), formerHashes: [`${'f'.repeat(32)}=616c696365`] } as AuditEvent
    const other = { ...b!, principalKey: 'f'.repeat(32) } as AuditEvent
    const { signals } = source(loaded(refused), [lying, other])
    expect(signals.map(({ key }) => key)).toEqual(['e'.repeat(32), 'f'.repeat(32)])
  })
})
