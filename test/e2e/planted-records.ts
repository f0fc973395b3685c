/** Records of other products in their own form, with a secret in every text that a caller or a token could have put there. */
import { readFileSync } from 'node:fs'
import { type Canaries, dressed } from '../fakes/canaries.ts'

const FOLDER = new URL('../fixtures/other-sources/', import.meta.url)
const text = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8')
const jsonLines = (file: string): unknown[] =>
  text(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
const situations = (file: string): { telemetry: { events: unknown[] } }[] =>
  Object.values(JSON.parse(text(file)) as Record<string, { telemetry: { events: unknown[] } }>)

/** What tells a reader what a record is, and the server's own name, which is its operator's word. */
const KEPT =
  /^(?:event|type|name|action|resource_type|outcome|status|msg|scope|method|timestamp|time|logged_at|start_time|(?:trace|span|audit)_id|uuid|id|component|backend_name|tool\.gateway_id|\$mcp_server_name|mcp\.(?:method\.name|protocol\.version|server\.name|target)|\$mcp_protocol_version|sentry\.origin|duration)$/
/** Objects whose every text is a caller's, whatever its name. */
const CONTENT = /^(?:data|arguments|result|tool\.arguments|tool\.result|\$mcp_parameters|\$mcp_response|subjects)$/

export interface PlantedBody {
  readonly path: string
  readonly body: string
}
/** One request for each way in, with each text replaced. */
export function plantedBodies(canaries: Canaries): PlantedBody[] {
  const all = Object.values(canaries).flatMap(dressed)
  let next = 0
  const take = () => all[next++ % all.length]!
  const planted = (value: unknown, key = '', inContent = false): unknown => {
    if (typeof value === 'string') return !inContent && KEPT.test(key) ? value : take()
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map((element) => planted(element, key, inContent))
    const fields = Object.entries(value).map(([name, inner]) => {
      // Sentry has each value beside its type.
      if (name === 'value' && typeof inner === 'string' && KEPT.test(key)) return [name, inner]
      return [name, planted(inner, name, inContent || CONTENT.test(name))]
    })
    return { ...Object.fromEntries(fields), [`x.${take()}`]: take() }
  }
  const envelopes = situations('sentry11-sdk-v2.json').flatMap(({ telemetry }) => telemetry.events) as [
    unknown,
    [object, object][],
  ][]
  const contextforge = JSON.parse(text('contextforge.json')) as { trace: unknown; audit: unknown[] }
  return [
    {
      path: '/v1/sources/toolhive',
      body: JSON.stringify(jsonLines('toolhive-audit.jsonl').map((line) => planted(line))),
    },
    {
      path: '/v1/sources/agentgateway',
      body: jsonLines('agentgateway-request-log.jsonl')
        .map((line) => JSON.stringify(planted(line)))
        .join('\n'),
    },
    { path: '/v1/sources/contextforge', body: JSON.stringify(planted(contextforge.trace)) },
    { path: '/v1/sources/contextforge', body: JSON.stringify(contextforge.audit.map((row) => planted(row))) },
    {
      path: '/batch/',
      body: JSON.stringify({
        api_key: take(),
        batch: situations('posthog-v1.json').flatMap(({ telemetry }) =>
          telemetry.events.map((event) => planted(event)),
        ),
      }),
    },
    ...envelopes.map(([, entries]) => ({
      path: `/api/1/envelope/?sentry_key=${take().replace(/\W/g, '')}`,
      body: [
        JSON.stringify({ trace: { public_key: take() } }),
        ...entries.flatMap(([header, payload]) => [JSON.stringify(header), JSON.stringify(planted(payload))]),
      ].join('\n'),
    })),
    // What is no record at all: letters must not repeat it either.
    { path: '/v1/sources/toolhive', body: JSON.stringify([take(), { [take()]: take() }, { type: take() }]) },
    {
      path: '/v1/sources/posthog',
      body: `${take()}\n${JSON.stringify({ event: '$mcp_tool_call', uuid: { a: take() } })}\n`,
    },
  ]
}
