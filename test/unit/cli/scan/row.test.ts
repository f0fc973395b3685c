/** The shapes of a row: what each becomes, and the field that is named when it is none of them. */
import { describe, expect, it } from 'vitest'
import { rowOf } from '../../../../cli/scan/row.ts'

const tool = { name: 'read_file', description: 'Reads a file.' }
const other = { name: 'write_file' }

describe('a row', () => {
  it('of a definition lists that one tool', () => {
    expect(rowOf({ id: 'a', server: 'files', tool }, 1)).toEqual({
      id: 'a',
      server: 'files',
      earlier: undefined,
      tools: [tool],
      call: undefined,
    })
  })
  it('of a list has all of its tools', () => {
    expect(rowOf({ id: 'a', server: 's', tools: [tool, other] }, 1)).toMatchObject({ tools: [tool, other] })
  })
  it.each([
    ['a name', 'read_file', undefined],
    ['a definition', tool, [tool]],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
  ])('of arguments may have %s as its tool', (_, named, tools) => {
    const row = rowOf({ id: 1, tool: named, arguments: { path: 'x' } }, 1)
    expect(row).toMatchObject({ tools, call: { arguments: { path: 'x' }, result: undefined } })
    expect((row as { call: { tool: string } }).call.tool).toBe(tools === undefined ? (named ?? '') : 'read_file')
  })
  it.each([
    ['a text', 'hello', { content: [{ type: 'text', text: 'hello' }] }],
    ['a CallToolResult', { content: [], isError: true }, { content: [], isError: true }],
    ['one with structured content only', { structuredContent: { a: 1 } }, { structuredContent: { a: 1 } }],
    ['parts alone', [{ type: 'text', text: 'a' }], { content: [{ type: 'text', text: 'a' }] }],
    ['any other list', ['a'], { structuredContent: { result: ['a'] } }],
    ['any other object', { rows: 2 }, { structuredContent: { rows: 2 } }],
    ['a number', 7, { structuredContent: { result: 7 } }],
  ])('of a result takes %s', (_, result, expected) => {
    expect(rowOf({ id: 'a', tool: 't', server: 's', result }, 1)).toMatchObject({
      call: { tool: 't', arguments: undefined, result: expected },
    })
  })
  it('of a change has what was shown before and what is shown now, each of which may be nothing', () => {
    expect(rowOf({ id: 'a', server: 's', before: tool, after: other }, 1)).toMatchObject({
      earlier: [tool],
      tools: [other],
    })
    expect(rowOf({ id: 'a', server: 's', before: null, after: other }, 1)).toMatchObject({
      earlier: [],
      tools: [other],
    })
    expect(rowOf({ id: 'a', server: 's', before: tool, after: null }, 1)).toMatchObject({ earlier: [tool], tools: [] })
  })
  it('with nothing but nulls and unknown fields holds nothing', () => {
    const nothing = { earlier: undefined, tools: undefined, call: undefined }
    expect(rowOf({ id: 'a', tool: null, arguments: null, result: null, before: null, after: null }, 1)).toMatchObject(
      nothing,
    )
    expect(rowOf({ id: 'a', tool: 'x', server: null, tools: null, split: 'dev', label: {} }, 1)).toMatchObject(nothing)
  })
  it('without an id is known by its line, and an id is kept as it is', () => {
    expect(rowOf({ tool }, 7).id).toBe(7)
    expect(rowOf({ id: null, tool }, 8).id).toBe(8)
    expect(rowOf({ id: 0, tool }, 9).id).toBe(0)
    expect(rowOf({ id: '', tool }, 9).id).toBe('')
  })
  it.each([
    [[], 'row: must be an object, is a list'],
    ['x', 'row: must be an object, is string'],
    [null, 'row: must be an object, is null'],
    [{}, 'row: has none of tool, tools, arguments, result, before, after'],
    [{ id: {} }, 'id: must be a text or a number, is an object'],
    [{ id: true, tool }, 'id: must be a text or a number, is boolean'],
    [{ id: 'a', label: 'x' }, 'row: has none of tool, tools, arguments, result, before, after'],
    [{ id: 'a', tool: 3 }, 'tool: must be a definition or a name, is number'],
    [{ id: 'a', tool: [tool] }, 'tool: must be a definition or a name, is a list'],
    [{ id: 'a', server: 3, tool }, 'server: must be a text, is number'],
    [{ id: 'a', before: 'x', after: tool }, 'before: must be a definition or null, is string'],
    [{ id: 'a', before: tool, after: [] }, 'after: must be a definition or null, is a list'],
    [{ id: 'a', tools: tool }, 'tools: must be a list of definitions, is an object'],
    [{ id: 'a', tools: [tool, null] }, 'tools[1]: must be a definition, is null'],
  ])('that is none is refused by its field: %j', (value, error) => {
    expect(rowOf(value, 3)).toMatchObject({ error })
  })
})
