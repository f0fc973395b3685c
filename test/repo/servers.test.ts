// Law: the table of servers in the README of the instrument is what the command wrote at its last whole run, and that run had no fault.
import { describe, expect, it } from 'vitest'
import { WAYS } from '../servers/catalogue.ts'
import { type Cell, isAllGood, isGood, markdown, type Results, tableIn, withTable } from '../servers/table.ts'
import { NPM_SERVERS, PYTHON_SERVERS } from '../servers/versions.ts'
import { readTracked } from './sources.ts'

const results = JSON.parse(readTracked('test/fixtures/servers/results.json')) as Results

describe('the matrix of servers', () => {
  it('stands in the README of the instrument as the last run gave it', () => {
    expect(tableIn(readTracked('collector/instrument/README.md'))).toBe(markdown(results))
  })
  it('was whole and without a fault', () => {
    expect(results.missing).toEqual([])
    expect(isAllGood(results)).toBe(true)
  })
  it('was made with the versions that are named', () => {
    const named = { ...NPM_SERVERS, ...PYTHON_SERVERS.current, ...PYTHON_SERVERS.first } as Readonly<
      Record<string, string>
    >
    const published = results.rows.filter(({ name }) => Object.hasOwn(named, name))
    expect(published.map(({ name, version }) => [name, version])).toEqual(
      published.map(({ name }) => [name, named[name]]),
    )
    expect(published.length).toBeGreaterThanOrEqual(8)
  })
  it('tried every way on some server, and every server in at least one way', () => {
    const ways = new Set(results.rows.flatMap(({ cells }) => cells.map(({ way }) => way)))
    expect([...ways].sort()).toEqual([...WAYS].sort())
    for (const { cells } of results.rows) expect(cells.some(({ way }) => way !== 'plain')).toBe(true)
  })
  it('a different answer, a missing row and a doubled row are faults', () => {
    const good: Cell = {
      transport: 'stdio',
      way: 'wrap',
      isSame: true,
      different: [],
      calls: 2,
      callRows: 2,
      events: 9,
    }
    expect(isGood(good)).toBe(true)
    expect(isGood({ ...good, isSame: false })).toBe(false)
    expect(isGood({ ...good, callRows: 1 })).toBe(false)
    expect(isGood({ ...good, callRows: 3 })).toBe(false)
    expect(isGood({ ...good, events: 0, callRows: 0 })).toBe(false)
    const row = {
      name: 'a',
      version: '1',
      sdk: 'x',
      tool: 't',
      answer: 'ok' as const,
      eras: ['legacy'],
      cells: [{ ...good, callRows: 3 }],
    }
    const faulty = { node: '24', platform: 'linux', rows: [row], missing: [] }
    expect(isAllGood(faulty)).toBe(false)
    expect(markdown(faulty)).toContain('**3 rows of 2 calls, 9 events**')
  })
  it('a README without marks is refused', () => {
    expect(() => withTable('# x', 'table')).toThrow('<!-- servers -->')
    expect(withTable('a\n<!-- servers -->\nold\n<!-- /servers -->\nb', 'new')).toBe(
      'a\n<!-- servers -->\nnew\n<!-- /servers -->\nb',
    )
  })
})
