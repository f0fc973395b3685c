/** Facts of schemas and words of definitions, whatever a server sends. */
import { describe, expect, it } from 'vitest'
import { foldedWords, mentionsIn, nameSkeleton } from '../../../../collector/instrument/registry/definition-words.ts'
import { inputShapeOf, measureSchema } from '../../../../collector/instrument/registry/schema-facts.ts'

const sizeOf = (schema: unknown) => {
  const size = { schemaDepth: 0, subschemas: 0, externalRefs: [] as string[] }
  const words: string[] = []
  measureSchema(schema, size, (text) => words.push(text))
  return { ...size, words }
}
const nested = (depth: number): object => (depth === 1 ? {} : { items: nested(depth - 1) })

describe('the size of a schema', () => {
  it('counts levels, inner schemas and what points out of it, and hears every word', () => {
    const schema = {
      description: 'outer',
      properties: { b: { $ref: '#/$defs/x' }, a: { title: 'inner', $ref: 'http://user@10.0.0.1/x.json' } },
      $defs: { x: { anyOf: [{ $ref: 'file:///etc/x' }, { $ref: 'other.json' }, { $dynamicRef: '#node' }] } },
    }
    expect(sizeOf(schema)).toEqual({
      schemaDepth: 3,
      subschemas: 7,
      externalRefs: expect.arrayContaining(['http://10.0.0.1', 'file:', 'relative']),
      words: ['outer', 'inner'],
    })
  })
  it('stops at its bounds', () => {
    expect(sizeOf(nested(20))).toMatchObject({ schemaDepth: 20, subschemas: 20 })
    expect(sizeOf(nested(500)).schemaDepth).toBe(65)
    const wide = { properties: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`p${i}`, {}])) }
    expect(sizeOf(wide).subschemas).toBe(4_097)
  })
  it.each([null, 'x', 7, [], undefined, { properties: 3, anyOf: {}, $ref: 9 }])('reads %j without harm', (schema) => {
    expect(sizeOf(schema).externalRefs).toEqual([])
    expect(() => inputShapeOf(schema, 't')).not.toThrow()
  })
})

describe('the shape of an input', () => {
  it('tells types, bounds and reach of each property, in lists and alternatives too', () => {
    const schema = {
      additionalProperties: false,
      properties: {
        mode: { enum: ['a', 'b'] },
        code: { const: 3 },
        name: { type: 'string', maxLength: 9, pattern: 'x' },
        url: { anyOf: [{ type: 'string', format: 'uri' }, { type: 'null' }] },
        files: { type: 'array', items: { properties: { path: { type: 'string' } }, required: ['path'] } },
        all: { allOf: [{ type: 'integer' }, { maximum: 4 }] },
        any: {},
      },
      required: ['name'],
    }
    expect(inputShapeOf(schema, 'do')).toEqual([
      '!files[].path string role=path',
      '!name string pattern max=9',
      '* object closed',
      'all integer max=4',
      'any any',
      'code number enum=1',
      'files array',
      'mode string enum=2',
      'url null|string format role=url',
    ])
  })
  it('is bounded, also where a schema refers to itself', () => {
    const loop = {
      properties: { a: { $ref: '#/$defs/n' } },
      $defs: { n: { properties: { a: { $ref: '#/$defs/n' } } } },
    }
    expect(inputShapeOf(loop, 't').length).toBeLessThan(10)
    const again = { items: { $ref: '#/$defs/n' } }
    const knot = { properties: { a: again }, $defs: { n: { anyOf: Array.from({ length: 16 }, () => again) } } }
    expect(inputShapeOf(knot, 't')).toEqual(['* object', 'a array'])
    const many = { properties: Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`p${i}`, {}])) }
    expect(inputShapeOf(many, 't')).toHaveLength(256)
  })
})

describe('words and names', () => {
  it('fold spacing, case and punctuation, and nothing else', () => {
    expect(foldedWords(['Reads  a FILE!', 'now'])).toBe('reads a file now')
    expect(foldedWords(['reads a file'])).not.toBe(foldedWords(['reads no file']))
  })
  it('are the same as people read them', () => {
    const same = [
      'read_file',
      'readFile',
      'READ-file',
      'r\u0435ad_file',
      'read_fi1e',
      '\uff52ead.file',
      'read\u200b_file',
    ]
    expect(new Set(same.map(nameSkeleton))).toEqual(new Set(['readfile']))
    expect(nameSkeleton('1010')).toBe('1010')
  })
  it('mention other tools, not parameters, addresses or words with a hyphen', () => {
    const text =
      'Use list_files or getUser before; see a well-known page, own_name, https://x.example/some_path and max_items. Then mail-send.'
    const tools = new Set(['mail-send'])
    const found = mentionsIn(
      [text],
      'own_name',
      (name) => tools.has(name),
      (name) => name === 'max_items',
    )
    expect(found).toEqual(['getUser', 'list_files', 'mail-send'])
    expect(
      mentionsIn(
        ['a_b '.repeat(100_000)],
        '',
        () => false,
        () => false,
      ),
    ).toEqual(['a_b'])
  })
})
