/** R17: input of tools is validated, access is controlled, output is cleaned. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R17',
  title: 'Input of tools is validated, access is controlled, output is cleaned',
  said: 'MCP tools: security considerations',
  rows: ['INJ-003', 'INJ-004', 'SCP-001', 'BEH-004', 'INJ-011'],
  query: (scope) => `SELECT countIf(event_type = 'tool.call') AS observed,
  ${findingsOf(scope, 'inj-003', 'inj-004', 'inj-011', 'scp-001')} AS exceptions,
  countIf(event_type = 'tool.result' AND outcome IN ('denied', 'protocol_error')) AS refused,
  countIf(event_type = 'tool.result' AND JSONHas(fields, 'schemaOk') AND NOT JSONExtractBool(fields, 'schemaOk')) AS broke_output_schema
FROM events_exact WHERE event_type IN ('tool.call', 'tool.result') AND ${scope.received}`,
  figure: (of) =>
    `of ${grouped(of['observed'])} calls ${grouped(of['refused'])} were refused; ${grouped(of['broke_output_schema'])} results broke their schema`,
  notObservable: ['N3', 'N21', 'BEH-004: bursts of calls have no rule yet.'],
})
