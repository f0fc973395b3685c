/** Secrets by name: from a variable, a file or a program; errors name place and reference, never the value. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  resolveSecret,
  resolveSecretSync,
  type SecretOptions,
  type SecretReference,
  watchSecret,
} from '../../../../collector/instrument/keys/secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))
const place = { component: 'store', field: 'password' }
const write = (name: string, text: string | Buffer, mode = 0o600): string => {
  const path = join(folder, name)
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}
const script = (name: string, text: string): string => write(name, `#!/bin/sh\n${text}\n`, 0o700)

/** Both ways in, which must agree. */
const ways: readonly (readonly [string, (reference: SecretReference, options?: SecretOptions) => Promise<string>])[] = [
  ['resolveSecret', (reference, options) => resolveSecret(reference, place, options)],
  ['resolveSecretSync', async (reference, options) => resolveSecretSync(reference, place, options)],
]

describe.each(ways)('%s', (_name, resolve) => {
  it('reads a variable', async () => {
    expect(await resolve('env:KEY', { env: { KEY: 'value:with=signs\n' } })).toBe('value:with=signs')
  })
  it('reads a file without the line break at its end', async () => {
    expect(await resolve(`file:${write('key', 'from a file \r\n')}`)).toBe('from a file ')
  })
  it('reads what a program prints, its arguments as they are and without a shell', async () => {
    expect(await resolve(`cmd:${script('print', 'printf "%s|%s\\n" "$1" "$2"')} $HOME ;ls`)).toBe('$HOME|;ls')
    expect(await resolve({ command: [join(folder, 'print'), 'two words', '*'] })).toBe('two words|*')
  })
  it('takes a literal only where it may stand', async () => {
    expect(await resolve('plain', { literal: true })).toBe('plain')
    await expect(resolve('plain')).rejects.toThrow('store: password: a secret: must be env:NAME')
  })
  it.each([
    ['env:ABSENT', 'env:ABSENT: the environment variable is not set'],
    ['env:EMPTY', 'env:EMPTY: the environment variable is empty'],
    ['file:/nonexistent/key', 'file:/nonexistent/key: the file cannot be read (ENOENT)'],
    ['file:/', 'file:/: is not a regular file'],
    ['cmd:/nonexistent/program secret-canary', 'cmd:/nonexistent/program: it cannot be run (ENOENT)'],
    ['vault:canary', 'a secret: must be env:NAME, file:PATH or cmd:PROGRAM'],
    ['whsec_canary', 'a secret: must be env:NAME, file:PATH or cmd:PROGRAM'],
    ['env:not a canary', 'a secret: must be env:NAME, file:PATH or cmd:PROGRAM'],
    ['env:', 'a secret: must be env:NAME, file:PATH or cmd:PROGRAM'],
    ['cmd: ', 'a secret: must be env:NAME, file:PATH or cmd:PROGRAM'],
  ])('%s is a configuration error that names no value', async (reference, message) => {
    await expect(resolve(reference, { env: { EMPTY: '' } })).rejects.toMatchObject({
      code: 'config_invalid',
      message: `store: password: ${message}`,
    })
  })
  it.each([{ command: [] }, { command: [''] }, { command: ['a', 1] }, {}, null])('refuses %j', async (reference) => {
    await expect(resolve(reference as never)).rejects.toThrow('must be env:NAME')
  })
  it('refuses an empty file, one that is no secret, and a pipe, without waiting for it', async () => {
    await expect(resolve(`file:${write('empty', '\n')}`)).rejects.toThrow('the file is empty')
    await expect(resolve(`file:${write('large', Buffer.alloc(70_000, 120))}`)).rejects.toThrow(
      'larger than 65536 bytes',
    )
    const pipe = join(folder, `pipe-${_name}`)
    execFileSync('mkfifo', [pipe])
    await expect(resolve(`file:${pipe}`)).rejects.toThrow('is not a regular file')
  })
  it('tells how a program failed, and nothing that it said', async () => {
    const failing = script('fail', 'echo canary-out; echo canary-err >&2; exit 3')
    const error = (await resolve(`cmd:${failing} canary-argument`).catch((reason: unknown) => reason)) as Error
    expect(error.message).toBe(`store: password: cmd:${failing}: it ended with code 3`)
    expect(JSON.stringify([error, error.stack, error.cause])).not.toContain('canary-')
    const loud = script('loud', 'head -c 100000 /dev/zero')
    await expect(resolve(`cmd:${loud}`)).rejects.toThrow('it printed more than 65536 bytes')
    await expect(resolve(`cmd:${script('silent', 'true')}`)).rejects.toThrow('the output is empty')
  })
})

describe('a file that everybody can read', () => {
  it('is used, and warned of once', async () => {
    const warnings: string[] = []
    const warn = (message: string): unknown => warnings.push(message)
    const path = write('open', 'value', 0o644)
    for (let i = 0; i < 3; i++) expect(await resolveSecret(`file:${path}`, place, { warn })).toBe('value')
    await resolveSecret(`file:${write('closed', 'value', 0o640)}`, place, { warn })
    expect(warnings).toEqual([expect.stringContaining(path)])
    expect(warnings[0]).not.toContain('value')
  })
})

describe('watchSecret', () => {
  it('tells each new value; one that is refused or cannot be read leaves the old one', async () => {
    const path = write('watched', 'one')
    const values: string[] = []
    const faults: string[] = []
    const stop = watchSecret(`file:${path}`, place, 'one', {
      everyMs: 2,
      changed(value) {
        if (value === 'bad') throw new Error('refused')
        values.push(value)
      },
      failed: (error) => faults.push((error as Error).message),
    })
    write('watched', 'two')
    await expect.poll(() => values, { timeout: 10_000 }).toEqual(['two'])
    write('watched', 'bad')
    await expect.poll(() => faults, { timeout: 10_000 }).toEqual(['refused'])
    rmSync(path)
    await expect.poll(() => faults.length, { timeout: 10_000 }).toBe(2)
    write('watched', 'three')
    await expect.poll(() => values, { timeout: 10_000 }).toEqual(['two', 'three'])
    stop()
  })
  it('has nothing to watch in a variable', () => {
    expect(watchSecret('env:X', place, 'x', { changed: () => undefined })()).toBeUndefined()
  })
})
