/** Mirrored headers against the body: what the specification asks for, and what a header may do without fault. */
import { describe, expect, it } from 'vitest'
import { mirroredParametersOf, mirrorVerdict } from '../../../../collector/instrument/messages/header-mirror.ts'

const reader = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name]
const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }
const call = (name: string, args: object = {}) => ({
  method: 'tools/call',
  params: { name, arguments: args, _meta: meta },
})
const honest = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'get_weather' }
const [region] = mirroredParametersOf({ properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } })

describe('headers against the body', () => {
  it('agree', () => {
    expect(mirrorVerdict(reader(honest), call('get_weather'))).toEqual({
      headerCheck: 'ok',
      headerMismatches: undefined,
      mirroredParameters: undefined,
    })
  })
  it.each([
    ['another tool', { 'mcp-name': 'get_weather' }, call('execute_sql'), 'mismatch', ['mcp-name']],
    ['another method', { 'mcp-method': 'tools/list' }, call('get_weather'), 'mismatch', ['mcp-method']],
    [
      'another version',
      { 'mcp-protocol-version': '2025-11-25' },
      call('get_weather'),
      'mismatch',
      ['mcp-protocol-version'],
    ],
    ['a broken sentinel', { 'mcp-name': '=?base64?%%%?=' }, call('get_weather'), 'mismatch', ['mcp-name']],
    ['upper case', { 'mcp-name': 'GET_WEATHER' }, call('get_weather'), 'mismatch', ['mcp-name']],
  ])('%s', (_, headers, message, headerCheck, headerMismatches) => {
    expect(mirrorVerdict(reader({ ...honest, ...headers }), message)).toMatchObject({ headerCheck, headerMismatches })
  })
  it('a header that is missing is said to be missing, by name', () => {
    const { 'mcp-name': _, ...rest } = honest
    expect(mirrorVerdict(reader(rest), call('get_weather'))).toMatchObject({
      headerCheck: 'missing',
      headerMismatches: ['mcp-name'],
    })
  })
  it('a name that no header can carry stands in base64', () => {
    const name = 'wetter_für_morgen'
    const headers = { ...honest, 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` }
    expect(mirrorVerdict(reader(headers), call(name)).headerCheck).toBe('ok')
  })
  it.each([
    ['resources/read', { uri: 'docs://a' }, 'docs://a'],
    ['prompts/get', { name: 'p' }, 'p'],
    ['tasks/get', { taskId: 't-1' }, 't-1'],
    ['tasks/cancel', { taskId: 't-1' }, 't-1'],
  ])('%s is named by its own member', (method, params, name) => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': name }
    const message = { method, params: { ...params, _meta: meta } }
    expect(mirrorVerdict(reader(headers), message).headerCheck).toBe('ok')
    expect(mirrorVerdict(reader({ ...headers, 'mcp-name': 'other' }), message).headerCheck).toBe('mismatch')
  })
  it('methods without a name need none, and an envelope without a version asks for no header', () => {
    expect(
      mirrorVerdict(reader({ 'mcp-method': 'tools/list' }), { method: 'tools/list', params: {} }).headerCheck,
    ).toBe('ok')
    expect(
      mirrorVerdict(reader({ 'mcp-method': 'constructor' }), { method: 'constructor', params: null }).headerCheck,
    ).toBe('ok')
  })
})

describe('mirrored parameters', () => {
  it('are those that the schema declares, by the chain of properties', () => {
    const schema = {
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        where: { type: 'object', properties: { zone: { type: 'integer', 'x-mcp-header': 'Zone' } } },
        list: { type: 'array', items: { 'x-mcp-header': 'Nope' } },
        odd: { type: 'string', 'x-mcp-header': 'has space' },
      },
    }
    expect(mirroredParametersOf(schema).map(({ path, header }) => [path.join('.'), header])).toEqual([
      ['region', 'Region'],
      ['where.zone', 'Zone'],
    ])
    for (const odd of [undefined, null, 7, { properties: null }, { properties: { a: null } }])
      expect(mirroredParametersOf(odd)).toEqual([])
  })
  it('are compared by value, numbers as numbers, and a header without a value in the body is no fault', () => {
    const [zone] = mirroredParametersOf({ properties: { zone: { type: 'integer', 'x-mcp-header': 'Zone' } } })
    const verdict = (headers: Readonly<Record<string, string>>, args: object) =>
      mirrorVerdict(reader({ ...honest, ...headers }), call('get_weather', args), [region!, zone!])
    expect(verdict({ 'mcp-param-region': 'eu' }, { region: 'eu' })).toEqual({
      headerCheck: 'ok',
      headerMismatches: undefined,
      mirroredParameters: ['region'],
    })
    expect(
      verdict({ 'mcp-param-region': 'eu', 'mcp-param-zone': '42.0' }, { region: 'eu', zone: 42 }).headerCheck,
    ).toBe('ok')
    expect(verdict({ 'mcp-param-region': 'us' }, { region: 'eu' })).toMatchObject({
      headerCheck: 'mismatch',
      headerMismatches: ['mcp-param-region'],
      mirroredParameters: ['region'],
    })
    expect(verdict({}, { region: 'eu' })).toMatchObject({ headerCheck: 'missing' })
    expect(verdict({ 'mcp-param-region': 'eu' }, {}).headerCheck).toBe('ok')
    expect(verdict({}, { region: null }).headerCheck).toBe('ok')
    expect(verdict({ 'mcp-param-zone': '' }, { zone: 0 })).toMatchObject({ headerCheck: 'mismatch' })
  })
})
