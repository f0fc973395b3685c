/** R28: what runs is pinned, known and free of known flaws. */
import { grouped, share, statement } from '../statement.ts'

export default statement({
  id: 'R28',
  title: 'What runs is pinned, known and free of known flaws',
  said: 'MCP security controls, OWASP MCP04',
  rows: ['SUP'],
  query: (scope) => `SELECT countIf(event_type IN ('server.started', 'server.spawned')) AS observed,
  countIf(event_type = 'server.spawned' AND JSONHas(fields, 'pinned') AND NOT JSONExtractBool(fields, 'pinned')) AS exceptions,
  countIf(event_type = 'server.started' AND (build_digest != '' OR JSONExtractString(fields, 'imageDigest') != '' OR JSONExtractString(fields, 'lockfileHash') != '')) AS digested,
  countIf(event_type = 'server.started') AS starts, countIf(event_type = 'advisory.event') AS advisories
FROM events_exact WHERE event_type IN ('server.started', 'server.spawned', 'advisory.event') AND ${scope.received}`,
  figure: (of) =>
    `${share(of['digested'], of['starts'])} of starts name a build; ${grouped(of['exceptions'])} programs were started without an exact version; ${grouped(of['advisories'])} advisories were taken in`,
  notObservable: ['N9', 'N14', 'SUP: signatures and bills of materials have no rule yet.'],
})
