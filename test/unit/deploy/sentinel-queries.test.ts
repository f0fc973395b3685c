/** Every Kusto query of deploy/sentinel parses and binds against the tables and functions that are deployed with it, and says what it must. */
import { describe, expect, it } from 'vitest'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { kusto } from '../../kusto.ts'
import {
  ask,
  HUNTS,
  type HuntFile,
  PLAYBOOK,
  RULES,
  type RuleFile,
  TABLES,
  WORKBOOK,
  WORKBOOK_QUERIES,
} from '../../sentinel-content.ts'

const namesOf = (query: string): readonly string[] => ask(query).columns.map(({ name }) => name)

describe('the check itself', () => {
  it.each([
    ['a column that does not exist', 'McpAudit_CL | where ToolNam == "x"', /KS142.*ToolNam/],
    ['a table that does not exist', 'McpAudits_CL | take 1', /KS\d+.*McpAudits_CL/],
    ['a function that does not exist', 'McpAudit_CL | extend X = no_such(ToolName)', /KS211.*no_such/],
    ['a parameter that does not exist', 'vimAgentEventMcpAuditd(nobody = 1)', /KS196/],
    ['two types that do not compare', 'McpAudit_CL | where DurationMs > ToolName', /KS106/],
    ['a query that ends too early', 'McpAudit_CL | where', /KS\d+/],
  ])('reports %s', (_, query, expected) => {
    expect(ask(query).diagnostics.join('\n')).toMatch(expected)
  })
  it('reports a wrong column inside the body of a function', () => {
    const { diagnostics } = ask('let F = (a:string) { McpAudit_CL | where Wrong == a }; F("x")')
    expect(diagnostics.join()).toContain("'Wrong'")
  })
})

const DURATION = /^(\d+)([mhd])$/
const minutesOf = (text: string): number => {
  const [, count, unit] = DURATION.exec(text)!
  return Number(count) * { m: 1, h: 60, d: 1_440 }[unit as 'm' | 'h' | 'd']
}
const TACTICS = new Set([
  ...['Reconnaissance', 'ResourceDevelopment', 'InitialAccess', 'Execution', 'Persistence', 'PrivilegeEscalation'],
  ...['DefenseEvasion', 'CredentialAccess', 'Discovery', 'LateralMovement', 'Collection', 'Exfiltration'],
  ...['CommandAndControl', 'Impact'],
])
const IDENTIFIERS: Readonly<Record<string, readonly string[]>> = {
  Account: ['Name', 'FullName', 'AadUserId', 'ObjectGuid', 'DisplayName'],
  CloudApplication: ['AppId', 'Name', 'InstanceName'],
  IP: ['Address'],
  URL: ['Url'],
  Host: ['HostName', 'FullName'],
}
function expectHunt(file: HuntFile): readonly string[] {
  expect(file.id).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
  expect(file.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(file.name).not.toBe('')
  for (const tactic of file.tactics) expect(TACTICS).toContain(tactic)
  for (const technique of file.relevantTechniques) expect(technique).toMatch(/^T\d{4}$/)
  for (const { dataTypes } of file.requiredDataConnectors)
    for (const type of dataTypes) expect(TABLES).toHaveProperty(type)
  const { diagnostics, columns } = ask(file.query)
  expect(diagnostics).toEqual([])
  const names = columns.map(({ name }) => name)
  expect(file.entityMappings.length).toBeLessThanOrEqual(10)
  for (const { entityType, fieldMappings } of file.entityMappings)
    for (const { identifier, columnName } of fieldMappings) {
      expect(IDENTIFIERS[entityType], entityType).toContain(identifier)
      expect(names).toContain(columnName)
    }
  return names
}
const shown = (format: string): readonly string[] => [...format.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!)

describe('analytics rules', () => {
  it.each(RULES)('%s binds, and everything it shows is a column of its answer', (_, rule: RuleFile) => {
    const names = expectHunt(rule)
    const { alertDisplayNameFormat: title, alertDescriptionFormat: text, ...override } = rule.alertDetailsOverride
    expect(Object.keys(rule.customDetails).length).toBeLessThanOrEqual(20)
    for (const [key, column] of Object.entries(rule.customDetails)) {
      expect(key).toMatch(/^\w{1,20}$/)
      expect(names).toContain(column)
    }
    for (const format of [title, text]) {
      expect(shown(format).length).toBeLessThanOrEqual(3)
      for (const column of shown(format)) expect(names).toContain(column)
    }
    expect(title.length).toBeLessThanOrEqual(256)
    if (override.alertSeverityColumnName !== undefined) expect(names).toContain(override.alertSeverityColumnName)
    for (const { value } of override.alertDynamicProperties ?? []) expect(names).toContain(value)
    expect(['Informational', 'Low', 'Medium', 'High']).toContain(rule.severity)
    expect(['SingleAlert', 'AlertPerResult']).toContain(rule.eventGroupingSettings.aggregationKind)
  })
  it.each(RULES)('%s groups by what it has, and looks back over what it asks for', (_, rule: RuleFile) => {
    const {
      groupByCustomDetails = [],
      matchingMethod,
      lookbackDuration,
    } = rule.incidentConfiguration.groupingConfiguration as {
      groupByCustomDetails?: string[]
      matchingMethod: string
      lookbackDuration: string
    }
    expect(['AllEntities', 'AnyAlert', 'Selected']).toContain(matchingMethod)
    for (const detail of groupByCustomDetails) expect(rule.customDetails).toHaveProperty(detail)
    expect(minutesOf(lookbackDuration)).toBeLessThanOrEqual(7 * 1_440)
    if (rule.kind === 'NRT') return
    const [frequency, period] = [minutesOf(rule.queryFrequency!), minutesOf(rule.queryPeriod!)]
    expect(frequency).toBeGreaterThanOrEqual(5)
    expect(period).toBeGreaterThanOrEqual(frequency)
    expect(period).toBeLessThanOrEqual(14 * 1_440)
    for (const [, window] of rule.query.matchAll(/ago\((\d+[mhd])\)/g))
      expect(minutesOf(window!)).toBeLessThanOrEqual(period)
    // What arrives late is found too: windows go by arrival, and the period leaves room for it.
    const [, window] = /let window = (\d+[mhd])/.exec(rule.query) ?? []
    if (window !== undefined) {
      expect(minutesOf(window)).toBe(frequency)
      expect(rule.query).toContain('ingestion_time() > ago(window)')
      expect(period).toBeGreaterThan(frequency)
    }
  })
  it('ids and names are each used once', () => {
    const all = [...RULES, ...HUNTS].map(([, file]) => file)
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  })
  it('an alert of ours becomes an incident with our severity, and one that is resolved raises none', () => {
    const rule = RULES.find(([name]) => name === 'McpDetection')![1]
    expect(rule.kind).toBe('NRT')
    for (const severity of SEVERITIES.filter((one) => one !== 'info')) expect(rule.query).toContain(`"${severity}"`)
    expect(rule.query).toContain('where Status == "open" or (Status == "acknowledged" and LastSeen > StatusAt)')
    expect(rule.incidentConfiguration.groupingConfiguration).toMatchObject({ groupByCustomDetails: ['AlertUid'] })
  })
  it('every idea of the peers is there, counted for each actor', () => {
    const names = RULES.map(([name]) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        ...['McpInjectionsPerActor', 'McpPiiPerActor', 'McpSecurityErrors', 'McpCredentialDetected'],
        ...[
          'McpToolUsesPerHour',
          'McpFailedAuthorization',
          'McpSensitiveToolOffHours',
          'McpExportVolume',
          'McpToolNotInCatalogue',
        ],
      ]),
    )
    for (const [name, { query }] of RULES.filter(([name]) => name.endsWith('PerActor')))
      expect(query, name).toContain('by Tenant, Actor')
  })
})

describe('hunting queries', () => {
  it.each(HUNTS)('%s binds', (_, hunt) => {
    expectHunt(hunt)
  })
  it('are at least eight', () => {
    expect(HUNTS.length).toBeGreaterThanOrEqual(8)
  })
})

describe('the workbook', () => {
  it.each(WORKBOOK_QUERIES)('the query of %s binds', (_, query) => {
    expect(ask(query).diagnostics).toEqual([])
    expect(query).not.toMatch(/[^|]\{[A-Z]\w*\}/)
  })
  it('has what the peers show, and who, where and in which session', () => {
    const parts = WORKBOOK.items.map(({ name }) => name)
    expect(parts).toEqual(
      expect.arrayContaining([
        ...['volume', 'blocked', 'content', 'tools', 'recent', 'errors', 'trace', 'callers', 'servers', 'sessions'],
        ...['alerts-by-status', 'open-alerts', 'coverage', 'parameters'],
      ]),
    )
    const queryOf = (part: string) => WORKBOOK_QUERIES.find(([name]) => name === part)![1]
    expect(namesOf(queryOf('recent'))).toEqual(
      expect.arrayContaining(['PrincipalKey', 'ClientKey', 'ServerId', 'SessionFp', 'ToolName', 'TraceId']),
    )
  })
  it('names each part once', () => {
    const names = WORKBOOK.items.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(WORKBOOK.version).toBe('Notebook/1.0')
  })
})

describe('what the rule does to rows on their way', () => {
  it.each(Object.entries(TABLES))('%s gets exactly its columns', (name, { transform, columns, stream }) => {
    const made = kusto({ tables: { source: stream }, functions: [] })(transform)
    expect(made.diagnostics).toEqual([])
    const expected = columns.map((column) => [column.name, kustoType(column.type)])
    expect(made.columns.map((column) => [column.name, column.type]).sort()).toEqual(expected.sort())
    expect(name).toMatch(/_CL$/)
  })
})
const kustoType = (type: string): string => ({ dateTime: 'datetime', boolean: 'bool' })[type] ?? type

describe('the playbook that comments', () => {
  const text = JSON.stringify(PLAYBOOK)
  it('reads only details that the rule gives', () => {
    const details = RULES.find(([name]) => name === 'McpDetection')![1].customDetails
    const read = [...text.matchAll(/outputs\('Details'\)\?\['(\w+)'\]/g)].map(([, name]) => name!)
    expect(read.length).toBeGreaterThan(5)
    for (const name of read) expect(details).toHaveProperty(name)
  })
  it('shows text of servers and callers as text', () => {
    const message = /"message":"(.*?)"\}/.exec(text)![1]!
    for (const [, expression] of message.matchAll(/@\{(.*?)\}(?=[.<,;]|\s|$)/g))
      if (expression!.includes("outputs('Details')") && !expression!.startsWith('if('))
        expect(expression).toMatch(/^replace\(replace\(replace\(string\(/)
  })
})
