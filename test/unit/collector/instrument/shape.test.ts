/** Shapes of content hold no content, find handles, and stay within their bounds. */
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashesOf } from '../../../../collector/instrument/keys/keys.ts'
import { declarationsFor, holdsHandle } from '../../../../collector/instrument/messages/handles.ts'
import { argumentShape, resultShape } from '../../../../collector/instrument/messages/shape.ts'
import { nameOf, reasonOf } from '../../../../collector/instrument/names.ts'

const hashes = hashesOf(randomBytes(32))
const none = new Set<string>()

describe('argumentShape', () => {
  it('describes every leaf by path, type, length and keyed hash', () => {
    const shape = argumentShape({ to: 'bob', n: 3, ok: true, none: null, list: ['a', 'b'], empty: {} }, hashes)
    expect(shape.args.map(({ path, type, length }) => [path, type, length])).toEqual([
      ['to', 'string', 3],
      ['n', 'number', undefined],
      ['ok', 'boolean', 0],
      ['none', 'null', 0],
      ['list[]', 'string', 1],
      ['list[]', 'string', 1],
      ['empty', 'object', 0],
    ])
    expect(shape.args[0]!.hmac).toMatch(/^[0-9a-f]{32}$/)
    expect(shape.args[2]!.hmac).toBeUndefined()
    expect(shape.argsBytes).toBe(
      Buffer.byteLength('{"empty":{},"list":["a","b"],"n":3,"none":null,"ok":true,"to":"bob"}'),
    )
    expect(shape.bounded).toBe(false)
  })
  it('gives equal hashes to equal arguments whatever the order of keys', () => {
    expect(argumentShape({ a: 1, b: 2 }, hashes).argsHmac).toBe(argumentShape({ b: 2, a: 1 }, hashes).argsHmac)
    expect(argumentShape({ a: '1' }, hashes).args[0]!.hmac).not.toBe(argumentShape({ a: 1 }, hashes).args[0]!.hmac)
  })
  it('replaces keys that are values or handles', () => {
    const secret = randomBytes(24).toString('hex')
    const shape = argumentShape({ 'alice@example.org': 1, [`k${secret}`]: 2 }, hashes)
    expect(shape.args.map(({ path }) => path)).toEqual(['*', '*'])
  })
  it('stays bounded on a million leaves, deep nesting and cycles', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    let deep: unknown = 1
    for (let i = 0; i < 5_000; i++) deep = [deep]
    for (const value of [
      Array.from({ length: 1_000_000 }, (_, i) => i),
      deep,
      cycle,
      { text: 'x'.repeat(10_000_000) },
    ]) {
      const shape = argumentShape(value, hashes)
      expect(shape.bounded).toBe(true)
      expect(shape.args.length).toBeLessThanOrEqual(64)
      expect(shape.argsHmac).toBe('')
    }
  })
})

describe('handles', () => {
  it('finds a handle minted in a text result again in later arguments', () => {
    const id = randomUUID()
    const minted = resultShape({ content: [{ type: 'text', text: `Basket ${id}. Done.` }] }, hashes, none)
    const used = argumentShape({ basket: id }, hashes)
    expect(minted.mintedHandles).toEqual([
      { fp: used.argHandles[0]!.fp, path: 'content[].text', policy: 'unknown', inList: true },
    ])
    expect(used.argHandles[0]).toMatchObject({ path: 'basket', policy: 'unknown', inList: false })
  })
  it('mints nothing when a result repeats the arguments', () => {
    const id = randomBytes(16).toString('base64url')
    const call = argumentShape({ id }, hashes)
    expect(resultShape({ structuredContent: { id } }, hashes, call.fingerprints).mintedHandles).toEqual([])
  })
  it('takes declared handles of any entropy, in arguments, structured results and JSON text', () => {
    const declared = declarationsFor([{ tool: 'cart', path: 'cartId', policy: 'private' }])('cart')
    const fps = [
      argumentShape({ cartId: 'c-7' }, hashes, declared).argHandles[0],
      resultShape({ structuredContent: { cartId: 'c-7' } }, hashes, none, declared).mintedHandles[0],
      resultShape({ content: [{ type: 'text', text: '{"cartId":"c-7"}' }] }, hashes, none, declared).mintedHandles[0],
    ]
    expect(new Set(fps.map((seen) => seen?.fp)).size).toBe(1)
    expect(fps.every((seen) => seen?.policy === 'private')).toBe(true)
    expect(declarationsFor([{ tool: 'cart', path: 'cartId' }])('other')).toBeUndefined()
  })
  it('counts random ids as handles, and words, identifiers and short numbers not', () => {
    let missed = 0
    for (let i = 0; i < 1_000; i++) {
      expect(holdsHandle(randomUUID())).toBe(true)
      expect(holdsHandle(randomBytes(24).toString('hex'))).toBe(true)
      if (!holdsHandle(randomBytes(32).toString('base64url'))) missed++
    }
    // A few random texts read like words between separators.
    expect(missed).toBeLessThan(20)
    for (const word of [
      'createNewShoppingCart',
      'the-quick-brown-fox',
      '2026-11-24',
      'get_current_weather_v2',
      '1234567890',
      '',
    ])
      expect(holdsHandle(word), word).toBe(false)
  })
})

describe('resultShape', () => {
  it('counts parts, types and host names', () => {
    const shape = resultShape(
      {
        content: [
          { type: 'text', text: 'see https://user:pw@Evil.example:8443/x and http://[::1]/' },
          { type: 'image', data: 'AAAA' },
          { type: 'resource', resource: { uri: 'https://docs.example/a' } },
        ],
      },
      hashes,
      none,
    )
    expect(shape).toMatchObject({
      parts: 3,
      contentTypes: ['text', 'image', 'resource'],
      urlDomains: ['evil.example', '[::1]', 'docs.example'],
    })
  })
  it('hides a secret that stands in a host name', () => {
    const secret = randomBytes(20).toString('hex')
    const shape = resultShape({ content: [{ type: 'text', text: `https://${secret}.evil.example/` }] }, hashes, none)
    expect(shape.urlDomains).toEqual(['*.evil.example'])
  })
})

describe('names', () => {
  it('redacts a name that holds a credential and repairs what no store takes', () => {
    expect(nameOf(`tool-${randomBytes(24).toString('hex')}`)).toBe('[redacted]')
    expect(nameOf('a\u0000b\ud800')).toBe('a\ufffdb\ufffd')
    expect(nameOf('x y'.repeat(400))?.length).toBe(512)
    expect(nameOf(7)).toBeUndefined()
  })
  it('keeps the reason of an error and not the token in it', () => {
    const token = `${randomBytes(20).toString('base64url')}.${randomBytes(40).toString('base64url')}.x`
    const reason = reasonOf(new TypeError(`bad token ${token} at door`), token)
    expect(reason).toBe('TypeError: bad token [redacted] at door')
  })
})

describe('bounds of the work', () => {
  const bodyOf = (part: object) => ({ content: Array.from({ length: 256 }, () => part) })
  const words = 'averylongwordwithoutanydigits '.repeat(2_000)
  it('stops at arrays of nothing, however long, and at more keys than could be written', () => {
    const keys = Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`k${(i * 7_919) % 40_000}`, 0]))
    for (const value of [new Array(1e8), new Array(1e6).fill(null), new Array(1e6).fill(true), keys])
      expect(argumentShape({ value }, hashes)).toMatchObject({ bounded: true, argsHmac: '' })
  })
  it('searches so much text of one result and says that there was more', () => {
    const late = { type: 'text', text: randomUUID() }
    const shape = resultShape(
      { content: [...bodyOf({ type: 'text', text: words }).content.slice(1), late] },
      hashes,
      none,
    )
    expect(shape).toMatchObject({ bounded: true, mintedHandles: [] })
  })
  it('takes no part of a password for a host, nor a text that is no host', () => {
    const text =
      'https://user:p@ssword@h.example/ https://sid=s%3Aq7X.evil.example/ http://a\0b.example http://bücher.example'
    expect(resultShape({ content: [{ type: 'text', text }] }, hashes, none).urlDomains).toEqual([
      'h.example',
      '*.evil.example',
      '*.*.example',
      'bücher.example',
    ])
  })
})

it('a short opaque token is redacted in every form an error repeats it', () => {
  const token = 'tk-Short9!'
  const bytes = Buffer.from(token)
  const forms = [
    token,
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(token),
    [...bytes].map((byte) => `%${byte.toString(16)}`).join(''),
  ]
  const reason = reasonOf(new Error(`no: ${forms.join(' , ')}`), token)
  for (const form of forms) expect(reason).not.toContain(form.replace(/=+$/, ''))
})
