/**
 * Which OCSF class each type of event becomes. The schemas we can check against are API Activity, Authentication and Detection Finding, so
 * what belongs into another class is not exported as OCSF, with that reason; `--format jsonl` has every event.
 */
import type { EventFields, EventType } from '../../schemas/event.ts'
import { OTHER } from './vocabulary.ts'

/** Who acts: the caller of the server, the server itself (it asks its client, or another service), or a person at the controls. */
export type Initiator = 'caller' | 'server' | 'person'
interface Activity {
  readonly id: number
  /** Of 99. */
  readonly name?: string
}
export type EventClass =
  | {
      readonly kind: 'api'
      /** Unless the event says its own. */
      readonly operation: string
      readonly activity: (event: EventFields) => Activity
      readonly initiator: (event: EventFields) => Initiator
    }
  | { readonly kind: 'authentication'; readonly activity: Activity }
  | { readonly kind: 'finding' }
  | { readonly kind: 'none'; readonly reason: string }

const CREATE: Activity = { id: 1 }
const READ: Activity = { id: 2 }
const UPDATE: Activity = { id: 3 }
const DELETE: Activity = { id: 4 }
const other = (name: string): Activity => ({ id: OTHER, name })

const api = (
  operation: string,
  activity: Activity | ((event: EventFields) => Activity),
  initiator: Initiator | ((event: EventFields) => Initiator) = 'caller',
): EventClass => ({
  kind: 'api',
  operation,
  activity: typeof activity === 'function' ? activity : () => activity,
  initiator: typeof initiator === 'string' ? () => initiator : initiator,
})
const authentication = (activity: Activity): EventClass => ({ kind: 'authentication', activity })
const none = (reason: string): EventClass => ({ kind: 'none', reason })

const VERBS: Readonly<Record<string, Activity>> = {
  GET: READ,
  HEAD: READ,
  POST: CREATE,
  PUT: UPDATE,
  PATCH: UPDATE,
  DELETE,
}
const byVerb = ({ verb }: EventFields): Activity => of(VERBS, String(verb).toUpperCase(), 'Request')
/** A POST of MCP’s HTTP transport creates nothing by itself: its method says what it does. */
const ofTransport = ({ verb }: EventFields): Activity =>
  verb === 'GET' ? READ : verb === 'DELETE' ? DELETE : other('Request')
const TASK_OPERATIONS: Readonly<Record<string, Activity>> = {
  get: READ,
  result: READ,
  list: READ,
  update: UPDATE,
  cancel: DELETE,
}
const ACCESSES: Readonly<Record<string, Activity>> = {
  query: READ,
  export: READ,
  reveal: READ,
  delete: DELETE,
  retention: DELETE,
  alert: UPDATE,
  definition: UPDATE,
}
/** What stands in the table under a text that may be anything. */
function of(table: Readonly<Record<string, Activity>>, value: unknown, otherwise = 'Other'): Activity {
  const known = Object.hasOwn(table, String(value)) ? table[String(value)] : undefined
  return known ?? other(otherwise)
}

const INVOKE = other('Invoke')
/** A list is what a client asked for, or what the server offers at its start and after a change. */
const listing = (operation: string): EventClass =>
  api(
    operation,
    ({ registrySource }) => (registrySource === 'mutation' ? UPDATE : READ),
    ({ registrySource }) => (registrySource === 'list' ? 'caller' : 'server'),
  )
const LIFECYCLE = none('belongs to Application Lifecycle (6002), whose schema we cannot check against')
const OWN_HEALTH = none('tells of the audit itself, not of an act')
const fedIn = (belongs: string): EventClass =>
  none(`a fact fed in from another system, which reports it itself; belongs to ${belongs}`)

export const EVENT_CLASSES: { readonly [T in EventType]: EventClass } = {
  'server.started': LIFECYCLE,
  'server.stopped': LIFECYCLE,
  'server.heartbeat': OWN_HEALTH,
  'server.spawned': none('belongs to Process Activity (1007), whose schema we cannot check against'),
  'server.identity': LIFECYCLE,
  'client.hello': api('initialize', other('Connect')),

  'auth.token.validated': authentication({ id: 1 }),
  'auth.challenge.sent': authentication(other('Challenge')),
  'auth.dpop.checked': authentication(other('Proof of Possession')),
  'authz.decision': api('authorize', other('Authorize')),
  'auth.metadata.published': api('metadata', other('Publish'), 'server'),

  'oauth.client_registered': api('register', CREATE),
  'oauth.cimd_fetched': api('client metadata document', READ, 'server'),
  'oauth.authorize': authentication(other('Authorization Request')),
  'oauth.consent': authentication(other('Consent')),
  'oauth.upstream_redirect': authentication(other('Upstream Redirect')),
  'oauth.callback': authentication(other('Callback')),
  'oauth.token': authentication(other('Token Request')),

  'http.request': api('http', ofTransport),
  'session.created': api('session', CREATE),
  'session.terminated': api('session', DELETE),
  'stream.opened': api('stream', CREATE),
  'stream.closed': api('stream', DELETE),
  'notification.sent': api('notification', other('Notify'), 'server'),
  'queue.enqueued': api('queue', other('Enqueue'), 'server'),

  'tool.call': api('tools/call', INVOKE),
  'tool.result': api('tools/call', INVOKE),
  'mrtr.input_required': api('input_required', other('Request Input'), 'server'),
  'mrtr.retry': api('retry', other('Retry')),
  'task.created': api('task', CREATE),
  'task.accessed': api('task', ({ op }) => of(TASK_OPERATIONS, op)),
  'task.ended': api('task', other('End'), 'server'),
  'elicitation.requested': api('elicitation/create', other('Elicit'), 'server'),
  'elicitation.completed': api('elicitation/create', other('Answer')),
  'sampling.requested': api('sampling/createMessage', other('Sample'), 'server'),
  'roots.requested': api('roots/list', READ, 'server'),

  'resource.read': api('resources/read', READ),
  'prompt.get': api('prompts/get', READ),
  'completion.request': api('completion/complete', READ),
  'content.finding': { kind: 'finding' },
  'guardrail.result': api('guardrail', other('Classify'), 'server'),

  'outbound.request': api('http', byVerb, 'server'),
  side_effect: none('belongs to Process (1007), File System (1001) or Datastore Activity (6005), unchecked here'),

  'tools.registry': listing('tools/list'),
  'prompts.registry': listing('prompts/list'),
  'resources.registry': listing('resources/list'),
  'tool.approved': api('tool approval', CREATE, 'person'),
  'tool.approval.revoked': api('tool approval', DELETE, 'person'),

  'deployment.event': fedIn('Application Lifecycle (6002)'),
  'identity.revoked': fedIn('Account Change (3001)'),
  'grant.changed': fedIn('User Access Management (3005)'),
  'config.changed': fedIn('Device Config State Change (5019)'),
  'approval.recorded': api('approval', CREATE, 'person'),
  'inventory.snapshot': fedIn('Inventory Info (5001)'),
  'ti.indicator': fedIn('OSINT Inventory Info (5021)'),
  'advisory.event': fedIn('Vulnerability Finding (2002)'),

  'auditd.config.changed': api('configuration', UPDATE, 'person'),
  'auditd.error': OWN_HEALTH,
  'auditd.checkpoint': OWN_HEALTH,
  'auditd.coverage': OWN_HEALTH,
  'audit.access': api('audit store', ({ operation }) => of(ACCESSES, operation), 'person'),
  'detection.alert': none('an alert is a Detection Finding of its own: export --what alerts'),
}
