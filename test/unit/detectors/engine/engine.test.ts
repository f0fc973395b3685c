// The engine: eviction, isolation, quarantine, cooldown, snapshots across versions of rules, coverage.
import { describe, expect, it } from 'vitest'
import { ALLOWED_LATENESS_MS } from '../../../../detectors/engine/rule-engine.ts'
import { days, defineRule, minutes } from '../../../../detectors/rule.ts'
import { exampleEvents, sample } from '../../../../detectors/sample.ts'
import { call, engineOf, feed, saws, TEXT } from '../small-rules.ts'

const tally = (version = 1, id = 'syn-010-tally') =>
  defineRule({
    ...TEXT,
    id,
    version,
    requires: { 'tool.call': ['principal'] },
    per: 'caller',
    ttl: days(1),
    cell: () => ({ seen: 0 }),
    on: { 'tool.call': (_, cell) => (++cell.seen >= 2 ? { saw: `seen ${cell.seen}` } : undefined) },
  })

describe('eviction', () => {
  it('a full scope frees the least recently seen row and counts it', () => {
    const engine = engineOf([tally()], 2)
    const by = (ts: number, principal: string) => call(ts, { principal })
    expect(saws(feed(engine, by(0, 'a'), by(1, 'b'), by(2, 'a'), by(3, 'c'), by(4, 'a')))).toEqual(['seen 2', 'seen 3'])
    expect(engine.counters()).toMatchObject({ evictions: { caller: 1 }, rows: { caller: 2 } })
    expect(feed(engine, by(5, 'b'))).toEqual([])
  })
  it('frees rows that have expired for every rule, without an eviction', () => {
    const engine = engineOf([tally()], 100)
    for (let i = 0; i < 50; i++) feed(engine, call(i, { principal: `p${i}` }))
    for (let i = 0; i < 50; i++) feed(engine, call(days(3) + i, { principal: `q${i}` }))
    expect(engine.counters().rows['caller']).toBeLessThan(60)
    expect(engine.counters().evictions['caller']).toBe(0)
  })
  it('evicts the same rows after a restart', () => {
    const events = exampleEvents(Array.from({ length: 400 }, (_, i) => call(i, { principal: `p${(i * 7919) % 61}` })))
    const whole = engineOf([tally()], 20)
    const expected = events.flatMap((event) => whole.apply(event))
    let engine = engineOf([tally()], 20)
    const found = events.flatMap((event, i) => {
      if (i % 37 === 0) {
        const next = engineOf([tally()], 20)
        next.restore(engine.snapshot())
        engine = next
      }
      return engine.apply(event)
    })
    expect(found).toEqual(expected)
    expect(whole.counters().evictions['caller']).toBeGreaterThan(10)
    expect(engine.counters().evictions).toEqual(whole.counters().evictions)
  })
})

describe('a rule that throws', () => {
  const bad = defineRule({
    ...TEXT,
    id: 'syn-009-bad',
    requires: { 'tool.call': ['tool'] },
    check: {
      'tool.call': (e) => {
        if (e.tool !== 'fine') throw new Error('broken')
        return undefined
      },
    },
  })
  const check = (id: string): unknown =>
    defineRule({ ...TEXT, id, requires: { 'tool.call': ['tool'] }, check: { 'tool.call': () => ({ saw: id }) } })
  it('costs only itself, is counted, and is switched off with a finding for the operator', () => {
    const quarantined: string[] = []
    const rules: readonly unknown[] = [check('syn-008-before'), bad, check('syn-011-after')]
    const engine = engineOf(rules, 10, { onRuleError: (rule: string) => quarantined.push(rule) })
    const findings = feed(engine, ...Array.from({ length: 12 }, (_, i) => call(i)))
    expect(findings.filter(({ rule }) => rule === 'auditd-rule-quarantined')).toMatchObject([
      { severity: 'high', saw: 'syn-009-bad@1 threw 10 times', evidence: { reason: 'Error: broken' } },
    ])
    expect(findings).toHaveLength(25)
    expect(quarantined).toEqual(['syn-009-bad'])
    expect(engine.counters()).toMatchObject({
      errors: { 'syn-009-bad': 10, 'syn-008-before': 0 },
      evaluations: { 'syn-009-bad': 10, 'syn-011-after': 12 },
      quarantined: ['syn-009-bad'],
    })
  })
  it('stays off after a restart, and is on again in another version', () => {
    const engine = engineOf([bad])
    feed(engine, ...Array.from({ length: 12 }, (_, i) => call(i)))
    const again = engineOf([bad])
    again.restore(engine.snapshot())
    feed(again, call(20))
    expect(again.counters().errors).toEqual({ 'syn-009-bad': 10 })
    const mended = engineOf([{ ...bad, version: 2 }])
    mended.restore(engine.snapshot())
    expect(mended.counters().quarantined).toEqual([])
  })
  it('does not count as a stateless match', () => {
    const [event] = exampleEvents([call(0)])
    const engine = engineOf([check('syn-008-before'), bad] as readonly unknown[])
    expect(engine.statelessMatches(event!)).toEqual(['syn-008-before'])
    expect(engine.counters().evaluations).toEqual({ 'syn-008-before': 0, 'syn-009-bad': 0 })
  })
})

describe('cooldown', () => {
  const noisy = defineRule({
    ...TEXT,
    id: 'syn-012-noisy',
    requires: { 'tool.call': ['tool'] },
    per: 'caller',
    ttl: days(1),
    cooldown: minutes(1),
    cell: () => ({}),
    on: { 'tool.call': () => ({ saw: 'again' }) },
  })
  it('a key reports once per cooldown, and at once what is more severe', () => {
    const engine = engineOf([noisy])
    const findings = feed(
      engine,
      call(0),
      call(1),
      call(2, { decision: 'allow' }),
      call(3),
      call(60_002, { decision: 'allow' }),
    )
    expect(findings.map(({ severity }) => severity)).toEqual(['low', 'high', 'high'])
    expect(engine.counters().cooled).toBe(2)
  })
})

describe('whom a finding is about', () => {
  const perRequest = defineRule({
    ...TEXT,
    id: 'syn-019-about',
    requires: { 'tool.call': ['request', 'tool'] },
    per: 'request',
    about: 'tool',
    ttl: days(1),
    cell: () => ({ said: 0 }),
    on: {
      'tool.call'(_, cell) {
        if (++cell.said === 1) return { saw: 'a request' }
      },
    },
  })
  it('may be coarser than the key of its state: one entity, one finding per key', () => {
    const findings = feed(
      engineOf([perRequest]),
      call(0, { request: 'aaaaaaaa' }),
      call(1, { request: 'bbbbbbbb' }),
      call(2, { request: 'aaaaaaaa' }),
      call(3, { request: 'cccccccc', tool: '' }),
    )
    const named = 'server=mcp.example.com tool=read'
    expect(findings.map(({ entity }) => entity)).toEqual([named, named, 'server=mcp.example.com'])
    expect(new Set(findings.map(({ findingId }) => findingId)).size).toBe(3)
  })
  it('is refused where there is no state, or where a timer may speak', () => {
    const timed = { ...perRequest, cell: () => ({ dueMs: 0 }), onTimer: () => undefined }
    expect(() => engineOf([timed])).toThrow(/syn-019-about: about/)
  })
})

describe('snapshots', () => {
  it('keep the cells of unchanged rules and drop, counted, those of changed ones', () => {
    const engine = engineOf([tally(1), tally(1, 'syn-013-kept')])
    feed(engine, call(0))
    const upgraded = engineOf([tally(2), tally(1, 'syn-013-kept'), tally(1, 'syn-014-new')])
    upgraded.restore(engine.snapshot())
    expect(feed(upgraded, call(1)).map(({ rule }) => rule)).toEqual(['syn-013-kept'])
    expect(upgraded.counters().droppedCells).toBe(1)
  })
  it('are cut into chunks of at most 512 KB and pass over chunks of others', () => {
    const wide = defineRule({
      ...TEXT,
      id: 'syn-015-wide',
      requires: { 'tool.call': ['tool'] },
      per: 'caller',
      ttl: days(1),
      cell: () => ({ text: 'x'.repeat(3_000), seen: 0 }),
      on: { 'tool.call': (_, cell) => (++cell.seen > 1 ? { saw: 'again' } : undefined) },
    })
    const engine = engineOf([wide], 2_000)
    for (let i = 0; i < 600; i++) feed(engine, call(i, { principal: `p${i}` }))
    const chunks = engine.snapshot()
    for (const bytes of chunks.values()) expect(bytes.length).toBeLessThanOrEqual(512 * 1024)
    chunks.set('retries', new Uint8Array([1, 2, 3]))
    const next = engineOf([wide], 2_000)
    next.restore(chunks)
    expect(next.counters().rows['caller']).toBe(600)
    expect(feed(next, call(700, { principal: 'p599' }))).toHaveLength(1)
  })
  it('that cannot be read are refused by name', () => {
    const chunks = engineOf([tally()]).snapshot()
    for (const [name, bytes] of chunks)
      chunks.set(
        name,
        bytes.map((byte) => byte ^ 0x55),
      )
    expect(() => engineOf([tally()]).restore(chunks)).toThrow(/snapshot: cannot be read/)
  })
  it('keep timers that wait', () => {
    const waits = defineRule({
      ...TEXT,
      id: 'syn-016-waits',
      requires: { 'tool.call': ['tool'] },
      per: 'caller',
      ttl: days(1),
      cell: () => ({ dueMs: 0 }),
      on: {
        'tool.call'(e, cell) {
          if (e.tool === 'start') cell.dueMs = e.ts + 1_000
        },
      },
      onTimer: (atMs) => ({ saw: `due ${atMs % 10_000}` }),
    })
    const engine = engineOf([waits])
    feed(engine, call(0, { tool: 'start' }))
    const next = engineOf([waits])
    next.restore(engine.snapshot())
    expect(feed(next, call(1_000 + ALLOWED_LATENESS_MS - 1))).toEqual([])
    expect(saws(feed(next, call(1_000 + ALLOWED_LATENESS_MS)))).toEqual(['due 1000'])
    expect(feed(next, call(days(1)))).toEqual([])
  })
})

describe('coverage', () => {
  const rule = defineRule({
    ...TEXT,
    id: 'syn-017-covered',
    requires: { 'tool.call': ['tool', 'session'], 'oauth.token': ['scopes'], 'tool.approved': ['approver'] },
    occasional: ['tool.approved'],
    producerGaps: { 'oauth.token': 'nothing makes it yet' },
    applies: { eras: ['legacy'] },
    check: { 'tool.call': () => undefined, 'oauth.token': () => undefined, 'tool.approved': () => undefined },
  })
  const state = (...samples: Parameters<typeof feed>[1][]) => {
    const engine = engineOf([rule])
    feed(engine, ...samples)
    const again = engineOf([rule])
    again.restore(engine.snapshot())
    expect(again.coverage()).toEqual(engine.coverage())
    const [only] = engine.coverage('mcp.example.com')
    return only && { state: only.state, reasons: only.reasons }
  }
  it('knows nothing of a server that was never seen', () => {
    expect(state()).toBeUndefined()
  })
  it('is INACTIVE before any of its types, DEGRADED with reasons, ACTIVE when all was seen', () => {
    expect(state(sample('server.heartbeat'))).toMatchObject({ state: 'INACTIVE' })
    expect(state(call(0))).toEqual({
      state: 'DEGRADED',
      reasons: ['tool.call.session: never filled', 'oauth.token: nothing makes it yet'],
    })
    expect(state(call(0, { session: 's' }), sample('oauth.token', { scopes: ['a'] }))).toEqual({
      state: 'ACTIVE',
      reasons: [],
    })
  })
  it('is NOT_APPLICABLE in another era and NOT_OBSERVABLE in spans of others', () => {
    expect(state(call(0, { era: 'modern' }))).toMatchObject({ state: 'NOT_APPLICABLE' })
    expect(state(sample('server.heartbeat', { source: 'span' }))).toMatchObject({ state: 'NOT_OBSERVABLE' })
  })
})

describe('derived events', () => {
  const handles = defineRule({
    ...TEXT,
    id: 'syn-018-handles',
    requires: { 'handle.presented': ['handle', 'handleKind'], 'handle.minted': ['handle', 'inList'] },
    per: 'handle',
    ttl: days(1),
    cell: () => ({}),
    on: {
      'handle.presented': (e) => ({ saw: `${e.handleKind} ${e.handle}` }),
      'handle.minted': (e) => ({ saw: `new ${e.handle} ${e.inList}` }),
    },
  })
  it('an event is seen once per handle, each handle found once', () => {
    const events = [
      call(0, {
        argHandles: [{ fp: 'aaaaaaaa' }, { fp: 'bbbbbbbb' }, { fp: 'aaaaaaaa', path: '/again' }],
        stateFp: 'cccccccc',
      }),
      sample('tool.result', { mintedHandles: [{ fp: 'dddddddd', inList: true }] }),
      sample('elicitation.requested', { handleFp: 'eeeeeeee' }),
    ]
    expect(saws(feed(engineOf([handles]), ...events))).toEqual([
      'argument aaaaaaaa',
      'argument bbbbbbbb',
      'state cccccccc',
      'new dddddddd true',
      'new eeeeeeee false',
    ])
  })
})

describe('the watermark', () => {
  it('is the newest event time less the allowed lateness, and 0 before the first event', () => {
    const engine = engineOf([tally()])
    expect(engine.watermarkMs).toBe(0)
    feed(engine, call(ALLOWED_LATENESS_MS), call(5))
    expect(engine.watermarkMs).toBe(Date.UTC(2026, 0, 1))
  })
})
