/** The catalogue of named queries: complete, documented, tested; and parameters that are wrong are named. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  columnNote,
  type NamedQuery,
  namedQueries,
  namedQuery,
  namedQueryOf,
} from '../../../../cli/queries/catalogue.ts'
import { parametersOf, withParameter } from '../../../../cli/queries/parameters.ts'
import { listText, queryNotes, queryText, TABLES_SQL, tablesText } from '../../../../cli/queries/printed.ts'
import { SHARED_PARAMETERS } from '../../../../cli/queries/words.ts'
import { type SeededStore, seededStore } from '../../../seeded-store.ts'

const QUERIES = namedQueries().map((query) => [query.name, query] as const)
const NOW_MS = Date.UTC(2026, 2, 2, 10)
/** Something for each parameter that has to be given. */
const enough = ({ parameters, needs }: NamedQuery): Record<string, string> =>
  Object.fromEntries([
    ...needs.slice(0, 1).map((name) => [name, 'x']),
    ...parameters.filter((one) => one.default === undefined).map(({ name }) => [name, 'x']),
  ])

let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore({})
})
afterAll(() => seeded.close())

describe('the catalogue', () => {
  it('has at least 25 queries', () => {
    expect(QUERIES.length).toBeGreaterThanOrEqual(25)
  })
  it.each(QUERIES)(
    '@%s says what it answers, what each parameter means, and takes a tenant or one alert',
    (_, query) => {
      expect(query.question).toMatch(/^[A-Z].*\?$/)
      for (const { type, description } of query.parameters) {
        expect(description).not.toBe('')
        expect(type).toMatch(/^(String|UInt(8|16|32|64)|DateTime64\(3, 'UTC'\))$/)
      }
      const names = query.parameters.map(({ name }) => name)
      expect(names).toContain(names.includes('alert') ? 'alert' : 'tenant')
      for (const need of query.needs) expect(names).toContain(need)
      expect(names).toContain('limit')
      for (const { type, default: preset } of query.parameters) if (preset === undefined) expect(type).toBe('String')
      for (const { name, type } of query.parameters)
        if (name in SHARED_PARAMETERS)
          expect(type).toBe(
            { from: "DateTime64(3, 'UTC')", to: "DateTime64(3, 'UTC')", limit: 'UInt32' }[name] ?? 'String',
          )
    },
  )
  it.each(QUERIES)('@%s runs, and says of every column what it means', async (_, query) => {
    const parameters = parametersOf(query, enough(query), Date.now())
    const answer = await seeded.store.query(query.sql, { format: 'TSVWithNames', parameters })
    const columns = answer.trimEnd().split('\t')
    expect(columns.length).toBeGreaterThan(3)
    expect(columns.filter((column) => columnNote(query, column) === '')).toEqual([])
    expect([...query.columns.keys()].filter((column) => !columns.includes(column))).toEqual([])
  })
  it('is tested query by query', () => {
    const tests = readdirSync(import.meta.dirname).map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    const asked = new Set(tests.flatMap((text) => [...text.matchAll(/\.ask\('([a-z-]+)'/g)].map((match) => match[1])))
    expect(QUERIES.map(([name]) => name).filter((name) => !asked.has(name))).toEqual([])
  })
})

describe('parameters', () => {
  const ask =
    (given: Record<string, string>, name = 'failed-authz') =>
    () =>
      parametersOf(namedQuery(name), given, NOW_MS)
  it('have defaults, and times are told as people tell them', () => {
    expect(ask({ from: '2h', to: '2026-03-02T09:30:00+01:00', at_least: '3' })()).toEqual({
      tenant: '',
      server: '',
      principal: '',
      from: '2026-03-02 08:00:00.000',
      to: '2026-03-02 08:30:00.000',
      at_least: '3',
      limit: '1000',
    })
    expect(ask({})()).toMatchObject({ from: '2026-02-23 10:00:00.000', to: '2100-01-01 00:00:00.000' })
    expect(ask({ from: 'now' })()).toMatchObject({ from: '2026-03-02 10:00:00.000' })
  })
  it.each([
    ['an unknown one', { tenent: 'x' }, /--param tenent: @failed-authz has no such parameter; it has .*tenant/],
    ['a number that is none', { at_least: 'many' }, /--param at_least: must be a whole number below 2\^32/],
    ['a number that is too large', { at_least: '4294967296' }, /--param at_least/],
    ['a negative number', { limit: '-1' }, /--param limit/],
    ['a time that is none', { from: 'yesterday' }, /--param from: must be a time such as/],
    ['an hour that is none', { from: '2026-02-03T99:00:00Z' }, /--param from/],
    ['a day that is none', { from: '2026-02-31T10:00:00Z' }, /--param from/],
    ['a month that is none', { from: '2026-13-01' }, /--param from/],
    ['a time nobody can store', { to: '9999-01-01' }, /--param to/],
    ['a huge text', { tenant: 'x'.repeat(5_000) }, /--param tenant: is longer than 4096/],
  ])('are refused with their name: %s', (_, given, message) => {
    expect(ask(given as Record<string, string>)).toThrow(message)
  })
  it('that are missing are named with what they mean', () => {
    expect(ask({}, 'token-timeline')).toThrow(
      'query: --param token: @token-timeline needs it: fingerprint of the token',
    )
    expect(ask({ token: '' }, 'token-timeline')).toThrow('--param token')
    expect(ask({}, 'blast-radius')).toThrow('--param definition or tool: @blast-radius needs one of them')
    expect(ask({ tool: '' }, 'blast-radius')).toThrow('needs one of them')
  })
  it('are name=value, each once', () => {
    expect(withParameter('a=b=c', { d: '' })).toEqual({ d: '', a: 'b=c' })
    for (const wrong of ['a', '=a', 'a b=c', '__proto__;=1']) expect(() => withParameter(wrong, {})).toThrow('--param')
    expect(() => withParameter('a=1', { a: '2' })).toThrow('--param a: is given twice')
  })
  it('reach the engine as values, whatever stands in them', async () => {
    for (const hostile of ["' OR 1=1 --", 'a\\', '{x:String}', 'a\tb\nc', '\u202e', "\\'; DROP TABLE events"]) {
      const echo = await seeded.sql('SELECT {value:String} AS value', { value: hostile })
      expect(echo).toEqual([{ value: hostile }])
      expect(await seeded.ask('principal-acts', { principal: hostile })).toEqual([])
    }
  })
})

describe('what is printed', () => {
  it('lists every query with its question, and one with all that is said of it', () => {
    const list = listText(namedQueries())
    expect(list.split('\n')).toHaveLength(QUERIES.length)
    expect(list).toMatch(/^@blast-radius +Which calls were made under a definition/m)
    const one = queryNotes(namedQuery('blast-radius'))
    expect(one).toMatch(/--param definition +String +'' +hash of the definition/)
    expect(one).toContain('needs definition or tool')
    expect(queryNotes(namedQuery('token-timeline'))).toMatch(/--param token +String +required +fingerprint/)
    expect(queryNotes(namedQuery('volume'), [['day', 'Date']])).toMatch(/\n {2}day +Date +day of receipt, UTC\.$/)
  })
  it('gives the text as it runs elsewhere', async () => {
    const text = queryText(namedQuery('servers'))
    expect(text).toContain("-- {from:DateTime64(3, 'UTC')} 90d: start, by event time")
    const parameters = parametersOf(namedQuery('servers'), {}, Date.now())
    expect(await seeded.store.query(text, { format: 'TSV', parameters })).toBe('')
  })
  it('describes tables and views', async () => {
    const rows = (await seeded.sql(TABLES_SQL)) as never
    expect(tablesText(rows, 'calls')).toMatch(
      /^calls \(view\) {2}Tool calls with their results.*\n {2}event_id +String +\S/,
    )
    expect(tablesText(rows)).toMatch(/^coverage_rows \(table\)/m)
    expect(() => tablesText(rows, 'nothing')).toThrow('query: --tables nothing: no such table or view')
  })
  it('says that a query does not exist', () => {
    expect(() => namedQuery('nothing')).toThrow('query: @nothing: no such query; `query --list` shows them')
  })
})

it('a file is read as its notes say', () => {
  const query = namedQueryOf(
    'x',
    "-- What?\n-- needs a or tool\n-- a = '': first: letter\n-- b: second\n-- from = 1d\n-- c: third\nSELECT {a:String}, {b:UInt8} AS c, {from:DateTime64(3, 'UTC')}, {tool:String}\n",
  )
  expect(query.parameters.map((one) => [one.name, one.type, one.default, one.description])).toEqual([
    ['a', 'String', '', 'first: letter'],
    ['b', 'UInt8', undefined, 'second'],
    ['from', "DateTime64(3, 'UTC')", '1d', SHARED_PARAMETERS['from']!.description],
    ['tool', 'String', '', 'tool name; empty: all'],
  ])
  expect([query.question, query.needs, [...query.columns]]).toEqual(['What?', ['a', 'tool'], [['c', 'third']]])
})
