/** Threat intelligence: what is new or changed is told once, as keyed hashes where it names a person's address, page by page from TAXII. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { refreshFeed } from '../../../../cli/jobs/threat-intel.ts'
import { threatFeed } from '../../../../schemas/job-config.ts'
import type { Listening } from '../../../e2e/proxy-servers.ts'
import { type Asked, jobContext, serving } from './feed-bed.ts'

const folder = mkdtempSync(join(tmpdir(), 'stix-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let server: Listening | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})
const keyed = (purpose: string, text: string): string => `${purpose}:${Buffer.from(text).toString('hex')}`
let ids = 0
const indicator = (pattern: string, more: object = {}) => ({
  ...{ type: 'indicator', spec_version: '2.1', id: `indicator--${++ids}`, pattern_type: 'stix', pattern },
  ...{ created: '2026-11-01T00:00:00Z', modified: '2026-11-01T00:00:00Z', valid_from: '2026-11-01T00:00:00Z', ...more },
})
const file = join(folder, 'bundle.json')
const write = (objects: readonly unknown[]): void =>
  writeFileSync(file, JSON.stringify({ type: 'bundle', id: 'bundle--1', objects }))
const feed = (more: object = {}) => threatFeed.parse({ name: 'ours', kind: 'stix-file', path: file, ...more })
const SHA = 'ab'.repeat(32)

describe('a STIX bundle', () => {
  it('becomes indicators of four kinds, addresses and URLs as keyed hashes, for every server', async () => {
    write([
      { type: 'identity', id: 'identity--1', name: 'x' },
      indicator("[domain-name:value = 'evil.example']", { confidence: 85, valid_until: '2027-01-01T00:00:00Z' }),
      indicator("[ipv4-addr:value = '198.51.100.7']"),
      indicator("[url:value = 'https://evil.example/x']"),
      indicator(`[file:hashes.'SHA-256' = '${SHA}']`),
      indicator("[domain-name:value LIKE '%.example']"),
      { type: 'indicator', id: 'indicator--broken', pattern: 7 },
    ])
    const context = jobContext()
    expect(await refreshFeed(feed(), context, keyed)).toBe('4 changed of 4 indicators, 2 left out')
    expect(
      context.published.map(({ indicatorKind, indicator, confidence, expiresAt }) => [
        indicatorKind,
        indicator,
        confidence,
        expiresAt,
      ]),
    ).toEqual([
      ['domain', 'evil.example', 85, Date.UTC(2027, 0, 1) / 1_000],
      ['ip', keyed('addresses', '198.51.100.7'), 50, 0],
      ['url', keyed('addresses', 'https://evil.example/x'), 50, 0],
      ['hash', SHA, 50, 0],
    ])
    expect(context.published[0]).toMatchObject({
      eventType: 'ti.indicator',
      serverId: '*',
      tenant: 'default',
      feed: 'ours',
      source: 'ingest',
    })
    expect(JSON.stringify(context.published)).not.toContain('198.51.100.7')
  })
  it('is told once, a change is told again, and what is revoked is withdrawn', async () => {
    const context = jobContext()
    const one = indicator("[domain-name:value = 'a.example']", { confidence: 70 })
    const other = indicator("[domain-name:value = 'b.example']")
    write([one, other])
    await refreshFeed(feed(), context, keyed)
    expect(await refreshFeed(feed(), context, keyed)).toContain('0 changed of 2')
    write([
      { ...one, modified: '2026-11-10T00:00:00Z', confidence: 90 },
      one,
      { ...other, modified: '2026-11-11T00:00:00Z', revoked: true },
    ])
    expect(await refreshFeed(feed(), context, keyed)).toContain('2 changed of 2')
    const [, , raised, withdrawn] = context.published
    expect(raised).toMatchObject({ indicator: 'a.example', confidence: 90, expiresAt: 0 })
    expect(withdrawn).toMatchObject({ indicator: 'b.example', expiresAt: Date.UTC(2026, 10, 11) / 1_000 })
    expect(new Set(context.published.map(({ eventId }) => eventId)).size).toBe(4)
  })
  it('makes the same events when a run dies before it remembered', async () => {
    write([indicator("[domain-name:value = 'a.example']")])
    const [first, second] = [jobContext(), jobContext()]
    await refreshFeed(feed(), first, keyed)
    second.nowMs += 5_000
    await refreshFeed(feed(), second, keyed)
    expect(second.published[0]!.eventId).toBe(first.published[0]!.eventId)
  })
  it('leaves out what is over, not yet in force, or too unsure, and addresses without a key', async () => {
    write([
      indicator("[domain-name:value = 'over.example']", { valid_until: '2026-11-02T00:00:00Z' }),
      indicator("[domain-name:value = 'later.example']", { valid_from: '2027-11-02T00:00:00Z' }),
      indicator("[domain-name:value = 'unsure.example']", { confidence: 20 }),
      indicator("[domain-name:value = 'sure.example']", { confidence: 80 }),
      indicator("[ipv4-addr:value = '198.51.100.7']", { confidence: 80 }),
    ])
    const context = jobContext()
    expect(await refreshFeed(feed({ minimumConfidence: 40 }), context, undefined)).toBe(
      '1 changed of 3 indicators, 2 left out, 1 need MCP_AUDIT_KEY',
    )
    expect(context.published.map(({ indicator }) => indicator)).toEqual(['sure.example'])
  })
  it.each(['{}', '[]', 'nothing', '{"type":"bundle","objects":7}'])('that is %s is refused', async (text) => {
    writeFileSync(file, text)
    await expect(refreshFeed(feed(), jobContext(), keyed)).rejects.toMatchObject({ code: 'target_failed' })
  })
  it('of ten thousand indicators is remembered whole', async () => {
    write(Array.from({ length: 10_000 }, (_, i) => indicator(`[domain-name:value = 'h${i}.example']`)))
    const context = jobContext()
    await refreshFeed(feed(), context, keyed)
    expect(context.published).toHaveLength(10_000)
    expect(await refreshFeed(feed(), context, keyed)).toContain('0 changed of 10000')
  })
})

describe('a TAXII collection', () => {
  it('is read page by page with its headers, and from where it ended the next time', async () => {
    const asked: Asked[] = []
    process.env['TAXII_TEST_TOKEN'] = 'a-token-for-the-feed'
    server = await serving(asked, ({ query }) => {
      const headers = {
        'content-type': 'application/taxii+json;version=2.1',
        'x-taxii-date-added-last': '2026-11-20T10:00:00.000Z',
      }
      if (query.get('added_after') !== null) return { headers, body: {} }
      if (query.get('next') === 'p2')
        return { headers, body: { more: false, objects: [indicator("[domain-name:value = 'two.example']")] } }
      return { headers, body: { more: true, next: 'p2', objects: [indicator("[domain-name:value = 'one.example']")] } }
    })
    const collection = feed({
      kind: 'taxii',
      url: `${server.url}/api/collections/c1/`,
      allowPrivate: true,
      headers: { authorization: 'env:TAXII_TEST_TOKEN' },
    })
    const context = jobContext()
    expect(await refreshFeed(collection, context, keyed)).toBe('2 changed of 2 indicators')
    expect(await refreshFeed(collection, context, keyed)).toBe('0 changed of 0 indicators')
    expect(asked.map(({ path, query }) => [path, query.get('next'), query.get('added_after')])).toEqual([
      ['/api/collections/c1/objects/', null, null],
      ['/api/collections/c1/objects/', 'p2', null],
      ['/api/collections/c1/objects/', null, '2026-11-20T10:00:00.000Z'],
    ])
    expect(asked[0]!.headers).toMatchObject({
      accept: 'application/taxii+json;version=2.1',
      authorization: 'a-token-for-the-feed',
    })
    expect(asked[0]!.query.get('match[type]')).toBe('indicator')
    delete process.env['TAXII_TEST_TOKEN']
  })
  it.each([
    ['repeats a page', { more: true, next: 'same', objects: [] }, 'repeats a page'],
    ['never says where more is', { more: true, objects: [] }, 'not where'],
    ['is no envelope', { objects: 7 }, 'no TAXII envelope'],
  ])('that %s is given up', async (_, body, reason) => {
    server = await serving([], () => ({ body }))
    const collection = feed({ kind: 'taxii', url: `${server.url}/c`, allowPrivate: true })
    await expect(refreshFeed(collection, jobContext(), keyed)).rejects.toThrow(reason)
  })
  it('on a private address, or that answers an error, says so without its URL', async () => {
    server = await serving([], () => ({ status: 401, body: 'who are you' }))
    const collection = feed({ kind: 'taxii', url: `${server.url}/secret-path`, allowPrivate: true })
    const error = await refreshFeed(collection, jobContext(), keyed).catch((caught: Error) => caught)
    expect(String(error)).toContain('answered 401')
    expect(String(error)).not.toContain('secret-path')
    await expect(refreshFeed({ ...collection, allowPrivate: false }, jobContext(), keyed)).rejects.toMatchObject({
      code: 'address_denied',
    })
  })
})
