/** What the named queries share: parameters with their defaults, and what columns mean. A query says only what is its own. */
import { alert } from '../../schemas/alert.ts'
import { envelope } from '../../schemas/envelope.ts'
import { finding } from '../../schemas/finding.ts'
import { columnOf } from '../../schemas/wire.ts'

export interface ParameterWords {
  readonly default: string
  readonly description: string
}
export const SHARED_PARAMETERS: Readonly<Record<string, ParameterWords>> = {
  tenant: { default: '', description: 'tenant; empty: all' },
  server: { default: '', description: 'server id; empty: all' },
  tool: { default: '', description: 'tool name; empty: all' },
  principal: { default: '', description: 'key of a principal; empty: all' },
  client: { default: '', description: 'OAuth client id; empty: all' },
  from: { default: '7d', description: 'start, by event time: 2026-11-24T10:00:00Z, or so long ago: 30m, 24h, 7d' },
  to: { default: '2100-01-01T00:00:00Z', description: 'end, by event time, in the same ways' },
  limit: { default: '1000', description: 'rows at most' },
}

/** Columns that several queries and views compute, in the same sense. */
const COMPUTED: Readonly<Record<string, string>> = {
  fields: 'Fields of the type beyond the envelope, as JSON.',
  tool_risk: 'Risk class of the tool: read, write, destructive, exec, network, unknown.',
  server_owner: 'Owner of the server, from the inventory.',
  server_env: 'Environment of the server, from the inventory.',
  matched_rules: 'Ids of the stateless rules that matched.',
  is_error: 'The result says isError.',
  args_bytes: 'Size of the arguments as JSON.',
  result_bytes: 'Size of the result as JSON.',
  first_seen: 'Event time of the first of them.',
  last_seen: 'Event time of the last of them.',
  events: 'Events, each once.',
  calls: 'Tool calls.',
  refusals: 'How often it was denied or challenged.',
  principals: 'Principals, by key.',
  servers: 'Servers.',
  clients: 'OAuth clients.',
  tools: 'Tools.',
  scopes: 'Scopes.',
  addresses: 'Source addresses, counted by keyed hash.',
  expires_at: 'When the token expires; 1970 when unknown.',
  iss: 'Issuer.',
  aud: 'Audiences of the token.',
  expected_aud: 'Audiences the server answers to.',
  token_fp: 'Keyed hash of the token id, else of the token.',
  reason: 'Why it was accepted or refused.',
  annotations: 'Annotations that are true or false, such as readOnlyHint=true.',
  findings: 'Classes the content classifiers reported.',
  surface: 'Where it was found: definition, arguments, result, …',
  finding_class: 'Class: secret.github_token, pii.email, injection.conceal, …',
  hits: 'Hits.',
  content_path: 'Path within the arguments, result or definition.',
  verdict: 'What the classifier says: benign, suspicious, malicious, unknown.',
  destination_host: 'Registrable host name.',
  ip_class: 'Class of the address after DNS.',
  credential_relation: 'How the sent credential relates to the caller’s.',
  validations: 'How often a token was validated.',
  transports: 'Transports seen.',
  protocol_versions: 'MCP protocol versions seen.',
  vantages: 'From where it is seen.',
  producers: 'Instances of the instrumentation that sent for it.',
  drops: 'Events its instances say they dropped.',
  last_received: 'When we last received an event of it.',
  last_heartbeat: 'Event time of its last heartbeat; 1970 when it sends none.',
  first_missing: 'First number that is missing.',
  last_missing: 'Last number that is missing.',
  missing: 'How many are missing.',
  noticed_at: 'Event time of the event after the gap.',
  next_event_id: 'The event after the gap.',
  state: 'What the rule can see there: active, degraded, inactive, not_applicable, not_observable.',
  reasons: 'Types and fields that are missing, or why it does not apply.',
  evaluations_24h: 'Events the rule looked at in 24 hours.',
  matches_24h: 'Times it matched in 24 hours.',
  last_hour: 'Last hour in which it was evaluated.',
}

const described = (shape: Readonly<Record<string, { meta(): unknown }>>): [string, string][] =>
  Object.entries(shape).map(([field, schema]) => [
    columnOf(field),
    String((schema.meta() as { description?: string } | undefined)?.description ?? ''),
  ])
/** Meaning of a column by name: the envelope's first, since most columns are its. */
export const COLUMN_WORDS: ReadonlyMap<string, string> = new Map([
  ...described(alert.shape),
  ...described(finding.shape),
  ...Object.entries(COMPUTED),
  ['event_type', 'Type of the event.'],
  ...described(envelope),
])
