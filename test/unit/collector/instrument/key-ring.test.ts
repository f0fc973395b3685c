/** Keys over time: versions, switches, and the former hash of each value while a switch is young. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { parseKeyList, readKeyList } from '../../../../collector/instrument/keys/key-list.ts'
import { KeyRing, type KeySettings } from '../../../../collector/instrument/keys/key-ring.ts'
import { hashesOf } from '../../../../collector/instrument/keys/keys.ts'

const HOUR_MS = 3_600_000
const NOON = Date.parse('2026-12-01T12:00:00Z')
const [one, two, three] = [1, 2, 3].map(() => randomBytes(32).toString('hex')) as [string, string, string]
const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(folder, { recursive: true }))

let rings: KeyRing[] = []
afterEach(() => {
  for (const ring of rings) ring.close()
  rings = []
})
function ringAt(settings: KeySettings, startMs = NOON) {
  const clock = { nowMs: startMs }
  const ring = new KeyRing(settings, () => clock.nowMs)
  rings.push(ring)
  const at = (ms: number): KeyRing => {
    clock.nowMs = ms
    ring.advance()
    return ring
  }
  return { ring, at }
}
const rotation = {
  versions: [
    { version: 'v1', key: one },
    { version: 'v2', key: two, notBefore: '2026-12-01T13:00:00Z' },
  ],
}
const sessionFields = (ring: KeyRing) => ({ eventType: 'tool.call', sessionFp: ring.hashes.handles.hash('session-1') })

describe('a ring of versioned keys', () => {
  it('switches at its time, and names the version on every event', () => {
    const { ring, at } = ringAt(rotation)
    expect(ring.stamped(sessionFields(ring), undefined)).toEqual({
      eventType: 'tool.call',
      sessionFp: hashesOf(one).handles.hash('session-1'),
      keyVersion: 'v1',
    })
    at(NOON + HOUR_MS)
    expect(ring.stamped(sessionFields(ring), undefined)).toMatchObject({
      sessionFp: hashesOf(two).handles.hash('session-1'),
      keyVersion: 'v2',
    })
    expect(ring.epoch).toBe(1)
  })
  it('names the former hash of each value for as long as its purpose overlaps', () => {
    const { ring, at } = ringAt(rotation)
    at(NOON + HOUR_MS)
    const pair = (of: 'handles' | 'principals' | 'tokens') =>
      `${hashesOf(two)[of].hash('x')}=${hashesOf(one)[of].hash('x')}`
    const event = () => {
      const { handles, principals, tokens } = ring.hashes
      return ring.stamped(
        { tokenFp: tokens.hash('x'), argHandles: [{ fp: handles.hash('x') }], actorKeys: [principals.hash('x')] },
        undefined,
      ) as { formerHashes?: string[] }
    }
    expect(event().formerHashes).toEqual([pair('tokens'), pair('handles'), pair('principals')])
    at(NOON + 26 * HOUR_MS)
    expect(event().formerHashes).toEqual([pair('principals')])
    at(NOON + 40 * 24 * HOUR_MS)
    expect(event().formerHashes).toBeUndefined()
    // The end of an overlap is no switch.
    expect(ring.epoch).toBe(1)
  })
  it('names those of shared fields too, and only of fields that are there', () => {
    const { ring, at } = ringAt(rotation)
    at(NOON + HOUR_MS)
    const hash = ring.hashes.handles.hash('session-1')
    ring.hashes.handles.hash('somewhere else')
    const common = { sessionFp: hash, correlationKey: hash, keyVersion: 'v2' }
    const stamped = ring.stamped({ jsonrpcIdHash: ring.hashes.handles.hash('n1') }, common) as Record<string, unknown>
    expect(stamped['formerHashes']).toEqual([`${hash}=${hashesOf(one).handles.hash('session-1')}`])
    expect(stamped['keyVersion']).toBeUndefined()
  })
  it('keeps several former versions while their overlaps last, oldest first', () => {
    const { ring, at } = ringAt({
      versions: [...rotation.versions, { version: 'v3', key: three, notBefore: '2026-12-01T15:00:00Z' }],
    })
    at(NOON + 4 * HOUR_MS)
    const hash = ring.hashes.handles.hash('h')
    expect(ring.formerOf(hash)).toEqual([hashesOf(one).handles.hash('h'), hashesOf(two).handles.hash('h')])
    at(NOON + 26 * HOUR_MS)
    ring.hashes.handles.hash('h')
    expect(ring.formerOf(hash)).toEqual([hashesOf(two).handles.hash('h')])
  })
  it('costs nothing without an overlap: the hashes are the plain ones', () => {
    const { ring, at } = ringAt({ ...rotation, overlapMs: { handles: 0, tokens: 0, principals: 0, addresses: 0 } })
    const plain = Object.getPrototypeOf(hashesOf(one).handles)
    expect(Object.getPrototypeOf(ring.hashes.handles)).toBe(plain)
    at(NOON + HOUR_MS)
    expect(Object.getPrototypeOf(ring.hashes.handles)).toBe(plain)
    expect(ring.stamped(sessionFields(ring), undefined)).not.toHaveProperty('formerHashes')
  })
  it('stamps nothing on keys without versions', () => {
    const { ring } = ringAt(one)
    const fields = { sessionFp: ring.hashes.handles.hash('s') }
    expect(ring.stamped(fields, undefined)).toBe(fields)
  })
  it('bounds what it remembers and what an event carries', () => {
    const { ring, at } = ringAt(rotation)
    at(NOON + HOUR_MS)
    const first = ring.hashes.handles.hash('first')
    const hashes = Array.from({ length: 10_000 }, (_, i) => ring.hashes.handles.hash(`h${i}`))
    expect(ring.formerOf(first)).toEqual([])
    const { formerHashes } = ring.stamped({ list: hashes }, undefined) as unknown as { formerHashes: string[] }
    expect(formerHashes).toHaveLength(128)
  })
  it('uses the first key before its time rather than none', () => {
    const { ring } = ringAt({ versions: [{ version: 'v9', key: one, notBefore: '2030-01-01T00:00:00Z' }] })
    expect(ring.version).toBe('v9')
  })
})

describe('a list of keys in a file', () => {
  it('is read again as it changes; a bad one leaves the one before in force', async () => {
    const path = join(folder, 'list.json')
    writeFileSync(path, JSON.stringify([{ version: 'v1', key: one }]))
    const { ring } = ringAt({ from: `file:${path}` })
    expect(ring.version).toBe('v1')
    writeFileSync(path, '{ half written')
    await ring.look()
    expect(ring.version).toBe('v1')
    writeFileSync(
      path,
      JSON.stringify([
        { version: 'v1', key: one },
        { version: 'v2', key: two },
      ]),
    )
    await ring.look()
    expect([ring.version, ring.epoch]).toEqual(['v2', 1])
    const hash = ring.hashes.tokens.hash('t')
    expect(ring.formerOf(hash)).toEqual([hashesOf(one).tokens.hash('t')])
  })
  it('may be a folder with a file for each version, or what a command prints', async () => {
    const versions = join(folder, 'versions')
    const { mkdirSync } = await import('node:fs')
    mkdirSync(versions)
    writeFileSync(join(versions, '2026-11'), `${one}\n`)
    writeFileSync(join(versions, '2026-12'), `${two}\n`)
    writeFileSync(join(versions, '..data'), 'of the mount')
    expect(readKeyList(`file:${versions}`).keys.map(({ version }) => version)).toEqual(['2026-11', '2026-12'])
    const print = `process.stdout.write(${JSON.stringify(JSON.stringify([{ version: 'c', key: one }]))})`
    const { ring } = ringAt({ from: { command: [process.execPath, '-e', print] } })
    expect(ring.version).toBe('c')
    await ring.look()
    expect(ring.epoch).toBe(0)
  })
  it.each([
    ['not JSON', 'must be JSON'],
    ['{}', 'must be a list'],
    ['[]', 'no key is in the list'],
    ['[{"version":"v 1","key":"x"}]', 'version must be a short word'],
    ['[{"version":"v1"}]', 'version v1: key: is missing'],
    ['[{"version":"v1","key":"abcd"}]', 'needs at least 16 bytes'],
    ['[{"version":"v1","key":{"tokens":"00"}}]', 'version v1: key'],
    [`[{"version":"v1","key":"${one}","notBefore":"soon"}]`, 'notBefore must be a time'],
    [`[{"version":"v1","key":"${one}"},{"version":"v1","key":"${two}"}]`, 'a version stands twice'],
    [`{"keys":[{"version":"v1","key":"${one}"}],"overlap":{"tokens":"1 day"}}`, 'overlap.tokens must be a duration'],
    [`{"keys":[{"version":"v1","key":"${one}"}],"overlap":{"sessions":"1d"}}`, 'are the purposes'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseKeyList(text)).toThrow(message)
    expect(() => parseKeyList(text)).not.toThrow(one)
  })
  it('says how long each purpose overlaps', () => {
    const list = parseKeyList(
      `{"keys":[{"version":"v1","key":"${one}"}],"overlap":{"tokens":"90m","principals":"365d"}}`,
    )
    expect(list.overlap).toMatchObject({ tokens: 5_400_000, principals: 365 * 24 * HOUR_MS, handles: 24 * HOUR_MS })
  })
})
