// Law: detectors/ read no clock, no randomness, nothing outside, and a rule keeps no memory of its own.
import { describe, expect, it } from 'vitest'
import { purityViolations } from './purity.ts'
import { parseSource, sources } from './sources.ts'

const violations = (text: string, path = 'detectors/rules/tok/a.ts') => purityViolations(parseSource(path, text))

describe('purity of detectors', () => {
  it('every file of detectors/ is pure', () => {
    const detectors = sources().filter((source) => source.path.startsWith('detectors/'))
    expect(detectors.flatMap(purityViolations)).toEqual([])
  })
  it.each([
    'const t = () => Date.now()',
    'const t = () => new Date()',
    'const t = () => Date()',
    'const t = () => Math.random()',
    'const e = () => process.env.X',
    'const e = () => ({ process })',
    "const f = () => fetch('x')",
    'const t = () => performance.now()',
    'const t = () => setTimeout(f, 1)',
    'const u = () => crypto.randomUUID()',
    'const u = () => globalThis.Date',
    "const m = () => import('./other.ts')",
    'let seen = 0',
    'export let seen = 0',
    'const seen = new Map<string, number>()',
    'const said = () => console.log(1)',
  ])('`%s` breaks the law', (text) => {
    expect(violations(text)).toHaveLength(1)
  })
  it.each([
    'const t = (ms: number) => new Date(ms).toISOString()',
    'const t = (text: string) => Date.parse(text)',
    'const e = (event: { process: string }) => event.process',
    'const e = { fetch: 1 }',
    "const known = new Set(['a'])",
    'const fresh = () => new Map<string, number>()',
    'function f() { let n = 0; return n }',
  ])('`%s` keeps the law', (text) => {
    expect(violations(text)).toEqual([])
  })
  it('only the loader may import by a computed path', () => {
    expect(violations('const m = (file: string) => import(file)', 'detectors/load.ts')).toEqual([])
    expect(violations('const m = (file: string) => import(file)', 'detectors/engine/engine.ts')).toHaveLength(1)
  })
})
