/** Programs and files that a server touches while it serves a call are told by class, never by name of the file or command line. */
import childProcess, { execFileSync, execSync, spawn, spawnSync } from 'node:child_process'
import fs, { createWriteStream, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { appendFile, open, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { shutdownAudit } from '../../../../../collector/instrument/index.ts'
import { type Fields, stage } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'side-effects-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => shutdownAudit())

async function told(act: (text: string) => unknown, text = 'hello'): Promise<Fields[]> {
  const { call, of } = await stage({ sideEffects: true }, undefined, act)
  await call(text)
  const effects = of('side_effect')
  for (const each of effects) expect(each['requestUid']).toBe(of('tool.call')[0]!['requestUid'])
  expect(JSON.stringify(effects)).not.toContain(folder)
  return effects
}
const ended = (child: childProcess.ChildProcess) => new Promise((resolve) => child.on('close', resolve))

describe('programs', () => {
  it.each([
    ['spawn', () => ended(spawn('true', [])), { effectClass: 'program', programName: 'true', shell: false }],
    [
      'spawn in a shell',
      () => ended(spawn('true', { shell: true })),
      { effectClass: 'shell', programName: 'sh', shell: true },
    ],
    ['exec', () => promisify(childProcess.exec)('true'), { effectClass: 'shell', shell: true }],
    ['execFile', () => promisify(childProcess.execFile)('true', []), { effectClass: 'program', shell: false }],
    ['spawnSync', () => spawnSync('true'), { effectClass: 'program', programName: 'true' }],
    ['spawnSync in a shell', () => spawnSync('true', { shell: true }), { effectClass: 'shell', shell: true }],
    ['execSync', () => execSync('true'), { effectClass: 'shell', shell: true }],
    ['execFileSync', () => execFileSync('true', []), { effectClass: 'program' }],
    [
      'an interpreter',
      () => spawnSync(process.execPath, ['-e', '0']),
      { effectClass: 'interpreter', programName: 'node' },
    ],
  ] as const)('%s is one event', async (_, act, expected) => {
    const effects = await told(act)
    expect(effects).toHaveLength(1)
    expect(effects[0]).toMatchObject({ effectKind: 'exec', hits: 1, argumentMatch: false, ...expected })
  })
  it('a command that repeats an argument of the call says so', async () => {
    const [effect] = await told((text) => execSync(`echo ${text}`), 'hello; id')
    expect(effect).toMatchObject({ argumentMatch: true, shell: true })
    expect(JSON.stringify(effect)).not.toContain('hello')
  })
  it('the same command many times is one event with its count', async () => {
    const effects = await told(() => {
      for (let i = 0; i < 3; i++) spawnSync('true')
      spawnSync('false')
    })
    expect(effects.map((each) => each['hits'])).toEqual([3, 1])
  })
  it('results, errors and promises stay as they are', async () => {
    await told(async () => {
      expect(execFileSync('echo', ['x']).toString()).toBe('x\n')
      expect(spawnSync('no-such-program-here').error).toMatchObject({ code: 'ENOENT' })
      expect(() => execSync('exit 3', { stdio: 'ignore' })).toThrow(/exit 3/)
      expect((await promisify(childProcess.exec)('echo y')).stdout).toBe('y\n')
    })
  })
})

describe('files', () => {
  const path = (name: string) => join(folder, name)
  it.each([
    ['writeFileSync', () => writeFileSync(path('a'), 'x')],
    ['promises.writeFile', () => writeFile(path('b'), 'x')],
    ['promises.appendFile', () => appendFile(path('c'), 'x')],
    ['fs.writeFile with a callback', () => new Promise((resolve) => fs.writeFile(path('d'), 'x', resolve))],
    ['a stream', () => new Promise((resolve) => createWriteStream(path('e')).end('x', () => resolve(0)))],
    ['a file handle', async () => (await open(path('f'), 'w')).close()],
  ])('%s is one write', async (_, act) => {
    const effects = await told(act)
    expect(effects).toHaveLength(1)
    expect(effects[0]).toMatchObject({ effectKind: 'file_write', effectClass: 'temp', hits: 1 })
  })
  it('reading is none', async () => {
    writeFileSync(path('r'), 'x')
    expect(
      await told(async () => {
        fs.readFileSync(path('r'))
        await (await open(path('r'))).close()
        fs.closeSync(fs.openSync(path('r'), 'r'))
      }),
    ).toEqual([])
  })
  it('deleting is another kind', async () => {
    writeFileSync(path('gone'), 'x')
    const [effect] = await told(() => unlinkSync(path('gone')))
    expect(effect).toMatchObject({ effectKind: 'file_delete', effectClass: 'temp' })
  })
  it.each([
    ['.ssh/id_ed25519', 'secret'],
    ['.env.local', 'secret'],
    ['.bashrc', 'autostart'],
    ['notes.txt', 'temp'],
  ])('%s is of class %s', async (name, expected) => {
    fs.mkdirSync(path('.ssh'), { recursive: true })
    expect((await told(() => writeFileSync(path(name), 'x')))[0]).toMatchObject({ effectClass: expected })
  })
  it('a path that an argument of the call named says so', async () => {
    const [effect] = await told((text) => writeFileSync(path(text), 'x'), 'chosen.txt')
    expect(effect).toMatchObject({ argumentMatch: true })
  })
  it('more files than anyone reads count on the last one told', async () => {
    const effects = await told(() => {
      for (let i = 0; i < 70; i++) writeFileSync(path(`many-${i}`), 'x')
    })
    expect(effects).toHaveLength(64)
    expect(effects.at(-1)!['hits']).toBe(7)
  })
})

describe('options', () => {
  it('each kind can be asked for alone, and nothing is told where nothing was asked for', async () => {
    const both = () => {
      writeFileSync(join(folder, 'o'), 'x')
      spawnSync('true')
    }
    for (const [sideEffects, kinds] of [
      [{ files: false }, ['exec']],
      [{ programs: false }, ['file_write']],
      [false, []],
    ] as const) {
      const { call, of } = await stage({ sideEffects }, undefined, both)
      await call('x')
      expect(of('side_effect').map((each) => each['effectKind'])).toEqual(kinds)
    }
  })
})
