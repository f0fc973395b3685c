/** A rotation of keys does not make rules blind: sessions, handles, people and tokens stay what they were. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createEngine, type Engine } from '../../../../detectors/engine/engine.ts'
import { KeyAliases } from '../../../../detectors/engine/key-aliases.ts'
import { loadRules } from '../../../../detectors/load.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'

const rules = await loadRules()
const engineOf = (): Engine => createEngine(rules, { stateRows: 1_000 })
/** A value under one version of the key. */
const under = (version: number, value: string): string =>
  createHash('sha256').update(`${version}/${value}`).digest('hex').slice(0, 32)

let next = 0
interface Said {
  readonly version?: number
  /** Former versions named by the producer: its overlap. */
  readonly overlap?: readonly number[]
  readonly serverId?: string
  readonly tenant?: string
  readonly atMs?: number
}
/** An event whose values are hashed under a version, as a producer in the course of a rotation makes it. */
function event(type: string, values: Readonly<Record<string, string>>, said: Said = {}, more: object = {}): AuditEvent {
  const { version = 1, overlap = [], serverId = 'srv', tenant = 'acme', atMs = ++next * 1_000 } = said
  const hashes = Object.fromEntries(Object.entries(values).map(([field, value]) => [field, under(version, value)]))
  const handles = (more as { handles?: Readonly<Record<string, string>> }).handles ?? {}
  const lists = Object.fromEntries(
    Object.entries(handles).map(([field, value]) => [
      field,
      [{ fp: under(version, value), path: '/basket', policy: 'private' }],
    ]),
  )
  const known = [...Object.values(values), ...Object.values(handles)]
  const formerHashes = overlap.flatMap((old) => known.map((value) => `${under(version, value)}=${under(old, value)}`))
  return {
    eventType: type,
    eventId: under(0, String(++next)),
    eventTime: new Date(Date.UTC(2026, 5, 1) + atMs).toISOString(),
    serverId,
    tenant,
    vantage: 'server',
    source: 'native',
    era: 'legacy',
    decision: 'allow',
    outcome: 'ok',
    clientKey: 'ide',
    requestUid: under(0, `r${next}`),
    ...hashes,
    ...lists,
    ...(formerHashes.length > 0 && { formerHashes }),
  } as unknown as AuditEvent
}
const call = (session: string, person: string, said?: Said) =>
  event('tool.call', { sessionFp: session, principalKey: person }, said)
const found = (engine: Engine, events: readonly AuditEvent[], rule: string) =>
  events.flatMap((each) => engine.apply(each)).filter((finding) => finding.rule.startsWith(rule))

describe('a session across a rotation', () => {
  it('is found in other hands when the producer names former hashes', () => {
    const engine = engineOf()
    const rotated = { version: 2, overlap: [1] }
    expect(found(engine, [call('s', 'alice'), call('s', 'alice', rotated)], 'ses-001')).toEqual([])
    const [finding] = found(engine, [call('s', 'mallory', rotated)], 'ses-001')
    expect(finding).toMatchObject({ severity: 'critical', expected: `principal ${under(1, 'alice')}` })
  })
  it('is lost when it does not: that is what the overlap is for', () => {
    const engine = engineOf()
    expect(found(engine, [call('s', 'alice'), call('s', 'mallory', { version: 2 })], 'ses-001')).toEqual([])
  })
  it('raises no alarm over its owner while producers rotate one after the other, in any order', () => {
    const rotated = { version: 2, overlap: [1] }
    for (const order of [
      [{}, rotated, {}, rotated],
      [rotated, {}, rotated, {}],
      [{}, {}, rotated, rotated],
    ]) {
      const engine = engineOf()
      expect(
        found(
          engine,
          order.map((said) => call('s', 'alice', said)),
          'ses-001',
        ),
      ).toEqual([])
      for (const said of [{}, rotated]) expect(found(engine, [call('s', 'mallory', said)], 'ses-001').length).toBe(1)
    }
  })
  it('is still itself after the overlap has ended, and after a second rotation', () => {
    const engine = engineOf()
    const events = [
      call('s', 'alice'),
      call('s', 'alice', { version: 2, overlap: [1] }),
      call('s', 'alice', { version: 2 }),
      call('s', 'alice', { version: 3, overlap: [2] }),
      call('s', 'alice', { version: 3 }),
    ]
    expect(found(engine, events, 'ses-001')).toEqual([])
    expect(found(engine, [call('s', 'mallory', { version: 3 })], 'ses-001')).toHaveLength(1)
  })
  it('survives a snapshot at any moment', () => {
    const events = [
      call('s', 'alice'),
      call('s', 'alice', { version: 2, overlap: [1] }),
      call('s', 'mallory', { version: 2 }),
      call('s', 'alice', { version: 3, overlap: [1, 2] }),
      call('s', 'eve', { version: 3 }),
    ]
    const whole = found(engineOf(), events, '')
    let engine = engineOf()
    const restarted = events.flatMap((each) => {
      const restored = engineOf()
      restored.restore(engine.snapshot())
      engine = restored
      return engine.apply(each)
    })
    expect(whole.length).toBeGreaterThan(1)
    expect(restarted).toEqual(whole)
  })
  it('says nothing about a session of another tenant or server', () => {
    for (const other of [{ tenant: 'other' }, { serverId: 'other' }]) {
      const engine = engineOf()
      // The stranger claims that our new hash is what it likes.
      const lie = { ...call('x', 'y', other), formerHashes: [`${under(1, 's')}=${under(1, 'z')}`] } as AuditEvent
      expect(found(engine, [call('s', 'alice'), lie, call('s', 'alice')], 'ses-001')).toEqual([])
      expect(found(engine, [call('s', 'mallory')], 'ses-001')[0]).toMatchObject({
        expected: `principal ${under(1, 'alice')}`,
      })
    }
  })
})

describe('handles and people across a rotation', () => {
  it('a private handle is found in other hands', () => {
    const minted = event('tool.result', { principalKey: 'alice' }, {}, { handles: { mintedHandles: 'basket' } })
    const rotated = { version: 2, overlap: [1] }
    const used = (person: string, said: Said) =>
      event('tool.call', { principalKey: person }, said, { handles: { argHandles: 'basket' } })
    const engine = engineOf()
    expect(found(engine, [minted, used('alice', rotated)], 'ses-002')).toEqual([])
    expect(found(engine, [used('mallory', rotated)], 'ses-002')).toHaveLength(1)
    const blind = engineOf()
    expect(found(blind, [minted, used('mallory', { version: 2 })], 'ses-002')).toEqual([])
  })
  it('scopes of a person go on growing from where they were', () => {
    const token = (scopes: readonly string[], said: Said) => ({
      ...event('auth.token.validated', { principalKey: 'alice', tokenFp: `t${++next}` }, said),
      scopes,
    })
    const day = (n: number): number => n * 86_400_000
    const before = Array.from({ length: 8 }, (_, i) => token(['files:read'], { atMs: day(1) + i * 1_000 }))
    const after = (said: Said) => token(['files:read', 'admin:all'], { ...said, atMs: day(2) })
    const grown = (said: Said): number => {
      const engine = engineOf()
      return found(engine, [...before, after(said)] as AuditEvent[], 'scp-002').length
    }
    expect(grown({ version: 2, overlap: [1] })).toBe(grown({ version: 1 }))
    expect(grown({ version: 1 })).toBeGreaterThan(0)
    expect(grown({ version: 2 })).toBe(0)
  })
  it('a request stays verified by its token when keys change between the two', () => {
    const requestUid = under(0, 'one request')
    const identity = { principalKey: 'alice', sessionFp: 's' }
    const token = { ...event('auth.token.validated', { ...identity, tokenFp: 't' }), requestUid }
    const made = { ...event('tool.call', identity, { version: 2, overlap: [1] }), requestUid }
    expect(found(engineOf(), [token, made] as AuditEvent[], 'tok-011')).toEqual([])
  })
})

describe('the table', () => {
  const pair = (hash: string, former: string): string => `${hash}=${former}`
  const carrying = (formerHashes: readonly string[], more: object = {}): AuditEvent =>
    ({ ...event('tool.call', {}), ...more, formerHashes }) as unknown as AuditEvent
  const [a, b, c] = ['a', 'b', 'c'].map((name) => under(1, name)) as [string, string, string]

  it('leaves an event without aliases as the object it is', () => {
    const aliases = new KeyAliases()
    const plain = call('s', 'alice')
    expect(aliases.canonical(plain)).toBe(plain)
    expect(aliases.snapshot()).toBeUndefined()
  })
  it('names values in every field and list, but no ids, and changes no event', () => {
    const aliases = new KeyAliases()
    const made = Object.freeze(
      carrying([pair(b, a)], {
        sessionFp: b,
        actorKeys: Object.freeze([c, b]),
        argHandles: Object.freeze([Object.freeze({ fp: b, path: '/x' })]),
        traceId: b,
        eventId: b,
        requestUid: b,
      }),
    )
    expect(aliases.canonical(made)).toMatchObject({
      ...{ sessionFp: a, actorKeys: [c, a], argHandles: [{ fp: a, path: '/x' }] },
      ...{ traceId: b, eventId: b, requestUid: b },
    })
  })
  it('takes a way back, a circle and nonsense', () => {
    const aliases = new KeyAliases()
    const nonsense = ['', '=', `${b}=`, `=${a}`, `${b}=X`, `${b}=${a}=${c}`, pair(b, b), 'x'.repeat(512)]
    aliases.canonical(carrying(nonsense))
    expect(aliases.size).toBe(0)
    for (const pairs of [[pair(b, a)], [pair(a, b)], [pair(c, b)], [pair(a, c)]]) aliases.canonical(carrying(pairs))
    for (const hash of [a, b, c]) expect(aliases.canonical(carrying([], { sessionFp: hash })).sessionFp).toBe(a)
    expect(aliases.size).toBe(2)
  })
  it('joins two former names of one value', () => {
    const aliases = new KeyAliases()
    aliases.canonical(carrying([pair(c, a), pair(c, b)]))
    for (const hash of [a, b, c]) expect(aliases.canonical(carrying([], { sessionFp: hash })).sessionFp).toBe(a)
  })
  it('is bounded for each tenant, and forgets what was not used for long', () => {
    const aliases = new KeyAliases()
    const flood = (tenant: string, count: number, atMs: number): void => {
      for (let i = 0; i < count; i += 100) {
        const pairs = Array.from({ length: 100 }, (_, j) =>
          pair(under(2, `${tenant}${i + j}`), under(1, `${tenant}${i + j}`)),
        )
        aliases.canonical(carrying(pairs, { tenant, eventTime: new Date(Date.UTC(2026, 0, 1) + atMs).toISOString() }))
      }
    }
    flood('quiet', 100, 0)
    flood('loud', 60_000, 1_000)
    expect(aliases.size).toBe(50_100)
    const kept = aliases.canonical(carrying([], { tenant: 'quiet', sessionFp: under(2, 'quiet0') }))
    expect(kept.sessionFp).toBe(under(1, 'quiet0'))
    // New ones a year later push out what nobody used since.
    flood('quiet', 200, 365 * 86_400_000)
    expect(aliases.size).toBeLessThan(50_100 + 200)
  })
})
