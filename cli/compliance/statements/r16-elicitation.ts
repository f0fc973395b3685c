/** R16: questions to people ask for no secrets, and who answers is who was asked. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R16',
  title: 'Questions to people ask for no secrets, and who answers is who was asked',
  said: 'MCP elicitation',
  rows: ['INJ-010', 'SES-011'],
  query: (
    scope,
  ) => `SELECT countIf(event_type = 'elicitation.requested') AS observed, ${findingsOf(scope, 'inj-010', 'ses-011')} AS exceptions,
  countIf(event_type = 'elicitation.completed') AS completed
FROM events_exact WHERE event_type IN ('elicitation.requested', 'elicitation.completed') AND ${scope.received}`,
  figure: (of) => `${grouped(of['observed'])} questions, ${grouped(of['completed'])} answered`,
  notObservable: ['N2', 'N8'],
})
