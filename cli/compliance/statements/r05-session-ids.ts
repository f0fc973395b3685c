/** R5: session ids cannot be guessed. */
import { findingsOf, grouped, statement } from '../statement.ts'

export default statement({
  id: 'R5',
  title: 'Session ids cannot be guessed',
  said: 'MCP security best practices: secure, non-deterministic session ids',
  rows: ['SES-004'],
  query: (scope) => `SELECT count() AS observed, ${findingsOf(scope, 'ses-004')} AS exceptions,
  minIf(JSONExtractFloat(fields, 'idBits'), JSONHas(fields, 'idBits')) AS least_bits, uniqExact(server_id) AS servers
FROM events_exact WHERE event_type = 'session.created' AND ${scope.received}`,
  figure: (of) =>
    `${grouped(of['observed'])} ids of ${grouped(of['servers'])} servers; the weakest carries ${Number(of['least_bits']) > 0 ? grouped(of['least_bits']) : 'an unknown number of'} bits`,
  notObservable: ['N18'],
})
