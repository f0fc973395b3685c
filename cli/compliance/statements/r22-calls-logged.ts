/** R22: every call of a tool is logged with its duration, outcome and errors. */
import { grouped, statement } from '../statement.ts'

export default statement({
  id: 'R22',
  title: 'Every call of a tool is logged with its duration, outcome and errors',
  said: 'MCP security controls: logging',
  rows: ['AUD-005'],
  query: (
    scope,
  ) => `SELECT countIf(event_type = 'tool.call') AS observed, countIf(event_type = 'tool.call' AND result_event_id = '' AND result_type NOT IN ('task', 'input_required') AND outcome = ''
    AND event_time < now() - toIntervalMinute(5)) AS exceptions,
  countIf(duration_ms > 0) AS timed, countIf(is_error OR outcome NOT IN ('', 'ok')) AS failed
FROM calls WHERE ${scope.received}`,
  figure: (of) =>
    `${grouped(of['timed'])} of ${grouped(of['observed'])} calls have a duration, ${grouped(of['failed'])} failed; exceptions are calls without an end`,
  notObservable: ['N10', 'N22'],
})
