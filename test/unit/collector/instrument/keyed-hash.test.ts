/** Keyed hashes and canonical JSON are the standard ones: proven against node:crypto and the npm package canonicalize. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantNow, rfc3339, uuidV7 } from '../../../../collector/instrument/clock.ts'
import { canonical } from '../../../../collector/instrument/keys/canonical.ts'
import { KeyedHash, sha256 } from '../../../../collector/instrument/keys/keyed-hash.ts'
import { hashesOf } from '../../../../collector/instrument/keys/keys.ts'

const reference = (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32)

describe('KeyedHash', () => {
  it('equals createHmac for every length around the block and path limits', () => {
    const key = randomBytes(32)
    const hash = new KeyedHash(key)
    for (let length = 0; length <= 600; length++) {
      const text = 'x'.repeat(length)
      expect(hash.hash(text), String(length)).toBe(reference(key, text))
    }
  })
  it('equals createHmac for any Unicode text and key length', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 140 }),
        fc.string({ unit: 'binary', maxLength: 400 }),
        (key, text) => {
          expect(new KeyedHash(key).hash(text)).toBe(reference(key, text))
        },
      ),
      { numRuns: 300 },
    )
  })
  it('hashes a megabyte and then a short text right', () => {
    const key = randomBytes(16)
    const hash = new KeyedHash(key)
    const long = 'ø'.repeat(1_000_000)
    expect(hash.hash(long)).toBe(reference(key, long))
    expect(hash.hash('a')).toBe(reference(key, 'a'))
    expect(sha256('a')).toBe(createHash('sha256').update('a').digest('hex'))
  })
})

describe('keys', () => {
  it('derives a different key for each purpose from one master', () => {
    const hashes = hashesOf(randomBytes(32))
    const prints = [hashes.principals, hashes.tokens, hashes.handles, hashes.arguments, hashes.addresses]
    expect(new Set(prints.map((hash) => hash.hash('same'))).size).toBe(5)
    expect(hashes.ephemeral).toBe(false)
  })
  it('reads hex and base64 alike and refuses a short key by name', () => {
    const master = randomBytes(32)
    expect(hashesOf(master.toString('hex')).tokens.hash('t')).toBe(hashesOf(master.toString('base64')).tokens.hash('t'))
    expect(() => hashesOf('abcd')).toThrow('keys.master')
  })
  it('uses one random set per process without keys, and says so', () => {
    expect(hashesOf(undefined)).toBe(hashesOf(undefined))
    expect(hashesOf(undefined).ephemeral).toBe(true)
  })
})

describe('canonical', () => {
  it('equals the npm package canonicalize on any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(canonical(value)).toBe(canonicalize(value))
      }),
      { numRuns: 500 },
    )
  })
  it('sorts keys by UTF-16 code units and keeps numbers as ECMAScript prints them', () => {
    expect(canonical({ '\u20ac': 1, '\r': 2, '\ufb33': 3, 1: 4, '\ud83d\ude00': 5, b: 1e21, a: -0 })).toBe(
      '{"\\r":2,"1":4,"a":0,"b":1e+21,"€":1,"😀":5,"\ufb33":3}',
    )
  })
  it('leaves out what JSON leaves out', () => {
    expect(canonical({ a: undefined, b: () => 1, c: [undefined, Number.NaN], d: new Date(0) })).toBe(
      '{"c":[null,null],"d":"1970-01-01T00:00:00.000Z"}',
    )
  })
  it('answers undefined beyond its budget, its depth and on a cycle', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(canonical(cycle)).toBeUndefined()
    expect(canonical('x'.repeat(100), 50)).toBeUndefined()
    expect(canonical({ a: 'x'.repeat(10) }, 50)).toBeDefined()
  })
})

describe('clock', () => {
  it('makes UUIDv7 that sort by time and never repeat', () => {
    const ids = Array.from({ length: 2_000 }, () => uuidV7(instantNow()))
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(ids[0]!.replaceAll('-', '').slice(0, 12), 16)).toBeGreaterThan(1.7e12)
  })
  it('prints nine decimals', () => {
    expect(rfc3339([1_764_000_000, 123_456_789])).toBe('2025-11-24T16:00:00.123456789Z')
    expect(Math.abs(instantNow()[0] * 1000 - Date.now())).toBeLessThan(2_000)
  })
})
