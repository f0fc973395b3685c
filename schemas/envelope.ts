/** The envelope: what every audit event says about itself, its producer, its server and its caller. */
import { z } from 'zod'
import { characters, count, flag, id, instant, LIMITS, name, names, oneOf, optionalInstant } from './field.ts'

/**
 * Verified and claimed facts are different fields. Verified come from a validated token (`principalKey`, `clientKey`,
 * `tenantKey`); claimed ones from the caller's own words (`clientName`, `traceId` when `traceClientSupplied`).
 * Every field is optional on the wire except the first four; an absent text is '', never null.
 */
export const envelope = {
  eventId: z
    .string()
    .regex(/^([0-9a-f]{32}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12})$/, 'must be a UUID or 32 lower-case hex digits')
    .meta({
      description:
        'Identity within (tenant, serverId): UUIDv7 of the producer, or 128 bits of a hash for foreign telemetry.',
      origin: 'server',
      unit: 'id',
    }),
  eventTime: instant('server', 'When it happened, by the producer; clamped to the allowed window around receivedAt.'),
  serverId: characters(LIMITS.nameChars).min(1).meta({
    description: 'The MCP server; from the credential when keys are configured, else from the resource.',
    origin: 'ours',
    unit: 'text',
  }),

  schemaVersion: z
    .literal(1)
    .optional()
    .meta({ description: 'Version of this schema.', origin: 'ours', unit: 'version' }),
  receivedAt: optionalInstant('ours', 'When we first received it; stamped once at the edge, milliseconds.'),
  claimedEventTime: optionalInstant('server', 'The event time as sent, when it lay outside the allowed window.'),
  tenant: name('ours', 'Tenant, from the credential; `default` without keys.'),
  serverClaimed: flag('ours', 'The server id is the producer’s own claim: no credential vouches for it.'),

  producerId: id('server', 'Instance of the instrumentation: new at each process start.'),
  previousProducerId: id('server', 'The instance before it, when known (restart with a spool).'),
  producerSeq: count('server', 'number', 'Number of the event within its producer instance, from 1.'),
  sdk: name('server', 'MCP SDK or framework.'),
  sdkVersion: name('server', 'Its version.'),
  keyVersion: name('server', 'Version of the key that made the keyed hashes of this event.'),
  formerHashes: names(
    'server',
    'Keyed hashes under the former key while a rotation overlaps, each as new=former: the two are one value.',
  ),
  integrationVersion: name('server', 'Version of the instrumentation or adapter.'),

  serverName: name('server', 'Name the server reports (claimed).'),
  serverVersion: name('server', 'Version the server reports (claimed).'),
  buildDigest: name('server', 'Digest of the build that runs.'),
  transport: oneOf('server', ['http', 'sse_legacy', 'stdio', 'inproc'], 'How the request came.'),
  era: oneOf(
    'server',
    ['legacy', 'modern'],
    'legacy: protocol up to 2025-11-25, with sessions; modern: 2026-07-28 on, stateless.',
  ),
  protocolVersion: name('server', 'MCP protocol version in use.'),

  requestUid: id('server', 'Our id of one JSON-RPC request; call and result share it.'),
  logicalCallId: id('server', 'Shared by the rounds of one multi-round-trip call; equals requestUid otherwise.'),
  jsonrpcIdHash: id('server', 'Keyed hash of the JSON-RPC id.'),
  method: name('client', 'MCP method of the request.'),
  traceId: z
    .string()
    .regex(/^([0-9a-f]{32})?$/, 'must be 32 lower-case hex digits')
    .optional()
    .meta({ description: 'Trace id.', origin: 'client', unit: 'id' }),
  spanId: z
    .string()
    .regex(/^([0-9a-f]{16})?$/, 'must be 16 lower-case hex digits')
    .optional()
    .meta({ description: 'Span id.', origin: 'client', unit: 'id' }),
  traceClientSupplied: flag('server', 'The trace context was the caller’s: correlation only, never attribution.'),

  principalKey: id(
    'server',
    'Keyed hash of (issuer, subject), for Entra of (tid, oid): the person or workload, verified.',
  ),
  principalKind: oneOf('server', ['user', 'workload', 'agent', 'anonymous'], 'Kind of the principal.'),
  actorKeys: names('server', 'Keyed hashes of the principals in the token’s act chain, outermost first.'),
  tenantKey: id('server', 'Keyed hash of the identity provider’s tenant.'),
  clientKey: name('server', 'OAuth client id (azp, appid, client_id), verified; a keyed hash where ids are secret.'),
  clientKind: oneOf('server', ['cimd', 'dcr', 'prereg', 'none'], 'How the client came to its id.'),
  clientName: name('client', 'clientInfo.name (claimed).'),
  clientVersion: name('client', 'clientInfo.version (claimed).'),
  sessionFp: id('server', 'Keyed hash of the Mcp-Session-Id; legacy era only.'),
  correlationKey: id('ours', 'sessionFp, else a keyed hash of (issuer, subject, client, server).'),

  sourceAddressFp: id('server', 'Keyed hash of the source address.'),
  addressClass: oneOf(
    'ours',
    ['loopback', 'private', 'link_local', 'public', 'unknown'],
    'Class of the source address; the address is not kept.',
  ),
  hop: oneOf('gateway', ['direct', 'gateway'], 'Whether a gateway that validates tokens stands in between.'),

  decision: oneOf('server', ['allow', 'deny', 'challenge', 'error'], 'What the server decided.'),
  outcome: oneOf(
    'server',
    ['ok', 'tool_error', 'protocol_error', 'denied', 'timeout', 'cancelled'],
    'How the request ended.',
  ),
  errorCode: name('server', 'JSON-RPC or HTTP error code, as text.'),
  toolName: name('client', 'Tool, as called.'),
  definitionHash: id('server', 'Fingerprint of the tool definition in force (RFC 8785, SHA-256).'),
  durationMs: z
    .number()
    .min(0)
    .max(2 ** 41)
    .optional()
    .meta({ description: 'Duration of the request.', origin: 'server', unit: 'ms' }),

  vantage: oneOf(
    'ours',
    ['server', 'gateway', 'client'],
    'From where it was seen: server-reported, gateway-observed, client-reported.',
  ),
  source: oneOf('ours', ['native', 'otlp_log', 'span', 'adapter', 'ingest'], 'What it was made from.'),
  captureLevel: oneOf('server', ['minimal', 'shape', 'redacted', 'full'], 'How much content the producer kept.'),
  redactions: names('ours', 'What was removed, by field.'),
  unscannedBytes: count('server', 'bytes', 'Content that no classifier read.'),
  labels: names('server', 'Class labels of content.'),
  flags: names('ours', 'What this row lacks or what we changed: event_time_clamped, no_principal, sampled, …'),
} as const

export type EnvelopeField = keyof typeof envelope
export const ENVELOPE_FIELDS = Object.keys(envelope) as readonly EnvelopeField[]
