/** R18: annotations are not believed, and no schema is fetched from the network. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R18',
  title: 'Annotations are not believed, and no schema is fetched from the network',
  said: 'MCP tools: annotations are untrusted',
  rows: ['TDF-006', 'TDF-008'],
  query: (
    scope,
  ) => `SELECT count() AS observed, ${findingsOf(scope, 'tdf-006', 'tdf-008')} AS exceptions, uniqExact(server_id) AS servers, uniqExact(tool_name) AS tools
FROM definitions WHERE definition_hash IN (SELECT JSONExtractString(arrayJoin(JSONExtractArrayRaw(fields, 'definitions')), 'hash')
  FROM events_exact WHERE event_type = 'tools.registry' AND ${scope.received})`,
  figure: (of) =>
    `${grouped(of['observed'])} definitions of ${grouped(of['tools'])} tools on ${grouped(of['servers'])} servers were examined`,
  notObservable: ['N13', 'N8'],
})
