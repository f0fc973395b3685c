/** What deploy/sentinel ships, read as it lies there: parsers, rules, hunting queries, workbook, playbooks, and the workspace they speak to. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type KustoColumn, type KustoFunction, kusto } from './kusto.ts'
import { ROOT } from './repo/sources.ts'

export const SENTINEL = join(ROOT, 'deploy/sentinel')
const read = (...path: readonly string[]): string => readFileSync(join(SENTINEL, ...path), 'utf8')
/** File name without its ending, and content. */
const yamlFiles = <T>(folder: string): readonly (readonly [string, T])[] =>
  readdirSync(join(SENTINEL, folder))
    .sort()
    .map((file) => [file.replace(/\.yaml$/, ''), parse(read(folder, file)) as T] as const)

export interface ParserFile {
  readonly ParserName: string
  readonly ParserParams: readonly { readonly Name: string; readonly Type: string; readonly Default: string | boolean }[]
  readonly ParserQuery: string
  readonly Normalization?: { readonly Schema: string; readonly Version: string }
}
export interface HuntFile {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly tactics: readonly string[]
  readonly relevantTechniques: readonly string[]
  readonly query: string
  readonly version: string
  readonly requiredDataConnectors: readonly { readonly connectorId: string; readonly dataTypes: readonly string[] }[]
  readonly entityMappings: readonly {
    readonly entityType: string
    readonly fieldMappings: readonly { readonly identifier: string; readonly columnName: string }[]
  }[]
}
export interface RuleFile extends HuntFile {
  readonly kind: 'Scheduled' | 'NRT'
  readonly severity: string
  readonly queryFrequency?: string
  readonly queryPeriod?: string
  readonly triggerOperator?: string
  readonly triggerThreshold?: number
  readonly customDetails: Readonly<Record<string, string>>
  readonly alertDetailsOverride: {
    readonly alertDisplayNameFormat: string
    readonly alertDescriptionFormat: string
    readonly alertSeverityColumnName?: string
    readonly alertDynamicProperties?: readonly { readonly alertProperty: string; readonly value: string }[]
  }
  readonly eventGroupingSettings: { readonly aggregationKind: string }
  readonly incidentConfiguration: {
    readonly createIncident: boolean
    readonly groupingConfiguration: Readonly<Record<string, unknown>>
  }
}
export const PARSERS = yamlFiles<ParserFile>('parsers')
export const RULES = yamlFiles<RuleFile>('analytics')
export const HUNTS = yamlFiles<HuntFile>('hunting')

interface WorkbookPart {
  readonly name: string
  readonly content: {
    readonly query?: string
    readonly title?: string
    readonly visualization?: string
    readonly parameters?: readonly { readonly name: string; readonly query?: string }[]
  }
}
export const WORKBOOK = JSON.parse(read('workbook/mcp-auditd.json')) as {
  readonly version: string
  readonly items: readonly WorkbookPart[]
}
/** Queries of parts and parameters with every parameter filled in as the portal does it. */
export const WORKBOOK_QUERIES = WORKBOOK.items.flatMap(({ name, content }) =>
  [{ name, query: content.query }, ...(content.parameters ?? [])].flatMap(({ name, query }) =>
    query === undefined ? [] : [[name, filledIn(query)] as const],
  ),
)
function filledIn(query: string): string {
  return query
    .replaceAll('{TimeRange:grain}', '1h')
    .replaceAll('{Correlation}', '0123abcd')
    .replace(/\{(Tenant|Server|Principal)\}/g, "'a','b'")
}
export const PLAYBOOK = JSON.parse(read('playbook/comment-incident.json')) as { readonly resources: readonly unknown[] }

export interface DeployedTable {
  readonly transform: string
  readonly columns: readonly (KustoColumn & { readonly description: string })[]
  readonly stream: readonly KustoColumn[]
}
export const TABLES = JSON.parse(read('columns.json')) as Readonly<Record<string, DeployedTable>>

const columns = (types: Readonly<Record<string, string>>): readonly KustoColumn[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }))
/** What Azure Monitor adds to every table, as far as queries name it. */
const STANDARD = columns({
  TenantId: 'string',
  Type: 'string',
  _ItemId: 'string',
  _ResourceId: 'string',
  _TimeReceived: 'datetime',
})
/** Sentinel's own, the columns that are used. */
const OWN = {
  SecurityIncident: columns({
    ...{ TimeGenerated: 'datetime', IncidentName: 'string', IncidentNumber: 'int', Title: 'string', Status: 'string' },
    ...{ IncidentUrl: 'string', AlertIds: 'dynamic', LastModifiedTime: 'datetime' },
  }),
  SecurityAlert: columns({ TimeGenerated: 'datetime', SystemAlertId: 'string', ExtendedProperties: 'string' }),
}
export const parametersOf = ({ ParserParams }: ParserFile): string =>
  ParserParams.map(({ Name, Type, Default }) => `${Name}:${Type} = ${Default}`).join(', ')
export const FUNCTIONS: readonly KustoFunction[] = PARSERS.map(([, parser]) => ({
  name: parser.ParserName,
  parameters: parametersOf(parser),
  body: parser.ParserQuery,
}))
/** Asks the language service as the workspace would answer once everything is deployed. */
export const ask = kusto({
  tables: {
    ...OWN,
    ...Object.fromEntries(Object.entries(TABLES).map(([name, table]) => [name, [...table.columns, ...STANDARD]])),
  },
  functions: FUNCTIONS,
})
