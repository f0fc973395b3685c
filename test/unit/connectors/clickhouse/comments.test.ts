/** What the engine says of every table, view and column, and how a view comes to say what its table says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inheritedComments } from '../../../../connectors/clickhouse/comments.ts'
import { type SeededStore, seededStore } from '../../../seeded-store.ts'

let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore({})
})
afterAll(() => seeded.close())

it('every table, view and column has a comment; those of columns end with unit and origin', async () => {
  const silent = await seeded.sql(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''
     UNION ALL SELECT concat(table, '.', name) FROM system.columns WHERE database = currentDatabase() AND NOT match(comment, '^[A-Z0-9a-z].* \\\\[.+; .+\\\\]$')`,
  )
  expect(silent).toEqual([])
  const views = await seeded.sql(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'`,
  )
  expect(views.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      ...['alerts', 'auth', 'call_ends', 'calls', 'content', 'coverage', 'coverage_now', 'definitions', 'events_exact'],
      ...[
        'findings',
        'gaps',
        'handle_uses',
        'otel_logs',
        'outbound',
        'principals',
        'server_health',
        'sessions',
        'tokens',
      ],
    ]),
  )
})

it('otel_logs has the columns and types of the Collector’s exporter, and TimestampTime of its older layout', async () => {
  const columns = await seeded.sql(
    `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'otel_logs' ORDER BY position`,
  )
  expect(columns.map(({ name, type }) => [name, type])).toEqual([
    ['Timestamp', 'DateTime64(9)'],
    ['TimestampTime', 'DateTime'],
    ['TraceId', 'String'],
    ['SpanId', 'String'],
    ['TraceFlags', 'UInt8'],
    ['SeverityText', 'LowCardinality(String)'],
    ['SeverityNumber', 'UInt8'],
    ['ServiceName', 'LowCardinality(String)'],
    ['Body', 'String'],
    ['ResourceSchemaUrl', 'LowCardinality(String)'],
    ['ResourceAttributes', 'Map(LowCardinality(String), String)'],
    ['ScopeSchemaUrl', 'LowCardinality(String)'],
    ['ScopeName', 'String'],
    ['ScopeVersion', 'LowCardinality(String)'],
    ['ScopeAttributes', 'Map(LowCardinality(String), String)'],
    ['LogAttributes', 'Map(LowCardinality(String), String)'],
    ['EventName', 'String'],
  ])
})

describe('a view takes over what is said of the columns it shows', () => {
  const column = (table: string, name: string, comment = '') => ({ table, name, comment })
  it('from the first table that says something, through views on views, and keeps its own words', () => {
    expect(
      inheritedComments(
        [
          { name: 'outer_view', text: 'SELECT a, b FROM db.inner_view' },
          { name: 'inner_view', text: 'SELECT a, b, c FROM `db`.`rows` AS r LEFT JOIN db.others AS o ON r.a = o.a' },
        ],
        [
          column('rows', 'a', 'It’s \\ a'),
          column('others', 'a', 'not this'),
          column('others', 'c', 'of the others'),
          column('inner_view', 'a'),
          column('inner_view', 'b', 'own'),
          column('inner_view', 'c'),
          column('outer_view', 'a'),
          column('outer_view', 'b'),
          column('outer_view', 'computed'),
        ],
      ).sort(),
    ).toEqual([
      "ALTER TABLE `inner_view` COMMENT COLUMN `a` 'It’s \\\\ a', COMMENT COLUMN `c` 'of the others'",
      "ALTER TABLE `outer_view` COMMENT COLUMN `b` 'own', COMMENT COLUMN `a` 'It’s \\\\ a'",
    ])
  })
  it('does nothing where everything is said', () => {
    expect(
      inheritedComments([{ name: 'v', text: 'SELECT a FROM db.t' }], [column('t', 'a', 'x'), column('v', 'a', 'y')]),
    ).toEqual([])
  })
})
