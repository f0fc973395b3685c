/** The whole configuration as one schema: YAML file, overridden by MCP_AUDITD_* (nested by `__`); unknown keys are refused. */
import { z } from 'zod'
import { SEVERITIES } from './finding.ts'
import { digest, inventorySources, jobSettings, probes, threatIntel } from './job-config.ts'
import { responseConfig } from './response.ts'
import { secret } from './secret-reference.ts'
import { suppression } from './suppression.ts'
import { targetConfig } from './target-config.ts'
import { DEFAULT_PARTITIONS } from './topics.ts'

const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be HOST:PORT')
const credential = z.strictObject({
  keyId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .describe('Name of the key; travels with each Kafka record.'),
  secret: secret.describe('Bearer token over OTLP, HMAC key on Kafka; at least 32 characters.'),
  tenant: z.string().min(1).describe('Tenant this credential speaks for.'),
  servers: z.array(z.string().min(1)).default([]).describe('Servers it may speak for; empty: any.'),
  role: z
    .enum(['producer', 'collector', 'operator'])
    .default('producer')
    .describe(
      'collector: its receivedAt and tenant on Kafka are trusted. operator: it may tell of deployments, approvals, revocations, inventories.',
    ),
})
const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('kafka').describe('A topic that an OpenTelemetry Collector writes.'),
    topic: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,249}$/)
      .describe('Name of the topic, such as otlp_spans.'),
    signal: z.enum(['logs', 'traces']).describe('What it holds, where no record header says so.'),
    encoding: z.enum(['otlp_proto', 'otlp_json']).default('otlp_proto').describe('Encoding of its exporter.'),
    brokers: z.array(z.string()).default([]).describe('HOST:PORT of its brokers; empty: those of kafka.brokers.'),
    group: z.string().default('').describe('Consumer group of this topic alone; empty: mcp-auditd-collect-TOPIC.'),
    from: z.enum(['earliest', 'latest']).default('earliest').describe('Where to start without a committed offset.'),
    tenant: z.string().min(1).default('default').describe('Tenant of all of its records.'),
    server: z.string().default('').describe('Server of all of its records; empty: what they say, claimed.'),
  }),
])

export const config = z.strictObject({
  otlp: address.default('127.0.0.1:4318').describe('OTLP/HTTP receiver.'),
  admin: address.default('127.0.0.1:4319').describe('Health, metrics and queries.'),
  sql: z
    .union([z.literal('off'), address])
    .default('127.0.0.1:8123')
    .describe('ClickHouse HTTP interface, read-only; off: none. With credentials configured, operators only.'),
  credentials: z.array(credential).default([]).describe('Producers; none: loopback only, identities are claimed.'),
  collectorKeyId: z.string().default('').describe('Key with which our own collect role signs its Kafka records.'),
  kafka: z
    .strictObject({
      brokers: z.array(z.string()).default([]).describe('HOST:PORT of each bootstrap broker; KAFKA_BROKERS sets it.'),
      driver: z
        .enum(['kafkajs', 'platformatic'])
        .default('platformatic')
        .describe('Client library; DECISIONS.md compares.'),
      partitions: z
        .int()
        .min(1)
        .max(512)
        .default(DEFAULT_PARTITIONS)
        .describe('Partitions of events and signals; fixed once created.'),
      replicas: z.int().min(1).default(1).describe('Replicas of the topics we create.'),
      prefix: z
        .string()
        .regex(/^[A-Za-z0-9._-]{0,64}$/)
        .default('')
        .describe('Put before the name of every topic and group.'),
      group: z.string().default('mcp-auditd-detect').describe('Consumer group of the detect role.'),
      sessionTimeoutMs: z
        .int()
        .min(1_000)
        .default(30_000)
        .describe('Silence after which a dead process loses its partitions, milliseconds.'),
    })
    .prefault({})
    .describe('The bus when it is Kafka.'),
  sources: z.array(source).default([]).describe('Telemetry of others that we fetch ourselves.'),
  store: z
    .strictObject({
      url: z.string().default('').describe('ClickHouse server; empty: embedded in the data folder.'),
      database: z.string().default('mcp_auditd').describe('Database of our tables.'),
      username: z.string().default('default').describe('User of the server.'),
      password: secret.optional().describe('Password of the user.'),
    })
    .prefault({})
    .describe('Where events, findings and alerts are kept.'),
  limits: z
    .strictObject({
      requestBytes: z
        .int()
        .min(1024)
        .default(20 * 1024 * 1024)
        .describe('OTLP request after decompression, bytes.'),
      inFlightBytes: z
        .int()
        .default(64 * 1024 * 1024)
        .describe('Requests being worked on, bytes; more is answered 503.'),
      spoolBytes: z
        .int()
        .default(1024 * 1024 * 1024)
        .describe('Segments waiting; more is answered 503.'),
      stateRows: z
        .int()
        .default(1_000_000)
        .describe('Rows of state per tenant and scope; the oldest go first, counted.'),
      insertEveryMs: z
        .int()
        .min(0)
        .default(400)
        .describe('Rows wait so long for others before an insert, milliseconds.'),
      snapshotEveryMs: z.int().default(5_000).describe('Time between snapshots of state, milliseconds.'),
      snapshotEveryEvents: z.int().default(50_000).describe('Events between snapshots of state.'),
      coverageEveryMs: z
        .int()
        .min(0)
        .default(60_000)
        .describe('Time between rows of coverage of one partition, milliseconds.'),
      reloadEveryMs: z
        .int()
        .min(50)
        .default(2_000)
        .describe('Time between looks at what the configuration says of rules, milliseconds.'),
    })
    .prefault({})
    .describe('Bounds; nothing grows without one.'),
  retentionDays: z
    .strictObject({
      security: z.int().min(1).default(400).describe('Authentication, definitions, findings and alerts, days.'),
      activity: z.int().min(1).default(180).describe('Calls and other traffic, days.'),
    })
    .prefault({})
    .describe('How long rows are kept.'),
  proof: z
    .strictObject({
      signingKey: secret
        .optional()
        .describe(
          'Ed25519 private key that signs the proof, PEM or its 32 bytes in base64; absent: made in the data folder.',
        ),
      sealRows: z.int().min(1).default(4_096).describe('Rows that are worth a manifest at once.'),
      sealEveryMs: z.int().min(0).default(300_000).describe('Fewer rows wait so long for others, milliseconds.'),
    })
    .prefault({})
    .describe('Signed manifests of stored rows.'),
  displayNames: z
    .strictObject({
      key: secret
        .optional()
        .describe('Key with which servers seal names of people; absent: nobody can be revealed here.'),
      twoPersons: z.boolean().default(false).describe('Revealing a name takes a second person.'),
    })
    .prefault({})
    .describe('Names of people behind keyed hashes.'),
  jobs: jobSettings,
  probes,
  inventorySources,
  threatIntel,
  digest,
  inventory: z.string().default('').describe('YAML file with servers, owners, environments and tool risks.'),
  evidence: z
    .strictObject({
      lastingMs: z
        .int()
        .min(0)
        .max(24 * 3_600_000)
        .default(0)
        .describe('How long producers are asked for redacted texts of a tool after an alert, milliseconds; 0: never.'),
      minimumSeverity: z.enum(SEVERITIES).default('high').describe('Alerts below it ask for nothing.'),
    })
    .prefault({})
    .describe('More detail about tools under alert, from producers that agreed to it.'),
  rules: z.record(z.string(), z.record(z.string(), z.unknown())).default({}).describe('Options of rules by rule id.'),
  ruleModes: z
    .record(z.string(), z.enum(['on', 'shadow', 'off']))
    .default({})
    .describe('Rules that are off or only watch, by id, or by its beginning with * at the end.'),
  suppressions: z.array(suppression).default([]).describe('Findings that are known and answered for.'),
  risk: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Alerts about one subject are added up.'),
      threshold: z
        .number()
        .min(1)
        .default(25)
        .describe('Score from which on there is an incident, of two rules or more.'),
      windowMs: z
        .int()
        .min(60_000)
        .max(30 * 86_400_000)
        .default(86_400_000)
        .describe('Alerts of so long a time are added up, milliseconds.'),
    })
    .prefault({})
    .describe('Incidents: many alerts about one principal, client, session or server.'),
  rulesFolder: z
    .string()
    .default('')
    .describe('Folder with rules of your own, TypeScript files; read anew when they change.'),
  targets: z
    .record(z.string().regex(/^[a-z0-9-]{1,32}$/), targetConfig)
    .prefault({ console: { type: 'console' } })
    .describe('Where alerts go, by name.'),
  responses: z
    .record(z.string().regex(/^[a-z0-9-]{1,32}$/), responseConfig)
    .default({})
    .describe('What other systems may be asked to do about alerts, by name; a person confirms each.'),
  allowPrivateTargets: z.boolean().default(false).describe('Webhooks may go to loopback and private addresses.'),
})
export type Config = z.infer<typeof config>
export type SourceConfig = Config['sources'][number]
