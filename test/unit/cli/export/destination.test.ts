// A file of an export is there whole or not at all; a slow reader slows the export down.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { toFile, toStream } from '../../../../cli/export/destination.ts'

const folder = mkdtempSync(join(tmpdir(), 'destination-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const files = (): readonly string[] => readdirSync(folder).filter((name) => !name.startsWith('kept'))

describe('a file', () => {
  it('has its name only when it is whole, and is its owner’s alone', async () => {
    const path = join(folder, 'a')
    const file = await toFile(path, false)
    await file.write('one\n')
    await file.write('two\n')
    expect(files()).toEqual([expect.stringMatching(/^a\..*\.part$/)])
    await file.finish()
    expect(files()).toEqual(['a'])
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    rmSync(path)
  })
  it('leaves nothing when it is abandoned', async () => {
    const file = await toFile(join(folder, 'b'), false)
    await file.write('half')
    await file.abandon()
    expect(files()).toEqual([])
  })
  it('does not replace what is there, nor what came in the meantime', async () => {
    const path = join(folder, 'kept')
    writeFileSync(path, 'mine')
    await expect(toFile(path, false)).rejects.toThrow('export: --out')
    rmSync(path)
    const file = await toFile(path, false)
    writeFileSync(path, 'mine')
    await expect(file.finish()).rejects.toThrow('could not be named')
    expect(readFileSync(path, 'utf8')).toBe('mine')
    const forced = await toFile(path, true)
    await forced.write('new')
    await forced.finish()
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(files()).toEqual([])
  })
  it('in a folder that is not there is refused by name', async () => {
    await expect(toFile(join(folder, 'none', 'x'), false)).rejects.toThrow('export: --out: cannot be written')
  })
})

describe('a stream', () => {
  it('is waited for when it is full', async () => {
    const stream = new PassThrough({ highWaterMark: 4 })
    const destination = toStream(stream)
    let isWritten = false
    const written = destination.write('12345678').then(() => {
      isWritten = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isWritten).toBe(false)
    stream.resume()
    await written
    expect(isWritten).toBe(true)
  })
})
