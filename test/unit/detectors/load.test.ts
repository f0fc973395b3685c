// The loader: the folder is the register, wrong rules and options are refused by name, and the hash follows what decides.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { catalogueRows, rulesAsJson, rulesAsMarkdown } from '../../../detectors/catalogue.ts'
import { assemble, loadRules } from '../../../detectors/load.ts'
import type { AnyRule } from '../../../detectors/loaded-rule.ts'
import { defineRule } from '../../../detectors/rule.ts'
import { TEXT } from './small-rules.ts'

const folder = mkdtempSync(join(tmpdir(), 'rules-'))
afterAll(() => rmSync(folder, { recursive: true }))
const rule = defineRule({
  ...TEXT,
  id: 'syn-020-fine',
  requires: { 'tool.call': ['tool'] },
  check: { 'tool.call': () => undefined },
})
const refused = (change: object) => () => assemble([{ ...rule, ...change } as unknown as AnyRule])
const write = (category: string, name: string, text: string) => {
  mkdirSync(join(folder, category), { recursive: true })
  writeFileSync(join(folder, category, name), text)
}

describe('the folder of rules', () => {
  it('gives the rules of the folder, sorted, with a hash that repeats', async () => {
    const first = await loadRules()
    const files = readdirSync(new URL('../../../detectors/rules/', import.meta.url), { recursive: true })
      .map(String)
      .filter((path) => path.endsWith('.ts') && !path.includes('examples/'))
    expect(first.rules.map(({ id }) => id)).toEqual(files.map((path) => basename(path, '.ts')).sort())
    expect((await loadRules()).hash).toBe(first.hash)
    const { hash } = await loadRules({ config: { 'scp-002-scope-creep': { learn: 9 } } })
    expect(hash).not.toBe(first.hash)
  })
  it('refuses a file whose rule has another id, another family, or none', async () => {
    write('syn', 'syn-021-a.ts', "export default { id: 'syn-022-b' }\n")
    await expect(loadRules({ folder })).rejects.toThrow('rules: syn/syn-021-a.ts: its rule says id syn-022-b')
    rmSync(join(folder, 'syn'), { recursive: true })
    write('tok', 'syn-021-a.ts', "export default { id: 'syn-021-a' }\n")
    await expect(loadRules({ folder })).rejects.toThrow('another family')
    rmSync(join(folder, 'tok'), { recursive: true })
    write('syn', 'syn-023-c.ts', 'export const x = 1\n')
    await expect(loadRules({ folder })).rejects.toThrow('no rule as its default export')
  })
})

describe('a rule', () => {
  it.each([
    ['id', { id: 'Wrong' }, 'rule Wrong: id'],
    ['version', { version: 0 }, 'rule syn-020-fine: version'],
    ['severity', { severity: 'awful' }, 'severity: unknown: awful'],
    ['triage', { triage: [] }, 'triage: must not be empty'],
    ['examples', { examples: { match: [], noMatch: [] } }, 'examples: both lists need one'],
    ['no logic', { check: undefined }, 'logic: must be exactly one'],
    ['two logics', { cell: () => ({}) }, 'logic: must be exactly one'],
    ['a type unknown', { requires: { 'tool.cal': [] } }, 'no such event type: tool.cal'],
    [
      'a type that nothing handles',
      { requires: { 'tool.call': [], 'tool.result': [] } },
      'tool.result is required and nothing handles it',
    ],
    [
      'state without ttl',
      { check: undefined, cell: () => ({}), on: { 'tool.call': (): undefined => undefined }, per: 'server' },
      'ttl: must be above 0',
    ],
    [
      'a timer without due time',
      {
        check: undefined,
        cell: () => ({}),
        on: { 'tool.call': (): undefined => undefined },
        per: 'server',
        ttl: 1,
        onTimer: (): undefined => undefined,
      },
      'number dueMs',
    ],
  ])('is refused for its %s', (_, change, message) => {
    expect(refused(change)).toThrow(message)
  })
  it('is refused twice, and with options it does not have', () => {
    expect(() => assemble([rule, rule] as unknown as AnyRule[])).toThrow('two rules with this id')
    expect(() => assemble([rule] as unknown as AnyRule[], { 'syn-020-fine': { learn: 1 } })).toThrow(
      'rule syn-020-fine: learn: no such option',
    )
    expect(() => assemble([rule] as unknown as AnyRule[], { nope: {} })).toThrow('rules: nope: no such rule')
  })
  it('names the option that is wrong', async () => {
    await expect(loadRules({ config: { 'scp-002-scope-creep': { learn: -1 } } })).rejects.toThrow(
      'rule scp-002-scope-creep: learn',
    )
  })
})

describe('the catalogue', () => {
  it('has every rule in both forms, with options and gaps', async () => {
    const { rules } = await loadRules()
    const entries = rulesAsJson(rules)
    expect(entries).toHaveLength(rules.length)
    expect(JSON.parse(JSON.stringify(entries))).toEqual(entries)
    const text = rulesAsMarkdown(rules)
    for (const { id, title } of rules) expect(text).toContain(`## ${id}\n\n${title}.`)
    expect(text).toContain('`gatewayAudiences` (default `[]`)')
    expect(text).toContain('**No producer yet**')
  })
  it('shows every row of the threat catalogue with its state, and what has no rule as having none', async () => {
    const { rules } = await loadRules()
    const rows = catalogueRows(rules)
    expect(rows).toHaveLength(79)
    expect(rows.filter(({ rules: own }) => own.length === 0).map(({ row }) => row)).toEqual([])
    for (const { id } of rules)
      expect(
        rows.some(({ row }) => id.startsWith(`${row}-`)),
        id,
      ).toBe(true)
    const [first] = catalogueRows([])
    expect(first).toEqual({
      row: 'tok-001',
      title: expect.any(String),
      rules: [],
      state: 'INACTIVE',
      reason: 'no rule yet',
    })
  })
})
