/** Rows of a file in pieces: lines and arrays, however they are cut, with what editors and shells put around them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RowText, rowTexts } from '../../../../cli/scan/row-texts.ts'

async function read(pieces: readonly string[], maxCharacters?: number): Promise<RowText[]> {
  const rows: RowText[] = []
  for await (const row of rowTexts(pieces, maxCharacters)) rows.push(row)
  return rows
}
/** The same text in pieces of these lengths, over and over. */
function cut(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = []
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const length = lengths[turn % lengths.length]!
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}

describe('rows of a file', () => {
  it('are its lines, without empty ones, known by the line they stand in', async () => {
    expect(await read(['\ufeff{"a":1}\r\n\r\n', '  \n{"b"', ':2}\n{"c":3}'])).toEqual([
      { text: '{"a":1}\r', line: 1 },
      { text: '{"b":2}', line: 4 },
      { text: '{"c":3}', line: 5 },
    ])
  })
  it('are the elements of an array, known by their number', async () => {
    expect(await read(['\ufeff [\n {"a":"]},\\"["}', ' , [1,2],\n3 ]\n'])).toEqual([
      { text: '{"a":"]},\\"["} ', line: 1 },
      { text: '[1,2]', line: 2 },
      { text: '3 ', line: 3 },
    ])
    expect(await read(['[]'])).toEqual([])
    expect(await read([''])).toEqual([])
  })
  it('may follow an array, or be in several', async () => {
    const rows = await read(['[{"a":1}]\n[{"b":2}]\n{"c":3}\n'])
    expect(rows.map(({ text }) => text)).toEqual(['{"a":1}', '{"b":2}', '{"c":3}'])
  })
  it('that are not whole at the end of the file are given as they are', async () => {
    expect(await read(['{"a":'])).toEqual([{ text: '{"a":', line: 1 }])
    expect(await read(['[{"a":1}, {"b'])).toMatchObject([{ text: '{"a":1}' }, { text: '{"b' }])
  })
  it('that are too long are told without their text, and the next one is read', async () => {
    const long = `{"a":"${'x'.repeat(100)}"}`
    expect(await read(cut(`${long}\n{"b":2}\n`, [7]), 50)).toEqual([
      { text: undefined, line: 1 },
      { text: '{"b":2}', line: 2 },
    ])
    expect(await read(cut(`[${long},{"b":2}]`, [7]), 50)).toEqual([
      { text: undefined, line: 1 },
      { text: '{"b":2}', line: 2 },
    ])
  })
  it('do not depend on how the file is laid out and cut', async () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), { maxLength: 6 })
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(objects, lengths, fc.constantFrom(undefined, 1, '\t'), async (rows, sizes, indent) => {
        const layouts = [
          JSON.stringify(rows, undefined, indent),
          rows.map((row) => JSON.stringify(row)).join('\r\n'),
          `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`,
        ]
        const expected = JSON.parse(JSON.stringify(rows))
        for (const text of layouts) {
          const found = await read(cut(text, sizes))
          expect(found.map((row) => JSON.parse(row.text!))).toEqual(expected)
        }
      }),
      { numRuns: 60 },
    )
  })
})
