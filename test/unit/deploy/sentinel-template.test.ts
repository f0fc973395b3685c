/** What deploy/sentinel/main.bicep deploys, evaluated: tables and streams as the target fills them, rules as their files say, known properties alone. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { auditRow, detectionRow } from '../../../connectors/webhook/azure/sentinel-rows.ts'
import { ROW_COLUMNS } from '../../../schemas/row.ts'
import { bicep, type Deployed } from '../../bicep.ts'
import { sampleAlert } from '../../fakes/alerts.ts'
import { ask, FUNCTIONS, HUNTS, PLAYBOOK, RULES, SENTINEL } from '../../sentinel-content.ts'

const template = (given: Readonly<Record<string, unknown>> = {}) =>
  bicep(join(SENTINEL, 'main.bicep'), { workspaceName: 'soc', ...given })
const { resources, outputs } = template({ senderObjectId: '11111111-0000-0000-0000-000000000000' })
const of = (type: string): readonly Deployed[] => resources.filter((one) => one.type === type)
const propertiesOf = ({ body }: Deployed) => body['properties'] as Readonly<Record<string, unknown>>

/** Top-level properties that each type takes, by the published reference of its API version. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.OperationalInsights/workspaces/tables@2023-09-01': [
    'plan',
    'retentionInDays',
    'totalRetentionInDays',
    'schema',
  ],
  'Microsoft.Insights/dataCollectionRules@2023-03-11': [
    ...['description', 'streamDeclarations', 'destinations', 'dataFlows', 'dataSources', 'dataCollectionEndpointId'],
  ],
  'Microsoft.Authorization/roleAssignments@2022-04-01': [
    'roleDefinitionId',
    'principalId',
    'principalType',
    'description',
  ],
  'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01': [
    ...['category', 'displayName', 'query', 'functionAlias', 'functionParameters', 'version', 'tags'],
  ],
  'Microsoft.SecurityInsights/alertRules@2024-09-01': [
    ...[
      'displayName',
      'description',
      'severity',
      'enabled',
      'query',
      'queryFrequency',
      'queryPeriod',
      'triggerOperator',
    ],
    ...['triggerThreshold', 'suppressionEnabled', 'suppressionDuration', 'tactics', 'techniques', 'entityMappings'],
    ...['customDetails', 'alertDetailsOverride', 'eventGroupingSettings', 'incidentConfiguration'],
  ],
  'Microsoft.Insights/workbooks@2023-06-01': ['displayName', 'category', 'sourceId', 'serializedData', 'version'],
  'Microsoft.Web/connections@2016-06-01': ['displayName', 'api', 'parameterValueType'],
  'Microsoft.Logic/workflows@2019-05-01': ['state', 'parameters', 'definition'],
}
/** The API of tables and a data collection rule spell times differently. */
const TABLE_TYPES = new Set(['string', 'int', 'long', 'real', 'boolean', 'dateTime', 'guid', 'dynamic'])
const STREAM_TYPES = new Set(['string', 'int', 'long', 'real', 'boolean', 'datetime', 'dynamic'])
interface Column {
  readonly name: string
  readonly type: string
}

describe('the template', () => {
  it('asks for a workspace alone, and says what the configuration of the target needs', () => {
    expect(template().required).toEqual(['workspaceName'])
    expect(outputs).toEqual({
      endpoint: '<rule.properties.endpoints.logsIngestion>',
      ruleId: '<rule.properties.immutableId>',
    })
  })
  it.each(['main.bicep', 'playbook/close-resolved.bicep'])('%s sets only properties that its types have', (file) => {
    for (const resource of bicep(join(SENTINEL, file), { workspaceName: 'soc', senderObjectId: 'x' }).resources) {
      const known = KNOWN[`${resource.type}@${resource.version}`]
      expect(known, `${resource.type}@${resource.version}`).toBeDefined()
      for (const name of Object.keys(propertiesOf(resource))) expect(known, resource.type).toContain(name)
    }
  })
  it('makes two tables and the streams that fill them, column by column', () => {
    const [rule] = of('Microsoft.Insights/dataCollectionRules')
    expect(rule?.body['kind']).toBe('Direct')
    const { streamDeclarations, dataFlows, destinations } = propertiesOf(rule!) as {
      streamDeclarations: Record<string, { columns: Column[] }>
      dataFlows: { streams: string[]; outputStream: string; transformKql: string; destinations: string[] }[]
      destinations: { logAnalytics: { name: string }[] }
    }
    const tables = of('Microsoft.OperationalInsights/workspaces/tables')
    expect(tables.map(({ name }) => name)).toEqual(['McpAudit_CL', 'McpDetection_CL'])
    for (const table of tables) {
      const { schema } = propertiesOf(table) as { schema: { name: string; columns: Column[] } }
      const stream = streamDeclarations[`Custom-${table.name}`]!.columns
      expect(schema.name).toBe(table.name)
      for (const { type } of schema.columns) expect(TABLE_TYPES).toContain(type)
      for (const { type } of stream) expect(STREAM_TYPES).toContain(type)
      // The transformation adds TimeGenerated and nothing else.
      expect(schema.columns.map(({ name, type }) => [name, type.toLowerCase()])).toEqual([
        ['TimeGenerated', 'datetime'],
        ...stream.map(({ name, type }) => [name, type]),
      ])
      const flow = dataFlows.find(({ outputStream }) => outputStream === `Custom-${table.name}`)!
      expect(flow.streams).toEqual([`Custom-${table.name}`])
      expect(flow.destinations).toEqual([destinations.logAnalytics[0]!.name])
    }
  })
  it.each([
    ['McpDetection_CL', detectionRow(fullAlert())],
    ['McpAudit_CL', auditRow(fullEvent())],
  ])('%s has a column for all that the target sends, and the target fills each of them', (table, row) => {
    const [rule] = of('Microsoft.Insights/dataCollectionRules')
    const { streamDeclarations } = propertiesOf(rule!) as { streamDeclarations: Record<string, { columns: Column[] }> }
    const { columns } = streamDeclarations[`Custom-${table}`]!
    const sent = Object.entries(row).map(([name, value]) => [name, kindOf(value)])
    const declared = columns.filter(({ name }) => name !== 'CutFields').map(({ name, type }) => [name, KIND[type]])
    expect(sent.sort()).toEqual(declared.sort())
  })
  it('gives the sender the one role it needs, on the rule alone; without a sender none', () => {
    const [role] = of('Microsoft.Authorization/roleAssignments')
    expect(role?.body).toMatchObject({
      scope: '<rule>',
      properties: {
        principalId: '11111111-0000-0000-0000-000000000000',
        roleDefinitionId: expect.stringContaining('3913510d-42f4-4e42-8a64-420c390055eb'),
      },
    })
    expect(template().resources.some(({ type }) => type === 'Microsoft.Authorization/roleAssignments')).toBe(false)
  })
  it('deploys every parser after those it calls, with its parameters', () => {
    const searches = of('Microsoft.OperationalInsights/workspaces/savedSearches')
    const functions = searches.filter(({ symbol }) => symbol === 'function')
    expect(functions.map(({ name }) => name).sort()).toEqual(FUNCTIONS.map(({ name }) => name).sort())
    for (const [at, one] of functions.entries()) {
      const { functionAlias, functionParameters, query } = propertiesOf(one) as Record<string, string>
      const known = FUNCTIONS.find(({ name }) => name === functionAlias)!
      expect(functionParameters!.replaceAll('=', ' = ')).toBe(known.parameters)
      const called = FUNCTIONS.filter(({ name }) => name !== functionAlias && query!.includes(`${name}(`))
      const before = functions.slice(0, at).map(({ name }) => name)
      for (const { name } of called) expect(before).toContain(name)
    }
  })
  it('deploys every rule as its file says, times in ISO 8601', () => {
    const rules = of('Microsoft.SecurityInsights/alertRules')
    expect(rules.map(({ name }) => name).sort()).toEqual(RULES.map(([, { id }]) => id).sort())
    for (const [, file] of RULES) {
      const rule = rules.find(({ name }) => name === file.id)!
      expect(rule.body['kind']).toBe(file.kind)
      const properties = propertiesOf(rule)
      expect(properties).toMatchObject({
        displayName: file.name,
        severity: file.severity,
        query: file.query,
        enabled: true,
      })
      const times = JSON.stringify(properties).matchAll(
        /"(?:query\w+|suppressionDuration|lookbackDuration)":"(P[^"]*)"/g,
      )
      for (const [, time] of times) expect(time).toMatch(/^P(T\d+[MH]|\d+D)$/)
      if (file.kind === 'Scheduled')
        expect(properties).toMatchObject({ triggerOperator: 'GreaterThan', triggerThreshold: 0 })
    }
  })
  it('deploys hunting queries and the workbook, or none of the content', () => {
    const hunts = resources.filter(({ symbol }) => symbol === 'hunting')
    expect(hunts.map(({ name }) => name).sort()).toEqual(HUNTS.map(([, { id }]) => id).sort())
    const [workbook] = of('Microsoft.Insights/workbooks')
    expect(JSON.parse(propertiesOf(workbook!)['serializedData'] as string)).toMatchObject({ version: 'Notebook/1.0' })
    const bare = template({ withContent: false }).resources.map(({ type }) => type)
    expect(new Set(bare)).toEqual(
      new Set(['Microsoft.OperationalInsights/workspaces/tables', 'Microsoft.Insights/dataCollectionRules']),
    )
  })
})

describe('the reader of Bicep', () => {
  it.each([
    ['an undeclared name', 'var a = b', /line 1: b is not declared/],
    ['a property twice', 'var a = {\n  x: 1\n  x: 2\n}', /line 3: x stands twice/],
    ['two statements on a line', 'var a = 1 var b = 2', /line 1: expected a line/],
    ['an unknown statement', 'let a = 1', /unknown statement/],
    ['an unknown function', 'var a = uniqueThing(1)', /line 1: unknown function uniqueThing/],
    ['a property that is not there', 'var a = {\n}\nvar b = a.x', /there is no x/],
    ['a text without an end', "var a = 'x\n", /line 1: a text without an end/],
    ['a parameter that nobody gave', 'param a string', /parameter a is not given/],
  ])('refuses %s', (_, text, reason) => {
    const file = join(mkdtempSync(join(tmpdir(), 'mcp-auditd-')), 'a.bicep')
    writeFileSync(file, text)
    expect(() => bicep(file, {})).toThrow(reason)
  })
})

describe('playbooks', () => {
  const close = bicep(join(SENTINEL, 'playbook/close-resolved.bicep'), { workspaceName: 'soc' }).resources
  it('the one that closes reads the columns of its query by their places', () => {
    const definition = JSON.stringify(close.find(({ type }) => type === 'Microsoft.Logic/workflows'))
    const hunt = HUNTS.find(([name]) => name === 'McpResolvedButOpenIncident')![1]
    const columns = ask(hunt.query).columns.map(({ name }) => name)
    const read = [...definition.matchAll(/item\(\)\[(\d+)\]/g)].map(([, at]) => columns[Number(at)])
    expect(read).toEqual(['IncidentName', 'AlertUid', 'Status', 'Owner', 'StatusReason'])
    expect(definition).toContain(JSON.stringify(hunt.query).slice(1, -1))
  })
  it('may read logs and answer incidents, and nothing else', () => {
    const roles = close.filter(({ type }) => type === 'Microsoft.Authorization/roleAssignments')
    expect(roles.map((role) => String(propertiesOf(role)['roleDefinitionId']).split('/').at(-1))).toEqual([
      '73c42c96-874c-492b-b04d-ab87d138a893',
      '3e150937-b8fe-4cfb-8069-0eaf05ecd056',
    ])
  })
  it('every name that the one that comments refers to exists in its template', () => {
    const text = JSON.stringify(PLAYBOOK)
    const { parameters, variables } = PLAYBOOK as unknown as Record<string, Record<string, unknown>>
    const referred = (kind: string) =>
      [...text.matchAll(new RegExp(`"\\[[^"]*?${kind}\\('(\\w+)'\\)`, 'g'))].map(([, name]) => name!)
    for (const name of referred('parameters')) expect(parameters).toHaveProperty(name)
    for (const name of referred('variables')) expect(variables).toHaveProperty(name)
    expect(referred('variables').length).toBeGreaterThan(3)
  })
})

const KIND: Readonly<Record<string, string>> = {
  ...{
    string: 'text',
    datetime: 'time',
    int: 'integer',
    long: 'integer',
    real: 'number',
    boolean: 'truth',
    dynamic: 'bag',
  },
}
function kindOf(value: unknown): string {
  if (typeof value === 'boolean') return 'truth'
  if (typeof value === 'object') return 'bag'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(String(value)) ? 'time' : 'text'
}
/** With a value in every field. */
function fullAlert() {
  return sampleAlert({
    ...{
      owner: 'maria',
      statusReason: 'looking',
      statusAt: '2026-10-01T11:00:00Z',
      statusUntil: '2026-10-02T11:00:00Z',
    },
    ...{ verdict: 'true_positive', sessionFp: 's1', status: 'suppressed' },
  })
}
function fullEvent(): Readonly<Record<string, unknown>> {
  const sampleOf = (type: string): unknown => {
    if (type.startsWith('Array')) return ['x']
    if (type.startsWith('DateTime')) return '2026-10-01 10:00:00.123'
    if (type.startsWith('UInt')) return 7
    if (type.startsWith('Float')) return 1.5
    return type === 'Bool' ? true : 'x'
  }
  return { ...Object.fromEntries(ROW_COLUMNS.map(([name, type]) => [name, sampleOf(type)])), fields: '{"bytes":7}' }
}
