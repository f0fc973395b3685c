/** R20: tool definitions have a hash, a history and an approval. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R20',
  title: 'Tool definitions have a hash, a history and an approval',
  said: 'MCP security controls: tool integrity',
  rows: ['TDF-001', 'TDF-010'],
  query: (scope) => `SELECT count() AS observed, countIf(definition_hash = '') AS exceptions,
  uniqExactIf((server_id, tool_name, definition_hash), definition_hash != '') AS versions_called,
  ${findingsOf(scope, 'tdf-001')} AS changes, ${findingsOf(scope, 'tdf-010')} AS unapproved
FROM calls WHERE ${scope.received}`,
  figure: (of) =>
    `${grouped(of['observed'])} calls met ${grouped(of['versions_called'])} versions of definitions; ${grouped(of['changes'])} changes and ${grouped(of['unapproved'])} calls of unapproved versions were found; exceptions are calls without a known definition`,
  notObservable: ['N11', 'N12'],
})
