// The shapes: windows to the millisecond, late events, ttl, cooldown, timers.
import { describe, expect, it } from 'vitest'
import { ALLOWED_LATENESS_MS } from '../../../detectors/engine/rule-engine.ts'
import { days, defineRule, minutes, seconds } from '../../../detectors/rule.ts'
import { sample } from '../../../detectors/sample.ts'
import { call, engineOf, feed, saws, TEXT } from './small-rules.ts'

const count = (atLeast: number, ttl = days(1)) =>
  defineRule({
    ...TEXT,
    id: 'syn-001-count',
    requires: { 'tool.call': ['tool', 'principal'] },
    per: 'caller',
    ttl,
    count: () => ({
      where: (e) => e.decision === 'deny',
      atLeast,
      within: seconds(60),
      found: (_, n) => ({ saw: `${n} refusals` }),
    }),
  })

describe('count', () => {
  it('matches the third refusal inside the window and begins anew', () => {
    const findings = feed(engineOf([count(3)]), call(0), call(1), call(59_999), call(60_000))
    expect(saws(findings)).toEqual(['3 refusals'])
    expect(findings[0]).toMatchObject({ severity: 'low', entity: `server=mcp.example.com principal=616c696365` })
  })
  it('an event leaves the window exactly at its end', () => {
    expect(feed(engineOf([count(3)]), call(0), call(1), call(60_000))).toEqual([])
  })
  it('looks before it keeps: what the condition refuses leaves no row', () => {
    const engine = engineOf([count(3)])
    feed(engine, call(0, { decision: 'allow' }))
    expect(engine.counters().rows['caller']).toBe(0)
  })
  it('counts late events in their place', () => {
    expect(saws(feed(engineOf([count(3)]), call(50_000), call(10_000), call(69_999)))).toEqual(['3 refusals'])
    expect(feed(engineOf([count(3)]), call(50_000), call(10_000), call(70_000))).toEqual([])
  })
  it('is exact above eight events, where times stand in a list', () => {
    const burst = Array.from({ length: 10 }, (_, i) => call(i * 6_666))
    expect(saws(feed(engineOf([count(10)]), ...burst))).toEqual(['10 refusals'])
    expect(feed(engineOf([count(10)]), ...burst.slice(0, 9), call(60_000))).toEqual([])
  })
  it('forgets a key that was unused for longer than its ttl', () => {
    const engine = engineOf([count(2, seconds(10))])
    expect(feed(engine, call(0), call(10_001))).toEqual([])
    expect(feed(engineOf([count(2, seconds(10))]), call(0), call(10_000))).toHaveLength(1)
  })
  it('keeps principals, servers and tenants apart', () => {
    const engine = engineOf([count(2)])
    expect(
      feed(engine, call(0), call(1, { principal: 'bob' }), call(2, { server: 'other' }), call(3, { tenant: 't2' })),
    ).toEqual([])
  })
  it('passes over an event whose key is incomplete', () => {
    expect(feed(engineOf([count(1)]), call(0, { principal: '' }))).toEqual([])
  })
})

describe('distinct', () => {
  const distinct = defineRule({
    ...TEXT,
    id: 'syn-002-distinct',
    requires: { 'tool.call': ['tool'] },
    per: 'caller',
    ttl: days(1),
    distinct: () => ({
      of: (e) => e.tool,
      atLeast: 3,
      within: seconds(60),
      found: (e, n) => ({ saw: `${n}, last ${e.tool}` }),
    }),
  })
  it('counts values once, inside the window', () => {
    const findings = feed(
      engineOf([distinct]),
      call(0, { tool: 'a' }),
      call(1, { tool: 'b' }),
      call(2, { tool: 'b' }),
      call(3, { tool: 'c' }),
    )
    expect(saws(findings)).toEqual(['3, last c'])
  })
  it('a value leaves exactly at the end of the window', () => {
    expect(
      feed(engineOf([distinct]), call(0, { tool: 'a' }), call(1, { tool: 'b' }), call(60_000, { tool: 'c' })),
    ).toEqual([])
  })
})

describe('firstSeen', () => {
  const first = defineRule({
    ...TEXT,
    id: 'syn-003-first',
    requires: { 'tool.call': ['tool'] },
    per: 'caller',
    ttl: days(30),
    firstSeen: () => ({
      of: (e) => e.tool,
      learn: 2,
      remember: minutes(10),
      found: (e, known) => ({ saw: `${e.tool} after ${known}` }),
    }),
  })
  it('matches a new value after learning, and never the same twice', () => {
    const tools = ['a', 'b', 'a', 'c', 'c'].map((tool, i) => call(i, { tool }))
    expect(saws(feed(engineOf([first]), ...tools))).toEqual(['c after 2'])
  })
  it('says how much it knew, and what newer values displaced', () => {
    const flood = Array.from({ length: 300 }, (_, i) => call(i, { tool: `t${i}` }))
    const findings = feed(engineOf([first]), ...flood)
    expect(findings[0]!.evidence).toMatchObject({ baseline: '2 values', observed: 't2', samples: 2, displaced: 0 })
    expect(findings.at(-1)!.evidence).toMatchObject({ baseline: '256 values', samples: 299, displaced: 44 })
  })
  it('forgets a value after the time it remembers', () => {
    const tools = [call(0, { tool: 'a' }), call(1, { tool: 'b' }), call(2 + minutes(10), { tool: 'a' })]
    expect(saws(feed(engineOf([first]), ...tools))).toEqual(['a after 2'])
  })
})

describe('sequence', () => {
  const sequence = defineRule({
    ...TEXT,
    id: 'syn-004-sequence',
    requires: { 'tool.call': ['tool'] },
    per: 'caller',
    ttl: days(1),
    sequence: () => ({
      first: (e) => e.tool === 'a',
      // biome-ignore lint/suspicious/noThenProperty: the word of the shape; nobody awaits a rule
      then: (e) => e.tool === 'b',
      within: 1_000,
      found: () => ({ saw: 'a then b' }),
    }),
  })
  it.each([
    ['a then b in time', [call(0, { tool: 'a' }), call(999, { tool: 'b' })], 1],
    ['b exactly too late', [call(0, { tool: 'a' }), call(1_000, { tool: 'b' })], 0],
    ['b before a', [call(5, { tool: 'b' }), call(6, { tool: 'a' })], 0],
    ['b that happened before a and came late', [call(6, { tool: 'a' }), call(5, { tool: 'b' })], 0],
    ['one a, two b', [call(0, { tool: 'a' }), call(1, { tool: 'b' }), call(2, { tool: 'b' })], 1],
  ])('%s', (_, events, matches) => {
    expect(feed(engineOf([sequence]), ...events)).toHaveLength(matches)
  })
})

describe('baseline and drift', () => {
  const sized = (ts: number, bytes: number) => sample('tool.result', { ts, principal: 'alice', bytes })
  const baseline = defineRule({
    ...TEXT,
    id: 'syn-005-baseline',
    requires: { 'tool.result': ['bytes'] },
    per: 'caller',
    ttl: days(1),
    baseline: () => ({
      of: (e) => e.bytes,
      sigmas: 4,
      floor: 500,
      learn: 10,
      found: (_, n) => ({ saw: `${n} bytes` }),
    }),
  })
  const learned = Array.from({ length: 20 }, (_, i) => sized(i, 90 + (i % 3) * 10))
  it('matches a value far above what it learned, and says that it infers', () => {
    const [finding, ...more] = feed(engineOf([baseline]), ...learned, sized(30, 5_000), sized(31, 100))
    expect(more).toEqual([])
    expect(finding).toMatchObject({ saw: '5000 bytes', evidenceLevel: 'inferred', severity: 'high' })
  })
  it('stays silent below its floor and while it learns', () => {
    expect(feed(engineOf([baseline]), ...learned, sized(30, 499))).toEqual([])
    expect(feed(engineOf([baseline]), sized(0, 1), sized(1, 5_000))).toEqual([])
  })
  it('one outlier teaches little: the next one matches too', () => {
    expect(feed(engineOf([baseline]), ...learned, sized(30, 5_000), sized(31, 5_000))).toHaveLength(2)
  })
  it('says what was usual, what came, and over how many values', () => {
    const [finding] = feed(engineOf([baseline]), ...learned, sized(30, 5_000))
    const { baseline: usual, border } = finding!.evidence as Record<string, number>
    expect(finding!.evidence).toMatchObject({ observed: 5_000, samples: 20, window: expect.stringMatching(/./) })
    expect(usual).toBeGreaterThan(90)
    expect(usual).toBeLessThan(110)
    expect(border).toBeLessThan(150)
  })
  it('who feeds it slowly from just below needs a week for each doubling', () => {
    const creeping = (days: number) => {
      const engine = engineOf([baseline])
      feed(engine, ...learned)
      let value = 100
      for (let i = 1; i <= 2_000; i++) {
        const found = feed(engine, sized(i * ((days * 86_400_000) / 2_000), Math.round(value)))
        if (found.length > 0) return value
        value *= 1.002
      }
      return value
    }
    expect(creeping(6)).toBeLessThan(1_100)
    expect(creeping(6)).toBeGreaterThan(200)
    expect(creeping(60)).toBeGreaterThan(2_000)
  })
  it('learning ends with the values or with the time', () => {
    const timed = defineRule({
      ...TEXT,
      id: 'syn-008-baseline',
      requires: { 'tool.result': ['bytes'] },
      per: 'caller',
      ttl: days(30),
      baseline: () => ({
        of: (e) => e.bytes,
        sigmas: 4,
        floor: 500,
        learn: 500,
        learnMs: days(7),
        found: (_, n) => ({ saw: `${n} bytes` }),
      }),
    })
    expect(feed(engineOf([timed]), ...learned, sized(days(7) - 1, 5_000))).toEqual([])
    expect(feed(engineOf([timed]), ...learned, sized(days(7), 5_000))).toHaveLength(1)
  })
  it('drift matches when small excesses add up', () => {
    const drift = defineRule({
      ...TEXT,
      id: 'syn-006-drift',
      requires: { 'tool.result': ['bytes'] },
      per: 'caller',
      ttl: days(1),
      drift: () => ({ of: (e) => e.bytes, slack: 10, limit: 100, found: () => ({ saw: 'drifts' }) }),
    })
    expect(feed(engineOf([drift]), ...learned)).toEqual([])
    expect(feed(engineOf([drift]), ...learned, ...[1, 2, 3, 4].map((i) => sized(30 + i, 160))).length).toBe(1)
  })
})

describe('absence', () => {
  const absence = defineRule({
    ...TEXT,
    id: 'syn-007-absence',
    requires: { 'server.heartbeat': ['drops'], 'server.stopped': ['reason'] },
    per: 'server',
    ttl: minutes(1),
    absence: () => ({
      of: (e) => e.type === 'server.heartbeat',
      endedBy: (e) => e.type === 'server.stopped',
      after: seconds(60),
      found: (atMs) => ({ saw: `silent at ${new Date(atMs).toISOString()}` }),
    }),
  })
  const beat = (ts: number, server = 'a') => sample('server.heartbeat', { ts, server })
  const due = seconds(60) + ALLOWED_LATENESS_MS
  it('answers when the watermark passes the due time, by any event of the partition', () => {
    expect(feed(engineOf([absence]), beat(0), beat(due - 1, 'b'))).toEqual([])
    const findings = feed(engineOf([absence]), beat(0), beat(due, 'b'))
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({
      saw: 'silent at 2026-01-01T00:01:00.000Z',
      eventId: '',
      serverId: 'a',
      eventTime: '2026-01-01T00:01:00.000Z',
    })
  })
  it('each new event moves the due time, a late one never back', () => {
    expect(feed(engineOf([absence]), beat(0), beat(50_000), beat(10_000), beat(due, 'b'))).toEqual([])
    expect(feed(engineOf([absence]), beat(0), beat(50_000), beat(due + 50_000, 'b'))).toHaveLength(1)
  })
  it('what ends the waiting ends it', () => {
    const end = sample('server.stopped', { ts: 10, server: 'a' })
    expect(feed(engineOf([absence]), beat(0), end, beat(due, 'b'))).toEqual([])
  })
  it('answers once, and again only after it came back', () => {
    expect(feed(engineOf([absence]), beat(0), beat(due, 'b'), beat(due + 1, 'b'))).toHaveLength(1)
    expect(feed(engineOf([absence]), beat(0), beat(due), beat(2 * due, 'b'))).toHaveLength(2)
  })
  it('fires in the order of due time and key, whatever the order of arrival', () => {
    const order = (...servers: string[]) =>
      feed(engineOf([absence]), ...servers.map((server) => beat(0, server)), beat(due, 'z')).map(
        ({ serverId }) => serverId,
      )
    expect(order('c', 'a', 'b')).toEqual(['a', 'b', 'c'])
    expect(order('a', 'b', 'c')).toEqual(['a', 'b', 'c'])
  })
})
