/** The inventory file: read whole, or refused with the field that is wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadInventory } from '../../../cli/inventory.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-'))
})
afterAll(() => rm(folder, { recursive: true }))
async function load(text: string) {
  const path = join(folder, 'inventory.yaml')
  await writeFile(path, text)
  return loadInventory(path)
}

it('knows owner, environment and tool risks of servers, and its hash changes with them', async () => {
  const one = await load('servers: { hr: { owner: people-team, environment: prod, tools: { fire: destructive } } }')
  expect(one.servers['hr']).toEqual({ owner: 'people-team', environment: 'prod', tools: { fire: 'destructive' } })
  const two = await load('servers: { hr: { owner: people-team, environment: prod, tools: { fire: write } } }')
  expect(one.hash).toMatch(/^[0-9a-f]{32}$/)
  expect(two.hash).not.toBe(one.hash)
})
it('knows nothing without a file', () => {
  expect(loadInventory('')).toEqual({ servers: {}, hash: '' })
})
it('may be empty', async () => {
  expect((await load('')).servers).toEqual({})
})
it('is refused with the field that is wrong', async () => {
  await expect(load('servers: { hr: { tools: { fire: dangerous } } }')).rejects.toMatchObject({
    code: 'config_invalid',
    field: 'servers.hr.tools.fire',
  })
  await expect(load('server: {}')).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('"server"'),
  })
})
it('is refused with its name when it is missing, no YAML or no mapping', async () => {
  expect(() => loadInventory('/no/such/inventory')).toThrow('inventory: /no/such/inventory: cannot be read')
  await expect(load('a: [1')).rejects.toThrow('inventory.yaml: cannot be read')
  await expect(load('[1]')).rejects.toThrow('inventory.yaml: ')
})
