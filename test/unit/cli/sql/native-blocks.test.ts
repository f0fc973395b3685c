/** Native blocks for clients that name their protocol: measured against what the engine itself writes, type by type. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChdbConnection } from 'chdb/connection'
import { afterAll, describe, expect, it } from 'vitest'
import { nativeFor } from '../../../../cli/sql/native-blocks.ts'
import { elementType, nativeType } from '../../../../cli/sql/native-type.ts'

const path = mkdtempSync(join(tmpdir(), 'native-'))
const engine = createChdbConnection({ path })
afterAll(async () => {
  await engine.close()
  rmSync(path, { recursive: true, force: true })
})
async function native(sql: string): Promise<Buffer> {
  const { stream } = await engine.exec({ query: `${sql} FORMAT Native` })
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
const INFO = Buffer.from([1, 0, 2, 255, 255, 255, 255, 0])

/** Several rows each, some of them empty. */
const EXPRESSIONS: readonly string[] = [
  ...['toInt8(number)', 'toUInt16(number)', 'toInt32(number)', 'number', 'toInt128(number)', 'toUInt256(number)'],
  ...[
    'toFloat32(number)',
    'toFloat64(number)',
    'number > 1',
    'toDate(number)',
    'toDate32(number)',
    'toDateTime(number)',
  ],
  ...["toDateTime64(number, 9, 'UTC')", 'toDecimal32(number, 2)', 'toDecimal64(number, 2)', 'toDecimal128(number, 2)'],
  ...['toDecimal256(number, 2)', 'generateUUIDv4()', "toIPv4('1.2.3.4')", "toIPv6('::1')", 'toIntervalDay(number)'],
  ...['toString(number * 1000000)', "repeat('x', number * 300)", "toFixedString('ab', 5)", 'NULL', 'tuple()'],
  ...["CAST('a(' AS Enum8('a(' = 1, 'b, ''c' = 2))", 'toNullable(number)', "if(number = 1, NULL, 'x')"],
  ...['range(number)', '[range(number), []]', "map('k', number)", 'map(toString(number), [number])', '[NULL, 1]'],
  ...["tuple(1, 'x')", "CAST((1, 'x') AS Tuple(id UInt8, `a name` String))", '[(number, toString(number))]'],
  ...['toLowCardinality(toString(number))', 'toLowCardinality(if(number = 2, NULL, toString(number)))'],
  ...[
    'arrayMap(x -> toLowCardinality(toString(x)), range(number))',
    "map(toLowCardinality('k'), toLowCardinality('v'))",
  ],
  ...[
    "(toLowCardinality('a'), [toLowCardinality('b')], 1)",
    'CAST([] AS Array(LowCardinality(String)))',
    '(1.5, 2.5)::Point',
  ],
  ...['CAST(number AS SimpleAggregateFunction(max, UInt64))', "CAST([(1, 'a')] AS Nested(a UInt8, b String))"],
]

describe('nativeFor', () => {
  it.each(EXPRESSIONS)('finds the end of each column of %s', async (expression) => {
    const bytes = await native(`SELECT ${expression} AS before, 'end' AS after FROM numbers(5)`)
    const old = Buffer.concat(nativeFor(54_405, bytes))
    expect(old).toEqual(Buffer.concat([INFO, bytes]))
    const pieces = nativeFor(54_460, bytes)
    // Header of the block, column and row counts, then three pieces a column.
    expect(pieces).toHaveLength(2 + 2 * 3)
    expect(pieces.at(-1)).toEqual(Buffer.from('\x03end'.repeat(5)))
    expect(pieces[3]).toEqual(Buffer.from([0]))
  })
  it('puts a header before each of several blocks', async () => {
    await engine.exec({ query: 'SET max_block_size = 10' })
    const bytes = await native('SELECT number FROM numbers(25)')
    expect(nativeFor(54_460, bytes).filter((piece) => piece.equals(INFO)).length).toBeGreaterThan(1)
    expect(nativeFor(54_460, Buffer.alloc(0))).toEqual([])
  })
  it('says which type it cannot measure, and never reads behind the answer', async () => {
    const bytes = await native('SELECT CAST(\'{"a":1}\' AS JSON) AS j')
    expect(() => nativeFor(54_460, bytes)).toThrow('JSON')
    const cut = (await native('SELECT toString(number), number FROM numbers(9)')).subarray(0, -3)
    expect(() => nativeFor(54_460, cut)).toThrow(RangeError)
  })
})
describe('names of types', () => {
  it('keeps quotes and brackets within one argument', () => {
    expect(nativeType("Enum8('a, (' = 1, 'b\\'' = 2)")).toEqual({
      name: 'Enum8',
      arguments: ["'a, (' = 1", "'b\\'' = 2"],
    })
    expect(nativeType('Map(String, Array(Tuple(a UInt8, b String)))').arguments).toEqual([
      'String',
      'Array(Tuple(a UInt8, b String))',
    ])
    expect(['a UInt8', '`a b` String', "DateTime64(9, 'UTC')", 'x Array(Int8)'].map(elementType)).toEqual([
      ...['UInt8', 'String', "DateTime64(9, 'UTC')", 'Array(Int8)'],
    ])
  })
})
