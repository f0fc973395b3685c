/** `keys` makes files that producers take, rotates them, and prints no key. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import configure from '../../../../cli/commands/keys.ts'
import { readKeyList } from '../../../../collector/instrument/keys/key-list.ts'
import { KeyRing } from '../../../../collector/instrument/keys/key-ring.ts'

const folder = mkdtempSync(join(tmpdir(), 'keys-command-'))
afterAll(() => rmSync(folder, { recursive: true }))
let printed = ''
beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})
async function keys(...args: string[]): Promise<void> {
  const command = new Command('keys').exitOverride()
  configure(command)
  await command.parseAsync(['node', 'keys', ...args])
}
const at = (time: string): unknown => vi.useFakeTimers({ now: new Date(time), toFake: ['Date'] })

it('makes a file for its owner alone, which a ring takes as it is', async () => {
  const file = join(folder, 'new.json')
  await keys('new', file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const ring = new KeyRing({ from: `file:${file}` })
  expect(printed).toBe(`${ring.version}  in force\n`)
  ring.close()
  const [{ key }] = JSON.parse(readFileSync(file, 'utf8')).keys as [{ key: string }]
  expect(Buffer.from(key, 'base64')).toHaveLength(32)
  expect(printed).not.toContain(key)
  await expect(keys('new', file)).rejects.toThrow('exists already')
})
it('adds a key that comes into force later, keeps the overlap, and drops keys that nobody needs any more', async () => {
  const file = join(folder, 'rotated.json')
  at('2026-01-01T00:00:00Z')
  await keys('new', file)
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), overlap: { principals: '10d' } }))
  at('2026-02-01T00:00:00Z')
  await keys('rotate', file, '--in', '2h')
  expect(printed).toMatch(/^20260101T000000Z {2}in force\n20260201T000000Z {2}from 2026-02-01T02:00:00\.000Z\n$/m)
  at('2026-02-05T00:00:00Z')
  await keys('rotate', file, '--in', '0m')
  const list = readKeyList(`file:${file}`)
  expect(list.keys.map(({ version }) => version)).toEqual(['20260101T000000Z', '20260201T000000Z', '20260205T000000Z'])
  expect(list.overlap.principals).toBe(10 * 86_400_000)
  expect(list.overlap.tokens).toBe(86_400_000)
  at('2026-03-01T00:00:00Z')
  await keys('rotate', file)
  expect(readKeyList(`file:${file}`).keys.map(({ version }) => version)).toEqual([
    '20260205T000000Z',
    '20260301T000000Z',
  ])
})
it.each([
  [['old', 'x'], 'must be one of new, rotate, show'],
  [['rotate', join(folder, 'nothing.json')], 'the file cannot be read (ENOENT)'],
  [['new', join(folder, 'no', 'folder.json')], 'cannot be written (ENOENT)'],
  [['rotate', 'x', '--in', 'soon'], 'must be a duration'],
])('%j is refused: %s', async (args, message) => {
  await expect(keys(...args)).rejects.toThrow(message)
})
