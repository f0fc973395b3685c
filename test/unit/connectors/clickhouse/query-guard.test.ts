/** What the query guard lets through and what it stops, before any engine sees it. */
import { describe, expect, it } from 'vitest'
import { forbiddenTableFunctions, guardQuery } from '../../../../connectors/clickhouse/query-guard.ts'
import { splitStatements, sqlTokens } from '../../../../connectors/clickhouse/sql-text.ts'

const forbidden = forbiddenTableFunctions(['file', 'url', 'newNetworkThing', 'numbers', 'view'])

describe('allowed', () => {
  it.each([
    'SELECT 1',
    'select count() from calls where tool_name = \'a;b -- "x" /* y\';',
    '(SELECT 1) UNION ALL (SELECT 2)',
    'WITH x AS (SELECT 1 AS n) SELECT n FROM x',
    'FROM events SELECT event_id LIMIT 1',
    'SHOW TABLES',
    'DESCRIBE events',
    'EXPLAIN SELECT * FROM events WHERE tenant = {tenant:String}',
    'SELECT * FROM numbers(10) -- the end',
    'SELECT format(\'{}\', toString(1)), "tool_name", `tool_name` FROM events',
    "SELECT 'INTO OUTFILE', 'it''s', 'a\\'b', $$heredoc ; file($$ FROM events",
    '/* comment; with file( */ SELECT 1 # another\n',
    'SELECT \'Zürich\u200b\', `größe`, 1 AS "名" -- – über',
    'SELECT\u00a01',
  ])('%s', (sql) => {
    expect(guardQuery(sql, forbidden).sql.length).toBeGreaterThan(0)
  })

  it('takes the FORMAT clause off and names it', () => {
    expect(guardQuery('SELECT 1 FORMAT JSONEachRow ; ', forbidden)).toEqual({ sql: 'SELECT 1', format: 'JSONEachRow' })
    expect(guardQuery('SELECT 1 -- no format', forbidden)).toEqual({ sql: 'SELECT 1' })
  })
})

describe('refused', () => {
  it.each([
    ['', 'empty'],
    ['  -- nothing', 'empty'],
    ['INSERT INTO events VALUES (1)', 'INSERT'],
    ['DROP TABLE events', 'DROP'],
    ['SET readonly = 0', 'SET'],
    ['KILL QUERY WHERE 1', 'KILL'],
    ['SYSTEM SHUTDOWN', 'SYSTEM'],
    ['SELECT 1; SELECT 2', 'one statement'],
    ["SELECT file('/etc/passwd')", 'file'],
    ['SELECT "file"(\'/etc/passwd\')', 'file'],
    ["SELECT FILE ('/etc/passwd')", 'file'],
    ["SELECT file/**/('/etc/passwd')", 'file'],
    ["SELECT COLUMNS('p') APPLY(file) FROM (SELECT '/etc/passwd' AS p)", 'file'],
    ['SELECT "fi\\x6ce"(\'/etc/passwd\')', 'escape'],
    ['SELECT `fi``le`(1)', 'escape'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 'OUTFILE'],
    ["SELECT * FROM url('http://169.254.169.254/')", 'url'],
    ["SELECT * FROM newNetworkThing('x')", 'newnetworkthing'],
    ["SELECT * FROM s3('https://b/x')", 's3'],
    ["SELECT * FROM eval('SELECT 1')", 'eval'],
    ['DESCRIBE TABLE numbers(1)', 'functions'],
    ["SELECT aiGenerate('x')", 'aigenerate'],
    ['SELECT 1 PARALLEL WITH SELECT 2', 'PARALLEL'],
    ["SELECT 'open", 'quote'],
    ['SELECT 1 /* open', 'comment'],
    ['SELECT 1 /* a /* b */ INTO OUTFILE */', 'comment'],
    ['SELECT $tag$open', 'heredoc'],
    ['SELECT \u0000 1', 'control'],
    // What the engine takes for a blank or a quote, and JavaScript does not.
    ["SELECT file\u200b('/etc/passwd')", 'ASCII'],
    ["SELECT \u201cfile\u201d('/etc/passwd')", 'ASCII'],
    ['SELECT file(\u2018/etc/passwd\u2019)', 'ASCII'],
    ["SELECT 1 INTO\u0085OUTFILE '/tmp/x'", 'ASCII'],
    ['SELECT 1\u2212\u2212 1', 'ASCII'],
  ])('%s', (sql, because) => {
    expect(() => guardQuery(sql, forbidden)).toThrow(
      expect.objectContaining({ code: 'query_refused', message: expect.stringContaining(because) }),
    )
  })
})

it('splits statements at semicolons that are no part of a text or comment', () => {
  expect(splitStatements("SELECT ';' ; -- a;b\nSELECT 2;\n;")).toEqual(["SELECT ';'", '-- a;b\nSELECT 2'])
})

it('places every token where it stands', () => {
  const sql = 'SELECT a.b, 1.5e3 FROM `t`'
  expect(sqlTokens(sql).map(({ at, end }) => sql.slice(at, end))).toEqual([
    'SELECT',
    'a',
    '.',
    'b',
    ',',
    '1.5e3',
    'FROM',
    '`t`',
  ])
})
