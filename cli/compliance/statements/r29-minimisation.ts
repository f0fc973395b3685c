/** R29: no more personal or secret data is recorded than is needed. */
import { grouped, statement } from '../statement.ts'

export default statement({
  id: 'R29',
  title: 'No more personal or secret data is recorded than is needed',
  said: 'Privacy by design: minimisation',
  rows: ['AUD-009', 'BEH-003'],
  query: (scope) => `SELECT count() AS observed, countIf(capture_level = 'full') AS exceptions,
  countIf(capture_level = 'redacted') AS redacted, countIf(notEmpty(redactions)) AS fields_removed,
  countIf(event_type = 'content.finding' AND startsWith(JSONExtractString(fields, 'findingClass'), 'pii.')) AS personal,
  countIf(event_type = 'content.finding' AND startsWith(JSONExtractString(fields, 'findingClass'), 'secret.')) AS secrets
FROM events_exact WHERE ${scope.received}`,
  figure: (of) =>
    `${grouped(of['redacted'])} of ${grouped(of['observed'])} events hold redacted texts, all others shapes and hashes; classifiers met personal data ${grouped(of['personal'])} and secrets ${grouped(of['secrets'])} times; exceptions hold full content`,
  notObservable: ['N21', 'N22'],
})
