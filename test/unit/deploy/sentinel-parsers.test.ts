/** The ASIM parsers of deploy/sentinel bind, take the filters of their schemas, and answer the fields that these ask for. */
import { describe, expect, it } from 'vitest'
import { ask, PARSERS } from '../../sentinel-content.ts'

describe('parsers', () => {
  it.each(PARSERS)('%s binds, body and call', (name, parser) => {
    expect(parser.ParserName).toBe(name)
    const lets = parser.ParserParams.map(({ Name, Default }) => `let ${Name} = ${Default};\n`).join('')
    expect(ask(`${lets}${parser.ParserQuery}`).diagnostics).toEqual([])
    expect(ask(`${name}()`).diagnostics).toEqual([])
    const given = parser.ParserParams.map(({ Name, Default }) => `${Name} = ${Default}`).join(', ')
    expect(ask(`${name}(${given})`).diagnostics).toEqual([])
  })
})

/** Mandatory fields by schema: those common to all, and its own (ASIM schema references, versions as the parsers say). */
const COMMON = {
  ...{ TimeGenerated: 'datetime', EventCount: 'int', EventStartTime: 'datetime', EventEndTime: 'datetime' },
  ...{ EventProduct: 'string', EventVendor: 'string', EventSchema: 'string', EventSchemaVersion: 'string' },
}
const RESULT = { EventType: 'string', EventResult: 'string', Dvc: 'string' }
const ASIM: Readonly<
  Record<
    string,
    { version: string; mandatory: Record<string, string>; filters: readonly string[]; recommended: readonly string[] }
  >
> = {
  AgentEvent: {
    version: '0.1.0',
    mandatory: COMMON,
    recommended: ['EventUid', 'SrcAgentId', 'SrcAgentName'],
    filters: ['agentid_has_any', 'agentname_has_any', 'username_has_any'],
  },
  Authentication: {
    version: '0.1.4',
    mandatory: { ...COMMON, ...RESULT },
    recommended: ['EventResultDetails', 'EventSeverity', 'EventUid', 'DvcId', 'DvcIdType', 'DvcAction', 'Src'],
    filters: [
      ...['srcipaddr_has_any_prefix', 'srchostname_has_any', 'username_has_any', 'targetappname_has_any'],
      ...['eventtype_in', 'eventresult', 'eventresultdetails_in'],
    ],
  },
  AlertEvent: {
    version: '0.1',
    mandatory: { ...COMMON, EventType: 'string', EventUid: 'string' },
    recommended: [
      ...[
        'EventSubType',
        'EventSeverity',
        'DvcHostname',
        'DvcId',
        'DvcIdType',
        'AlertName',
        'ThreatCategory',
        'IndicatorType',
      ],
      ...['AttackTactics', 'AttackTechniques', 'AttackRemediationSteps', 'Username'],
    ],
    filters: [
      ...['ipaddr_has_any_prefix', 'hostname_has_any', 'username_has_any', 'attacktactics_has_any'],
      ...['attacktechniques_has_any', 'threatcategory_has_any', 'alertverdict_has_any', 'eventseverity_has_any'],
    ],
  },
  AuditEvent: {
    version: '0.1.2',
    mandatory: { ...COMMON, ...RESULT, Operation: 'string', Object: 'string' },
    recommended: ['EventSeverity', 'EventUid', 'DvcId', 'DvcIdType', 'NewValue', 'ActorUsername'],
    filters: [
      ...['srcipaddr_has_any_prefix', 'eventtype_in', 'eventresult', 'actorusername_has_any', 'operation_has_any'],
      ...['object_has_any', 'newvalue_has_any'],
    ],
  },
}
describe.each(Object.entries(ASIM))('the ASIM schema %s', (schema, { version, mandatory, recommended, filters }) => {
  const [filtering, plain] = ['vim', 'ASim'].map((prefix) => `${prefix}${schema}McpAuditd`)
  const parserOf = (name: string | undefined) => PARSERS.find(([known]) => known === name)![1]
  it('has its mandatory and recommended fields, in both parsers', () => {
    for (const name of [filtering, plain]) {
      const columns = new Map(ask(`${name}()`).columns.map((column) => [column.name, column.type]))
      for (const [field, type] of Object.entries(mandatory)) expect(columns.get(field), `${name} ${field}`).toBe(type)
      for (const field of recommended) expect(columns.has(field), `${name} ${field}`).toBe(true)
      expect(columns.get('AdditionalFields')).toBe('dynamic')
      expect(parserOf(name).Normalization).toEqual({ Schema: schema, Version: version })
    }
  })
  it('says its name and version in every row', () => {
    const { ParserQuery } = parserOf(filtering)
    expect(ParserQuery).toContain(`EventSchema = "${schema}"`)
    expect(ParserQuery).toContain(`EventSchemaVersion = "${version}"`)
  })
  it('takes the filters of the schema, by name', () => {
    const names = parserOf(filtering).ParserParams.map(({ Name }) => Name)
    expect([...names].sort()).toEqual([...filters, 'starttime', 'endtime', 'disabled', 'pack'].sort())
    expect(parserOf(plain).ParserParams.map(({ Name }) => Name)).toEqual(['disabled', 'pack'])
  })
})
