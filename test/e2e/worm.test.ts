// Segments as files: written once, begun again where it ended, verified without the store, and every touch of them is found.
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyProof } from '../../cli/proof/verification.ts'
import { wormSource } from '../../cli/proof/worm-source.ts'
import { type SmallStore, smallStore } from '../proof/small-store.ts'
import { run } from '../unit/cli/command-line.ts'

describe('segments written once', { timeout: 60_000 }, () => {
  let small: SmallStore
  let dir: string
  const segments = (of = dir) => {
    const [log] = readdirSync(join(of, 'segments'))
    return { folder: join(of, 'segments', log!), files: readdirSync(join(of, 'segments', log!)).sort() }
  }
  beforeAll(async () => {
    small = await smallStore(600)
    dir = join(mkdtempSync(join(tmpdir(), 'worm-')), 'copy')
    const { code, stderr } = await run(['export', '--data', small.dir, '--worm', dir])
    expect(`${code} ${stderr}`).toBe('0 ')
  }, 60_000)
  afterAll(() => {
    rmSync(join(dir, '..'), { recursive: true, force: true })
    small.close()
  })

  it('are read-only, left as they are by the next export, and verified as they lie', async () => {
    const { folder, files } = segments()
    for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o444)
    const before = files.map((file) => statSync(join(folder, file)).mtimeMs)
    const again = await run(['export', '--data', small.dir, '--worm', dir])
    expect(again.stdout).toContain(
      `0 segments with 0 rows and 0 tombstones written; ${files.length / 2} segments were there`,
    )
    expect(files.map((file) => statSync(join(folder, file)).mtimeMs)).toEqual(before)
    const { code, stdout } = await run(['verify', '--worm', dir])
    expect(stdout).toContain('OK: nothing was changed')
    expect(code).toBe(0)
  })

  const touched = async (touch: (folder: string, of: string) => void) => {
    const copy = mkdtempSync(join(tmpdir(), 'worm-touched-'))
    try {
      cpSync(dir, copy, { recursive: true })
      touch(segments(copy).folder, copy)
      return (await verifyProof(wormSource(copy))).faults
    } finally {
      rmSync(copy, { recursive: true, force: true })
    }
  }
  const rewrite = (path: string, change: (text: string) => string): void => {
    const isZipped = path.endsWith('.gz')
    const text = isZipped ? gunzipSync(readFileSync(path)).toString() : readFileSync(path, 'utf8')
    chmodSync(path, 0o644)
    writeFileSync(path, isZipped ? gzipSync(change(text)) : change(text))
  }

  it.each([
    ['a row that was changed', 'row-changed', (text: string) => text.replace('"tool.call"', '"tool.kall"'), '.rows.gz'],
    ['a row that was removed', 'row-missing', (text: string) => text.slice(text.indexOf('\n') + 1), '.rows.gz'],
    [
      'a row that was added',
      'row-inserted',
      (text: string) => text + text.split('\n')[0]!.replace(/\d+\]$/, '99999]\n'),
      '.rows.gz',
    ],
    ['a changed manifest', 'manifest-changed', (text: string) => text.replace('"count": ', '"count": 1'), '.json'],
    [
      'a changed signed text',
      'manifest-changed',
      (text: string) => text.replace('mcp-auditd manifest 1', 'mcp-auditd manifest 2'),
      '.json',
    ],
  ] as const)('do not hide %s', async (_what, kind, change, ending) => {
    const faults = await touched((folder) => rewrite(join(folder, `${'2'.padStart(12, '0')}${ending}`), change))
    expect(faults.map((fault) => fault.kind)).toContain(kind)
    expect(faults.find((fault) => fault.kind === kind)!.segment).toBe(2)
  })
  it('do not hide a segment or a tombstone that was taken away', async () => {
    const gone = await touched((folder) => rmSync(join(folder, '000000000002.json'), { force: true }))
    expect(gone[0]).toMatchObject({ kind: 'manifest-missing', segment: 2 })
    const forged = await touched((_folder, of) => {
      const [first] = readdirSync(join(of, 'tombstones'))
      rewrite(join(of, 'tombstones', first!), (text) => text.replace('"count":', '"count":1'))
    })
    expect(forged[0]).toMatchObject({ kind: 'tombstone-forged' })
  })
})
