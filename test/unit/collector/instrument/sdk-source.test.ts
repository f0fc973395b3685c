import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'
import { audibleSource } from '../../../../collector/instrument/loader/sdk-source.ts'

const changesOf = (source: string): string[] =>
  [...(audibleSource(source, 'file:///x.js') ?? '').matchAll(/\?\.(connecting|factory|verifier|silent)\(/g)].map(
    ([, name]) => name!,
  )
const packageRoot = (entry: string, name: string): string => {
  const file = fileURLToPath(import.meta.resolve(entry))
  return file.slice(0, file.lastIndexOf(name) + name.length)
}
const V1 = packageRoot('@modelcontextprotocol/sdk/server/mcp.js', '@modelcontextprotocol/sdk')
const V2 = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/server')))
const text = (...path: string[]): string => readFileSync(join(...path), 'utf8')

describe('the source of', () => {
  it.each(['esm', 'cjs'])('SDK v1, %s, says when somebody connects or asks a verifier', (kind) => {
    expect(changesOf(text(V1, 'dist', kind, 'shared/protocol.js'))).toEqual(['connecting'])
    expect(changesOf(text(V1, 'dist', kind, 'server/mcp.js'))).toEqual(['connecting'])
    expect(changesOf(text(V1, 'dist', kind, 'server/auth/middleware/bearerAuth.js'))).toEqual(['verifier'])
    expect(changesOf(text(V1, 'dist', kind, 'server/index.js'))).toEqual([])
    expect(changesOf(text(V1, 'dist', kind, 'client/index.js'))).toEqual([])
  })
  it.each(['mjs', 'cjs'])('SDK v2, %s, says so in whatever chunk it stands', (kind) => {
    const chunks = readdirSync(V2).filter((name) => name.endsWith(`.${kind}`))
    expect(chunks.flatMap((name) => changesOf(text(V2, name))).sort()).toEqual([
      'connecting',
      'connecting',
      'factory',
      'verifier',
    ])
  })
  it('an SDK stays a program, line by line', () => {
    for (const path of ['shared/protocol.js', 'server/mcp.js', 'server/auth/middleware/bearerAuth.js']) {
      const before = text(V1, 'dist/esm', path)
      const after = audibleSource(before, 'file:///x.js')!
      expect(after.split('\n')).toHaveLength(before.split('\n').length)
      expect(() => parseAst(after)).not.toThrow()
    }
  })
  it.each([
    [
      'minified',
      'class a{_requestHandlers=new Map;async connect(e){if(this._transport)throw Error("x");this._transport=e;await e.start()}}',
    ],
    [
      'an SDK of 2024',
      'class P { constructor() { this._requestHandlers = new Map() }\n  async connect(transport) {\n    var _a;\n    this._transport = transport;\n  } }',
    ],
    [
      'compiled for old engines',
      'var _requestHandlers; p.connect = function () {}; class P { connect(t) { return __async(this, null, function* () { this._transport = t; }) } }',
    ],
  ])('%s is changed', (_, source) => {
    expect(changesOf(source)).toEqual(['connecting'])
    expect(() => parseAst(audibleSource(source, 'x')!)).not.toThrow()
  })
  it.each(['"', "'", '`'])('a program in a string stays in its string: %s', (quote) => {
    const source = `const _requestHandlers = ${quote}async connect(t) { this._transport = t }${quote}`
    expect(changesOf(source)).toEqual(['connecting'])
    expect(() => parseAst(audibleSource(source, 'x')!)).not.toThrow()
  })
  it('a verifier that asks another is left alone', () => {
    const source = 'const v = { async verifyAccessToken(t) { return await inner.verifyAccessToken(t) } }'
    expect(audibleSource(source, 'x')).toBeUndefined()
  })
  it('what was changed is left alone', () => {
    const once = audibleSource(text(V1, 'dist/esm/shared/protocol.js'), 'x')!
    expect(audibleSource(once, 'x')).toBeUndefined()
  })
  it.each([
    [
      'another class that connects',
      'class Db { async connect(url) { this._socket = open(url) } _requestHandlers = 1 }',
    ],
    ['another transport', 'class Pool { _requestHandlers; connect(one) { this._transports = one } }'],
    ['a text about it', '"async connect(transport)" // _requestHandlers'],
    ['nothing of it', 'export const a = 1'],
  ])('%s is left as it is', (_, source) => {
    expect(audibleSource(source, 'x')).toBeUndefined()
  })
  it('a server without a connect that is known says that it is silent', () => {
    const source = 'class S { _requestHandlers; oninitialized; _serverInfo; c(t) { this._transport = t } }'
    expect(changesOf(source)).toEqual(['silent'])
    expect(audibleSource(source, 'file:///a"b.js')).toContain('silent("file:///a\\"b.js")')
  })
  it('a long text of beginnings comes to an end', () => {
    expect(audibleSource(`_requestHandlers ${'connect(a){ this.'.repeat(20_000)}`, 'x')).toBeUndefined()
  })
})
