/** Secrets by name. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveSecret } from '../../../cli/secrets.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'))
  await writeFile(join(folder, 'key'), 'from a file \n')
  await writeFile(join(folder, 'empty'), '\n')
  await writeFile(join(folder, 'large'), Buffer.alloc(70_000, 120))
})
afterAll(() => rm(folder, { recursive: true }))

describe('resolveSecret', () => {
  it('reads an environment variable', async () => {
    expect(await resolveSecret('env:KEY', { KEY: 'value:with=signs' })).toBe('value:with=signs')
  })
  it('reads a file without the line break at its end', async () => {
    expect(await resolveSecret(`file:${join(folder, 'key')}`)).toBe('from a file ')
  })
  it.each([
    ['env:ABSENT', 'secrets: env:ABSENT: the environment variable is not set'],
    ['env:EMPTY', 'secrets: env:EMPTY: the environment variable is empty'],
    ['file:/nonexistent/key', 'secrets: file:/nonexistent/key: the file cannot be read (ENOENT)'],
    ['vault:x', 'secrets: a secret: must be env:NAME or file:PATH'],
    ['whsec_canary', 'secrets: a secret: must be env:NAME or file:PATH'],
    ['env:', 'secrets: a secret: must be env:NAME or file:PATH'],
  ])('%s is a configuration error', async (reference, message) => {
    await expect(resolveSecret(reference, { EMPTY: '' })).rejects.toMatchObject({ code: 'config_invalid', message })
  })
  it('refuses an empty file and one that is no secret', async () => {
    await expect(resolveSecret(`file:${join(folder, 'empty')}`)).rejects.toThrow('the file is empty')
    await expect(resolveSecret(`file:${join(folder, 'large')}`)).rejects.toThrow('the file is larger than 65536 bytes')
  })
})
