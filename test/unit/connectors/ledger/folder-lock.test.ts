/** The lock of a data folder: one owner at a time, and a dead owner holds nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockFolder } from '../../../../connectors/ledger/folder-lock.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lock-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))
const refusal = { code: 'config_invalid', field: expect.stringContaining('lock-') }

it('is refused while it is held, and free again afterwards', () => {
  const unlock = lockFolder(dir)
  expect(() => lockFolder(dir)).toThrow(expect.objectContaining(refusal))
  unlock()
  lockFolder(dir)()
})

it('held by another process is refused, and free once that process is killed', async () => {
  const module = resolve(import.meta.dirname, '../../../../connectors/ledger/folder-lock.ts')
  const code = `import { lockFolder } from ${JSON.stringify(module)}; globalThis.held = lockFolder(${JSON.stringify(dir)}); console.log('held'); setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(owner.stdout, 'data')
  expect(() => lockFolder(dir)).toThrow(expect.objectContaining(refusal))
  const ended = once(owner, 'exit')
  owner.kill('SIGKILL')
  await ended
  lockFolder(dir)()
})
