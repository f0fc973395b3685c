/** R19: paths and URIs of resources cannot leave their place. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R19',
  title: 'Paths and URIs of resources cannot leave their place',
  said: 'MCP resources: validate URIs, sanitise paths',
  rows: ['INJ-004'],
  query: (scope) => `SELECT count() AS observed, ${findingsOf(scope, 'inj-004')} AS exceptions,
  countIf(event_type = 'resource.read' AND JSONExtractString(fields, 'uriClass') = 'traversal') AS traversal
FROM events_exact WHERE event_type IN ('resource.read', 'tool.call') AND ${scope.received}`,
  figure: (of) =>
    `${grouped(of['observed'])} reads and calls were examined, ${grouped(of['traversal'])} reads tried to climb out`,
  notObservable: ['N21'],
})
