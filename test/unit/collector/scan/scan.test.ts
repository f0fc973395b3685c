// Scanning texts and values: every string and key is read, within bounds, and nothing hostile makes it throw.
import { describe, expect, it } from 'vitest'
import type { Classifier, Hit, Subject } from '../../../../collector/scan/classifier.ts'
import { CLASSIFIERS } from '../../../../collector/scan/classifiers.ts'
import { BOUNDS, type ScanBase, scannerOf, scanText, scanValue } from '../../../../collector/scan/scan.ts'

/** Finds the word wherever it stands, and remembers who asked. */
function finder(word: string): Classifier & { readonly subjects: Subject[] } {
  const subjects: Subject[] = []
  return {
    name: 'finder',
    version: '7',
    surfaces: new Set(['arguments', 'result']),
    subjects,
    check({ text }, subject) {
      subjects.push(subject)
      const hits: Hit[] = []
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
        hits.push({ class: 'word', score: 1, verdict: 'malicious', start: at, end: at + word.length })
      return hits
    },
  }
}
const ARGUMENTS: ScanBase = { surface: 'arguments', toolName: 'read_file', otherTools: new Set() }
const RESULT: ScanBase = { ...ARGUMENTS, surface: 'result' }
const SUBJECT: Subject = { surface: 'arguments', role: 'unknown', path: 'args.x', toolName: '', otherTools: new Set() }
const pathsOf = (value: unknown, base = ARGUMENTS) =>
  scannerOf([finder('needle')])
    .scanValue(value, base)
    .hits.map(({ path }) => path)

describe('a value', () => {
  it('every string leaf is read under its path, indices kept', () => {
    expect(pathsOf({ a: 'needle', b: [{ c: 'x' }, { c: 'needle' }], d: { e: { f: ['needle'] } } })).toEqual([
      'args.a',
      'args.b[1].c',
      'args.d.e.f[0]',
    ])
    expect(pathsOf({ content: [{ type: 'text', text: 'needle' }] }, RESULT)).toEqual(['content[0].text'])
    expect(pathsOf('needle')).toEqual(['args'])
  })

  it('names of properties are read, and stand in no path unless they are plain names', () => {
    expect(pathsOf({ 'a needle in a name': 1, 'with space': { b: 'needle' } })).toEqual(['args.*', 'args.*.b'])
    const token = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'
    expect(pathsOf({ [token]: 'needle' })).toEqual(['args.*'])
  })

  it('a name is told from a value', () => {
    const classifier = finder('needle')
    scannerOf([classifier]).scanValue({ 'my-needle': 'needle' }, ARGUMENTS)
    expect(classifier.subjects.map(({ isKey }) => isKey)).toEqual([true, undefined])
  })

  it('a name in which nothing was found is read once for its place, its tool and the other tools', () => {
    const classifier = finder('needle')
    const { scanValue: scan } = scannerOf([classifier])
    const asked = (value: unknown, base = ARGUMENTS) => {
      const before = classifier.subjects.length
      const { scannedBytes, unscannedBytes } = scan(value, base)
      return [classifier.subjects.length - before, scannedBytes, unscannedBytes]
    }
    expect(asked({ 'a-name': 1 })).toEqual([1, 6, 0])
    expect(asked({ 'a-name': 1 })).toEqual([0, 6, 0])
    expect(asked({ b: { 'a-name': 1 } })).toEqual([1, 6, 0])
    expect(asked({ 'a-name': 1 }, { ...ARGUMENTS, toolName: 'write_file' })).toEqual([1, 6, 0])
    expect(asked({ 'a-name': 1 }, { ...ARGUMENTS, otherTools: new Set(['a-name']) })).toEqual([1, 6, 0])
    expect(asked({ 'a-name': 1 }, RESULT)).toEqual([1, 6, 0])
  })

  it('so is a short value that stands in no list', () => {
    const classifier = finder('needle')
    const { scanValue: scan } = scannerOf([classifier])
    const asked = (value: unknown, base = ARGUMENTS) => {
      const before = classifier.subjects.length
      const { scannedBytes, unscannedBytes } = scan(value, base)
      return [classifier.subjects.length - before, scannedBytes, unscannedBytes]
    }
    expect(asked({ id: 'a straw ä' })).toEqual([1, 10, 0])
    expect(asked({ id: 'a straw ä' })).toEqual([0, 10, 0])
    expect(asked({ path: 'a straw ä' })).toEqual([1, 10, 0])
    expect(asked({ path: 'a straw ä' }, { ...ARGUMENTS, roles: new Map([['path', 'shell']]) })).toEqual([1, 10, 0])
    expect(asked({ id: 'a straw ä' }, { ...ARGUMENTS, toolName: 'other' })).toEqual([1, 10, 0])
    expect(asked({ id: 'a straw ä' }, RESULT)).toEqual([1, 10, 0])
    for (let time = 0; time < 2; time++) expect(asked({ ids: ['a straw ä'] })).toEqual([1, 10, 0])
    for (let time = 0; time < 2; time++) expect(asked({ id: 'straw '.repeat(50) })).toEqual([1, 300, 0])
    expect(scan({ id: 'a straw ä' }, ARGUMENTS, { ...BOUNDS, textCharacters: 4 })).toMatchObject({ unscannedBytes: 5 })
  })

  it('a text in which something was found is told every time', () => {
    const { scanValue: scan } = scannerOf([finder('needle')])
    for (let time = 0; time < 3; time++) {
      expect(scan({ 'my-needle': 1 }, ARGUMENTS).hits).toHaveLength(1)
      expect(scan({ id: 'a needle' }, ARGUMENTS).hits).toHaveLength(1)
    }
  })

  it('a text that a classifier failed to read is read again', () => {
    let fails = true
    const failing: Classifier = {
      ...finder('needle'),
      check: () => {
        if (fails) throw new Error('no')
        return [{ class: 'word', score: 1, verdict: 'malicious', start: 0, end: 1 }]
      },
    }
    const { scanValue: scan } = scannerOf([failing])
    expect(scan({ id: 'a straw' }, ARGUMENTS)).toMatchObject({ hits: [], unscannedBytes: 7 })
    fails = false
    expect(scan({ id: 'a straw' }, ARGUMENTS).hits).toHaveLength(1)
  })

  it('a short word is shown only to classifiers that can find something in it', () => {
    const all = finder('ls')
    const longer = { ...finder('ls'), least: 3 }
    expect(scannerOf([longer, all]).scanValue({ a: 'ls' }, ARGUMENTS).hits).toHaveLength(1)
    expect(scannerOf([longer]).scanValue({ a: 'ls' }, ARGUMENTS)).toMatchObject({ hits: [], scannedBytes: 2 })
    expect(scannerOf([longer]).scanValue({ a: 'als' }, ARGUMENTS).hits).toHaveLength(1)
  })

  it('long numbers are read as text', () => {
    const { scanValue: scan } = scannerOf([finder('4111')])
    expect(
      scan({ card: 4_111_111_111_111_111, big: 41_110_000_000n, small: 4111 }, ARGUMENTS).hits.map((hit) => hit.path),
    ).toEqual(['args.card', 'args.big'])
  })

  it('roles come from the schema for what it describes, else from the name, and only in arguments', () => {
    const classifier = finder('x')
    const roles = new Map([['files[]', 'path'] as const, ['where', 'sql'] as const])
    const value = { files: ['x'], where: { clause: 'x' }, url: 'x', odd: 'x' }
    scannerOf([classifier]).scanValue(value, { ...ARGUMENTS, roles })
    expect(classifier.subjects.map(({ role }) => role)).toEqual(['path', 'sql', 'url', 'unknown'])
    const other = finder('x')
    scannerOf([other]).scanValue({ url: 'x' }, RESULT)
    expect(other.subjects[0]!.role).toBe('unknown')
  })

  it('an image is not read and counts as unscanned; text that calls itself one is read', () => {
    const png = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * i * 31 + 137) % 256)).toString('base64')
    const lie = Buffer.from(`a needle in text, said to be an image${' '.repeat(400)}`).toString('base64')
    const image = (data: string) => ({ type: 'image', mimeType: 'image/png', data })
    const scanned = scannerOf([finder('needle')]).scanValue({ content: [image(png), image(lie)] }, RESULT)
    expect(scanned.unscannedBytes).toBe(600)
    expect(scanned.hits).toHaveLength(1)
    expect(scanned.hits[0]).toMatchObject({ path: 'content[1].data', decodings: ['base64'], start: 0, end: lie.length })
  })

  it('plain text under the name of a blob is read as it is', () => {
    expect(pathsOf({ blob: `a needle ${'and more '.repeat(100)}` })).toEqual(['args.blob'])
    expect(pathsOf({ blob: 'needle' })).toEqual(['args.blob'])
  })
})

describe('bounds', () => {
  const { scanText: scan, scanValue: scanAll } = scannerOf([finder('needle')])

  it('of a long text head and tail are read, the middle is counted in UTF-8 bytes', () => {
    const bounds = { ...BOUNDS, textCharacters: 100 }
    const text = `needle${'ä'.repeat(200)}needle${'ä'.repeat(200)}needle`
    const scanned = scan(text, SUBJECT, bounds)
    expect(scanned.hits.map(({ start }) => start)).toEqual([0, 412])
    expect(scanned.hits.map(({ span }) => span)).toEqual(['needle', 'needle'])
    expect(scanned.scannedBytes + scanned.unscannedBytes).toBe(Buffer.byteLength(text))
    expect(scanned.unscannedBytes).toBeGreaterThan(600)
  })

  it('a value beyond its bound is read up to it', () => {
    const scanned = scanAll({ a: 'x'.repeat(900), b: 'x'.repeat(900), c: 'needle' }, ARGUMENTS, {
      ...BOUNDS,
      valueCharacters: 1_000,
    })
    expect(scanned).toMatchObject({ scannedBytes: 1_000, unscannedBytes: 806, hits: [] })
  })

  it('more elements or levels than the bound are counted', () => {
    const wide = scanAll(Array(100).fill('ab'), ARGUMENTS, { ...BOUNDS, nodes: 40 })
    expect(wide).toMatchObject({ scannedBytes: 80, unscannedBytes: 60 })
    let deep: unknown = 'needle'
    for (let i = 0; i < 50; i++) deep = { a: deep }
    expect(scanAll(deep, ARGUMENTS)).toMatchObject({ hits: [], unscannedBytes: 1 })
  })
})

describe('hostile values', () => {
  it('nothing throws, neighbours are read', () => {
    const cyclic: Record<string, unknown> = { needle1: 'needle' }
    cyclic['self'] = cyclic
    const value = {
      cyclic,
      get bad() {
        throw new Error('no')
      },
      proxy: new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no')
          },
        },
      ),
      lying: new Proxy([], { get: (_target, key) => (key === 'length' ? 1e9 : Symbol('x')) }),
      huge: new Array(4e9),
      big: 10n ** 400n,
      odd: [undefined, null, Symbol('x'), () => 1, Number.NaN, new Date(0), new Map([['a', 'b']])],
      last: 'needle',
    }
    const scanned = scannerOf([finder('needle')]).scanValue(value, ARGUMENTS, { ...BOUNDS, nodes: 1_000 })
    expect(scanned.hits.map(({ path }) => path)).toContain('args.cyclic.needle1')
    expect(scanned.unscannedBytes).toBeGreaterThan(2)
  })

  it('a classifier that throws leaves the others their work, and the text counts as unscanned', () => {
    const thrower: Classifier = {
      ...finder('x'),
      name: 'thrower',
      check: () => {
        throw new Error('bug')
      },
    }
    expect(scannerOf([thrower, finder('needle')]).scanText('a needle', SUBJECT)).toMatchObject({
      hits: [{ detector: 'finder', detectorVersion: '7', span: 'needle' }],
      scannedBytes: 0,
      unscannedBytes: 8,
    })
  })

  it('what all classifiers say of any object is harmless', () => {
    const odd: unknown[] = [
      undefined,
      null,
      0,
      '',
      '\ud800',
      '\u0000',
      [],
      {},
      [[]],
      new Proxy({}, {}),
      Object.create(null),
    ]
    for (const value of odd) expect(scanValue(value, ARGUMENTS).hits).toEqual([])
    for (const value of odd) expect(scanValue({ path: value, query: [value] }, ARGUMENTS).hits).toEqual([])
  })
})

describe('decoded hits', () => {
  const { scanText: scan } = scannerOf([finder('needle')])
  it('are located in the text as it came, with the decodings that led there', () => {
    const text = 'the %6eeedle here'
    expect(scan(text, SUBJECT).hits).toMatchObject([{ start: 4, end: 12, span: '%6eeedle', decodings: ['percent'] }])
  })
  it('are not told again when the plain reading shows the same', () => {
    expect(scan('the needle 100%25 here', SUBJECT).hits).toHaveLength(1)
  })
  it('a reading without the traits a classifier needs is not shown to it', () => {
    const classifier = { ...finder('needle'), needs: 1 << 8 }
    const scanner = scannerOf([classifier])
    expect(scanner.scanText('needle', SUBJECT).hits).toEqual([])
    expect(scanner.scanText('needle@', SUBJECT).hits).toHaveLength(1)
  })
})

it('every classifier of the list has a name of its own, a version and a surface', () => {
  expect(new Set(CLASSIFIERS.map(({ name }) => name)).size).toBe(CLASSIFIERS.length)
  for (const { name, version, surfaces } of CLASSIFIERS) {
    expect(name).toMatch(/^[a-z0-9-]+$/)
    expect(version).toMatch(/^\d+/)
    expect(surfaces.size).toBeGreaterThan(0)
  }
  expect(scanText('', SUBJECT)).toMatchObject({ hits: [], scannedBytes: 0, unscannedBytes: 0 })
})
