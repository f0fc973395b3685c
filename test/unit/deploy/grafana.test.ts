// What deploy/grafana provisions: every query of every panel and variable runs, and the panels have rows where there is something to show.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../../cli/configuration.ts'
import { type Dashboard, dashboards, expand, type Panel, type View } from '../../grafana-macros.ts'
import { ROOT, readTracked } from '../../repo/sources.ts'
import { hex, only, type SeededStore, seededStore } from '../../seeded-store.ts'
import { dashboardSeed } from './dashboard-seed.ts'

const DASHBOARDS = dashboards(join(ROOT, 'deploy/grafana/dashboards'))
const CLICKHOUSE = 'mcp-auditd-clickhouse'
const NOW_MS = Date.now()
const ALL = { tenant: [], server: [], principal: [], tool: [] }
const VIEW: View = { fromMs: NOW_MS - 86_400_000, toMs: NOW_MS + 60_000, intervalMs: 300_000, chosen: ALL }
const chosen = (values: Partial<typeof ALL> | Record<string, string[]>): View => ({
  ...VIEW,
  chosen: { ...ALL, ...values },
})

let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore(dashboardSeed(NOW_MS))
})
afterAll(() => seeded.close())

const queries = DASHBOARDS.flatMap(([file, { panels }]) =>
  panels.flatMap((panel) =>
    panel.targets.flatMap(({ rawSql }) =>
      rawSql === undefined ? [] : [[file.replace('.json', ''), panel.title, rawSql, panel] as const],
    ),
  ),
)
const variables = DASHBOARDS.flatMap(([file, { templating }]) =>
  templating.list.map((variable) => [file.replace('.json', ''), variable.name, variable.query] as const),
)

describe('panels', () => {
  it.each(queries)('%s: %s has rows', async (_, __, sql, panel) => {
    const rows = await seeded.sql(expand(sql, VIEW))
    expect(rows.length).toBeGreaterThan(0)
    expect(shapeFault(panel, Object.keys(rows[0]!))).toBe('')
  })
  it.each(queries)('%s: %s shows nothing of another tenant, and takes every variable', async (_, __, sql) => {
    const own = await seeded.sql(expand(sql, chosen({ tenant: ['acme'] })))
    expect(new Set(only(own, 'tenant').flat().filter(Boolean))).not.toContain('globex')
    const narrow = chosen({ tenant: ['acme'], server: ['files'], principal: [hex('alice')], tool: ['read', "it's"] })
    await seeded.sql(expand(sql, narrow))
    expect(await seeded.sql(expand(sql, chosen({ tenant: ['nobody'] })))).toSatisfy(isEmpty)
  })
  it.each(variables)('%s: the variable %s offers values', async (_, __, query) => {
    const rows = await seeded.sql(expand(query, VIEW))
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(Object.keys(row)).toHaveLength(1)
  })
  it('offers no value that would leave its quotes', async () => {
    const tools = variables.find(([, name]) => name === 'tool')![2]
    const offered = only(await seeded.sql(expand(tools, VIEW)), 'tool_name').flat()
    expect(offered).toContain('read')
    expect(offered.filter((name) => /['"\\]/.test(String(name)))).toEqual([])
    expect(await seeded.sql(`SELECT count() > 0 AS there FROM events WHERE tool_name = 'x\\\\\\' OR 1=1 --'`)).toEqual([
      { there: 1 },
    ])
  })
})

/** A number of nothing is a row too. */
const isEmpty = (rows: readonly Record<string, unknown>[]): boolean =>
  rows.length === 0 || (rows.length === 1 && Object.values(rows[0]!).every((value) => Number(value ?? 0) === 0))

/** What the kind of a panel needs of its columns. */
function shapeFault({ type }: Panel, columns: readonly string[]): string {
  if (type === 'timeseries' && columns[0] !== 'time') return 'a time series begins with time'
  if (type === 'logs' && !['timestamp', 'body', 'level'].every((name) => columns.includes(name)))
    return 'a log needs timestamp, body and level'
  return ''
}

describe('dashboards', () => {
  it.each(DASHBOARDS)('%s is whole: uid, tags, a place and words for each panel', (file, dashboard) => {
    expect(dashboard.uid).toBe(`mcp-auditd-${file.replace('.json', '')}`)
    expect(dashboard.tags).toEqual(['mcp', 'security'])
    expect(dashboard.description).not.toBe('')
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    for (const { title, description, targets } of dashboard.panels)
      expect([title, description, targets.length > 0], title).not.toContain('')
    expect(overlaps(dashboard)).toEqual([])
  })
  it('are what the provisioning names: folder, data sources, database and otel_logs', () => {
    const file = (path: string) => parse(readTracked(`deploy/grafana/provisioning/${path}`)) as Record<string, never>
    const { datasources } = file('datasources/mcp-auditd.yaml') as unknown as {
      datasources: readonly { uid: string; type: string; jsonData?: Record<string, unknown> }[]
    }
    const uids = datasources.map(({ uid }) => uid)
    for (const [, { panels, templating }] of DASHBOARDS)
      for (const { datasource } of [...panels, ...templating.list]) expect(uids).toContain(datasource.uid)
    const settings = loadConfig({})
    const clickhouse = datasources.find(({ uid }) => uid === CLICKHOUSE)!
    expect(clickhouse.type).toBe('grafana-clickhouse-datasource')
    expect(clickhouse.jsonData).toMatchObject({
      protocol: 'http',
      defaultDatabase: settings.store.database,
      logs: { defaultTable: 'otel_logs', otelEnabled: true },
    })
    expect(`${clickhouse.jsonData!['host']}:${clickhouse.jsonData!['port']}`).toBe(settings.sql)
    const { providers } = file('dashboards/mcp-auditd.yaml') as unknown as {
      providers: readonly { type: string; options: { path: string } }[]
    }
    expect(providers.map(({ type }) => type)).toEqual(['file'])
    // The first lines of the data sources say where the dashboards are mounted. Grafana knows no default of a variable.
    const text = readTracked('deploy/grafana/provisioning/datasources/mcp-auditd.yaml')
    expect(text).toContain(`deploy/grafana/dashboards:${providers[0]!.options.path} `)
    expect(`${text}${providers[0]!.options.path}`).not.toContain('${')
  })
  it('are six, each panel with a title of its own', () => {
    expect(DASHBOARDS.map(([file]) => file)).toEqual([
      ...['coverage.json', 'identity.json', 'overview.json', 'pipeline.json', 'tools.json', 'workbook.json'],
    ])
    for (const [, { panels }] of DASHBOARDS) expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
  })
  it('log columns as Explore of the plugin selects them are there', async () => {
    const explore = `SELECT Timestamp AS "timestamp", Body AS "body", SeverityText AS "level", LogAttributes AS "labels", TraceId AS "traceID"
      FROM "mcp_auditd"."otel_logs" WHERE ( timestamp >= $__fromTime AND timestamp <= $__toTime ) AND ( TimestampTime >= $__fromTime )
      ORDER BY timestamp DESC LIMIT 1000`
    expect((await seeded.sql(expand(explore, VIEW))).length).toBeGreaterThan(10)
  })
})

const overlaps = ({ panels }: Dashboard): string[] =>
  panels.flatMap(({ title, gridPos: a }, i) =>
    panels
      .slice(i + 1)
      .filter(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
      .map((other) => `${title} / ${other.title}`),
  )

describe('the expander', () => {
  const view: View = { fromMs: 1_000, toMs: 2_000, intervalMs: 60_000, chosen: { server: ["a'b", 'c'], tenant: [] } }
  it('does what the plugin does', () => {
    expect(expand(`$__timeFilter(t) AND $__conditionalAll(s IN (\${server:singlequote}), $server)`, view)).toBe(
      "t >= toDateTime(1) AND t <= toDateTime(2) AND s IN ('a\\'b','c')",
    )
    expect(expand(`$__conditionalAll(f(a, b) IN (\${tenant:sqlstring}), $tenant)`, view)).toBe('1=1')
    expect(expand('$__timeInterval(f(a, b)), $__fromTime, $__interval_s', view)).toBe(
      'toStartOfInterval(toDateTime(f(a, b)), INTERVAL 60 second), toDateTime(1), 60',
    )
  })
  it.each([
    '$__timefilter(t)',
    '$__timeFilter(t, u)',
    `\${none:csv}`,
    `\${server:fancy}`,
    `\${tenant:csv}`,
    '$server',
    '$__timeFilter(t',
  ])('refuses %s', (sql) => {
    expect(() => expand(sql, view)).toThrow()
  })
})
