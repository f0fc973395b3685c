// Roles of parameters, from their names, their schemas and their tools.
import { describe, expect, it } from 'vitest'
import { roleOf, rolesOf } from '../../../../collector/scan/role.ts'

describe('a role', () => {
  it.each([
    ['path', 'path'],
    ['filePath', 'path'],
    ['source_file', 'path'],
    ['file1', 'path'],
    ['working-dir', 'path'],
    ['dir', 'path'],
    ['command', 'shell'],
    ['shellCommand', 'shell'],
    ['sql', 'sql'],
    ['whereClause', 'sql'],
    ['where', 'sql'],
    ['webhookUrl', 'url'],
    ['url_to_fetch', 'url'],
    ['host', 'url'],
    ['code', 'code'],
    ['message', 'text'],
    ['new_string', 'text'],
    ['pathCount', 'unknown'],
    ['limit', 'unknown'],
    ['', 'unknown'],
  ] as const)('of %j is %s', (name, role) => {
    expect(roleOf(name)).toBe(role)
  })
  it('of a vague name comes from the tool', () => {
    expect(roleOf('query', undefined, 'run_sql_query')).toBe('sql')
    expect(roleOf('input', undefined, 'executeCommand')).toBe('shell')
    expect(roleOf('input', undefined, 'python_eval')).toBe('code')
    expect(roleOf('query', undefined, 'web_search')).toBe('unknown')
  })
  it('of a vague or unknown name comes from the schema', () => {
    expect(roleOf('target', { format: 'uri' })).toBe('url')
    expect(roleOf('q', { description: 'The SQL to run' })).toBe('sql')
    expect(roleOf('target', { description: 'Absolute path of the file to read' })).toBe('path')
    expect(roleOf('path', { enum: ['a', 'b'] })).toBe('unknown')
    expect(roleOf('x', { description: 5, format: {} })).toBe('unknown')
  })
})

describe('roles of a tool', () => {
  it('are found in nested objects and arrays', () => {
    const schema = {
      type: 'object',
      properties: {
        query: { type: 'string' },
        files: {
          type: 'array',
          items: { type: 'object', properties: { path: { type: 'string' }, mode: { type: 'string' } } },
        },
        options: { type: 'object', properties: { cwd: { type: 'string' } } },
      },
    }
    expect([...rolesOf(schema, 'sql_query')]).toEqual([
      ['query', 'sql'],
      ['files', 'path'],
      ['files[].path', 'path'],
      ['options.cwd', 'path'],
    ])
  })
  it('of a schema that is none are none', () => {
    const cyclic: Record<string, unknown> = { properties: {} }
    ;(cyclic['properties'] as Record<string, unknown>)['limit'] = cyclic
    const throwing = {
      get properties(): never {
        throw new Error('no')
      },
    }
    for (const schema of [undefined, null, 5, 'x', { properties: 5 }, { properties: { a: null } }, cyclic, throwing])
      expect(rolesOf(schema, 'x').size).toBe(0)
  })
})
