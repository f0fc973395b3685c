/** The demo, played by the running service: every named query and every panel of a dashboard answers on what it stored. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../cli/configuration.ts'
import { loadScenarios } from '../../cli/demo/scenario.ts'
import { Stage } from '../../cli/demo/stage.ts'
import { namedQueries, namedQuery } from '../../cli/queries/catalogue.ts'
import { parametersOf } from '../../cli/queries/parameters.ts'
import { ROLES, type Service, startService } from '../../cli/service.ts'
import { dashboards, expand } from '../grafana-macros.ts'
import { ROOT } from '../repo/sources.ts'

let dataDir: string
let service: Service
/** Values of parameters that have to be given, taken from what the demo did. */
const given: Record<string, string> = {}
const one = async (sql: string): Promise<string> => (await service.store.query(sql, { format: 'TSV' })).trim()

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'questions-'))
  service = await startService({
    settings: loadConfig({}, { otlp: '127.0.0.1:0', admin: '127.0.0.1:0', sql: '127.0.0.1:0', targets: {} }),
    dataDir,
    bus: 'embedded',
    roles: ROLES,
    logLevel: 'silent',
  })
  const stage = await Stage.open({ kind: 'otlp', url: service.otlpUrl })
  try {
    await stage.run(await loadScenarios(), () => {})
  } finally {
    await stage.close()
  }
  await service.settled()
  const reuse = `FROM alerts WHERE rule = 'ses-002-handle-reuse' LIMIT 1`
  Object.assign(given, {
    definition: await one(`SELECT definition_hash FROM calls WHERE tool_name = 'read_file' LIMIT 1`),
    principal: await one(`SELECT principal_key FROM calls WHERE principal_key != '' LIMIT 1`),
    token: await one(`SELECT token_fp FROM auth WHERE token_fp != '' LIMIT 1`),
    handle: await one(`SELECT handle_fp FROM handle_uses WHERE use = 'presented' LIMIT 1`),
    session: await one(`SELECT session_fp FROM sessions LIMIT 1`),
    alert: await one(`SELECT alert_id ${reuse}`),
    trace: '0'.repeat(32),
    request: await one(`SELECT request_uid FROM calls LIMIT 1`),
  })
})
afterAll(async () => {
  await service?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

/** What the demo does not do: these run, and have nothing to say. */
const SILENT = new Set([
  ...[
    'alert-history',
    'audit-trail',
    'outbound-destinations',
    'secrets-seen',
    'sequence-gaps',
    'shared-tokens',
    'silent-servers',
    'trace',
  ],
])
/** The demo is small and quick, and no hour is an hour of work for it. */
const LOW: Readonly<Record<string, string>> = { bytes: '1', at_least: '1', opens: '24' }

const PANELS = dashboards(join(ROOT, 'deploy/grafana/dashboards')).flatMap(([file, { panels }]) =>
  panels.flatMap(({ title, targets }) =>
    targets.flatMap(({ rawSql }) =>
      rawSql === undefined ? [] : [{ name: `${file.replace('.json', '')}: ${title}`, sql: rawSql }],
    ),
  ),
)
/** Likewise. */
const EMPTY_PANELS = new Set([
  ...['coverage: Gaps in the numbers', 'coverage: What rows lack', 'coverage: Changes and access'],
  ...['identity: Tokens in several places', 'identity: Held and never needed', 'tools: Destinations'],
  ...['tools: Definitions with suspicious texts', 'workbook: Personal data and secrets'],
])

describe('on the demo’s data', () => {
  it.each(namedQueries().map(({ name }) => name))('@%s answers', async (name) => {
    const query = namedQuery(name)
    const own = Object.fromEntries(
      query.parameters
        .filter(
          (parameter) =>
            parameter.default === undefined || query.needs.includes(parameter.name) || parameter.name in LOW,
        )
        .map(({ name }) => [name, given[name] ?? LOW[name] ?? '']),
    )
    const answer = await service.store.query(query.sql, {
      format: 'JSONEachRow',
      parameters: parametersOf(query, own, Date.now()),
    })
    const rows = answer.split('\n').filter((line) => line !== '').length
    expect(rows > 0 || SILENT.has(name)).toBe(true)
  })

  it.each(PANELS.map(({ name, sql }) => [name, sql] as const))('the panel %s answers', async (name, sql) => {
    const now = Date.now()
    const view = {
      fromMs: now - 3_600_000,
      toMs: now + 60_000,
      intervalMs: 15_000,
      chosen: { tenant: [], server: [], principal: [], tool: [] },
    }
    // As Grafana asks: over ClickHouse's HTTP interface.
    const response = await fetch(`${service.sqlUrl}/?database=mcp_auditd&default_format=JSONEachRow`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('default:')}` },
      body: expand(sql, view),
    })
    const answer = await response.text()
    expect(response.status, answer).toBe(200)
    expect(answer !== '' || EMPTY_PANELS.has(name)).toBe(true)
  })
})
