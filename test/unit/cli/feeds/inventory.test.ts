/** Inventories: from files, addresses and registries of MCP servers; told when they changed, whole or not at all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { refreshInventory } from '../../../../cli/jobs/inventory.ts'
import { inventorySource } from '../../../../schemas/job-config.ts'
import type { Listening } from '../../../e2e/proxy-servers.ts'
import { type Asked, jobContext, serving } from './feed-bed.ts'

const folder = mkdtempSync(join(tmpdir(), 'inventory-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let server: Listening | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})
const file = join(folder, 'inventory.yaml')
const fromFile = (text: string, more: object = {}) => {
  writeFileSync(file, text)
  return inventorySource.parse({ name: 'ours', kind: 'file', path: file, ...more })
}
const OFFICIAL = 'io.modelcontextprotocol.registry/official'
const entry = (name: string, status = 'active', version = '1.0.0') => ({
  server: { name, version, description: 'x' },
  _meta: { [OFFICIAL]: { status } },
})

describe('a file', () => {
  it('with a list of names is one fact, and told again only when it changed', async () => {
    const context = jobContext()
    const source = fromFile('- billing\n- hr\n- billing\n', { complete: true, tenant: 'acme' })
    expect(await refreshInventory(source, context)).toBe('1 events')
    expect(context.published[0]).toMatchObject({
      ...{ eventType: 'inventory.snapshot', inventoryKind: 'servers', approved: ['billing', 'hr'], complete: true },
      ...{ tenant: 'acme', serverId: '*', source: 'ingest' },
    })
    expect(await refreshInventory(source, context)).toBe('unchanged')
    await refreshInventory(fromFile('- billing\n', { complete: true, tenant: 'acme' }), context)
    await refreshInventory(
      source && fromFile('- billing\n- hr\n- billing\n', { complete: true, tenant: 'acme' }),
      context,
    )
    expect(new Set(context.published.map(({ eventId }) => eventId)).size).toBe(3)
  })
  it('with facts says of what and of whom each is', async () => {
    const context = jobContext()
    const text =
      'type: inventory.snapshot\ninventoryKind: tools\nserver: billing\ntags: { pay: [destructive] }\n---\ntype: inventory.snapshot\ninventoryKind: destinations\napproved: [api.example]\n'
    await refreshInventory(fromFile(text), context)
    expect(
      context.published.map(({ inventoryKind, serverId, tags, approved }) => [inventoryKind, serverId, tags, approved]),
    ).toEqual([
      ['tools', 'billing', ['pay=destructive'], undefined],
      ['destinations', '*', undefined, ['api.example']],
    ])
  })
  it('of a thousand names is sent in parts', async () => {
    const context = jobContext()
    await refreshInventory(fromFile(JSON.stringify(Array.from({ length: 1_000 }, (_, i) => `s${i}`))), context)
    expect(context.published.map(({ part, snapshotParts }) => [part, snapshotParts])).toEqual(
      [1, 2, 3, 4].map((part) => [part, 4]),
    )
  })
  it.each([
    ['another fact', '{"type":"tool.approved","tool":"x"}', 'something other'],
    ['a wrong field', '{"type":"inventory.snapshot","aproved":["x"]}', 'aproved'],
    ['no YAML', '{"a', 'neither JSON nor YAML'],
    ['names that are too long', JSON.stringify(['x'.repeat(5_000)]), 'approved'],
  ])('with %s changes nothing', async (_, text, reason) => {
    const context = jobContext()
    await expect(refreshInventory(fromFile(text), context)).rejects.toThrow(reason)
    expect(context.published).toEqual([])
  })
  it('that is not there says so', async () => {
    const source = inventorySource.parse({ name: 'ours', kind: 'file', path: join(folder, 'none') })
    await expect(refreshInventory(source, jobContext())).rejects.toThrow('ENOENT')
  })
})

describe('a registry', () => {
  it('is read page by page: each server once, deleted ones left out, deprecated ones tagged', async () => {
    const asked: Asked[] = []
    server = await serving(asked, ({ query }) =>
      query.get('cursor') === null
        ? {
            body: {
              servers: [
                entry('io.example/b', 'deprecated', '0.9.0'),
                entry('io.example/a'),
                entry('io.example/gone', 'deleted'),
              ],
              metadata: { nextCursor: 'c2', count: 3 },
            },
          }
        : {
            body: {
              servers: [
                entry('io.example/b', 'active'),
                entry('io.example/old', 'deprecated'),
                { name: 'io.example/flat', version: '1' },
              ],
              metadata: {},
            },
          },
    )
    const context = jobContext()
    const source = inventorySource.parse({
      name: 'center',
      kind: 'mcp-registry',
      url: `${server.url}/workspaces/default`,
      allowPrivate: true,
      complete: true,
    })
    await refreshInventory(source, context)
    expect(context.published[0]).toMatchObject({
      approved: ['io.example/a', 'io.example/b', 'io.example/flat', 'io.example/old'],
      tags: ['io.example/old=deprecated'],
      complete: true,
    })
    expect(asked.map(({ path, query }) => [path, query.get('cursor')])).toEqual([
      ['/workspaces/default/v0.1/servers', null],
      ['/workspaces/default/v0.1/servers', 'c2'],
    ])
    expect(await refreshInventory(source, context)).toBe('unchanged')
  })
  it.each([
    ['goes round in circles', { servers: [], metadata: { nextCursor: 'x' } }, 'repeats a page'],
    ['is none', { items: [] }, 'is no registry'],
    ['is no JSON', 'hello', 'is not JSON'],
  ])('that %s is given up', async (_, body, reason) => {
    server = await serving([], () => ({ body }))
    const source = inventorySource.parse({ name: 'center', kind: 'mcp-registry', url: server.url, allowPrivate: true })
    await expect(refreshInventory(source, jobContext())).rejects.toThrow(reason)
  })
})
