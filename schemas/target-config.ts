/** Where alerts may go: the configuration of each kind of target. A new kind is one shape here and one file in connectors/webhook/targets. */
import { z } from 'zod'
import { SEVERITIES } from './finding.ts'
import { secret } from './secret-reference.ts'

/** What a target may leave out of an alert: its readers see `[redacted]` there. */
export const REDACTABLE = ['principal', 'client', 'session', 'tool', 'entity', 'saw', 'evidence', 'query'] as const
export type Redactable = (typeof REDACTABLE)[number]

const pattern = z.string().min(1).max(128)
const filter = z
  .strictObject({
    rules: z.array(pattern).default([]).describe('Rule ids, or their beginnings with * at the end; empty: all.'),
    tenants: z.array(z.string()).default([]).describe('These tenants alone; empty: all.'),
    servers: z.array(pattern).default([]).describe('Servers, * at the end allowed; empty: all.'),
    except: z.array(pattern).default([]).describe('Rule ids that never go here, * at the end allowed.'),
  })
  .prefault({})
  .describe('Which alerts go here.')

interface Defaults {
  readonly minimumSeverity: (typeof SEVERITIES)[number]
  /** Messages a minute before others are grouped; 0: no flood control, for targets that programs read. */
  readonly floodMost: number
}
/** What every target has beside its own fields. */
const delivered = ({ minimumSeverity, floodMost }: Defaults) => ({
  minimumSeverity: z.enum(SEVERITIES).default(minimumSeverity).describe('Alerts below it are not delivered here.'),
  filter,
  redact: z.array(z.enum(REDACTABLE)).default([]).describe('What is left out of the alerts that go here.'),
  flood: z
    .strictObject({
      most: z
        .int()
        .min(0)
        .default(floodMost)
        .describe('Messages within `perMs`; more are grouped in one. 0: no bound.'),
      perMs: z.int().min(1_000).default(60_000).describe('Time over which messages are counted, milliseconds.'),
    })
    .prefault({})
    .describe('Flood control; critical alerts are always told one by one.'),
})
const FOR_PEOPLE = { floodMost: 20 }
const FOR_PROGRAMS = { minimumSeverity: 'info', floodMost: 0 } as const

const body = z
  .enum(['alert', 'ocsf'])
  .default('alert')
  .describe('Form of an alert: our own, or an OCSF Detection Finding.')
const events = z.boolean().default(false).describe('Every event goes here too, not alerts alone.')

const azureCredential = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('client').describe('An application of Entra with a client secret.'),
    tenantId: z.string().min(1).describe('Directory (tenant) id.'),
    clientId: z.string().min(1).describe('Application (client) id.'),
    clientSecret: secret.describe('Client secret.'),
    authority: z.url().default('https://login.microsoftonline.com').describe('Where tokens are issued.'),
  }),
  z.strictObject({
    kind: z.literal('managed-identity').describe('The identity of the machine or container this runs on.'),
    clientId: z.string().default('').describe('Client id of a user-assigned identity; empty: the system’s.'),
  }),
])

export const targetConfig = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('console').describe('Lines on standard output.'),
    ...delivered({ minimumSeverity: 'info', floodMost: 0 }),
  }),
  z.strictObject({
    type: z.literal('webhook').describe('Signed Standard Webhooks request.'),
    url: z.url().describe('Where it is posted to.'),
    secret: secret.describe('Standard Webhooks signing secret, whsec_…'),
    body,
    ...delivered({ minimumSeverity: 'low', floodMost: 0 }),
  }),
  z.strictObject({
    type: z.literal('slack').describe('Slack incoming webhook.'),
    url: secret.describe('Incoming-webhook URL; it is itself a secret.'),
    ...delivered({ minimumSeverity: 'medium', ...FOR_PEOPLE }),
  }),
  z.strictObject({
    type: z.literal('teams').describe('Microsoft Teams, by a Workflows webhook.'),
    url: secret.describe('URL of the workflow; it is itself a secret.'),
    ...delivered({ minimumSeverity: 'medium', ...FOR_PEOPLE }),
  }),
  z.strictObject({
    type: z.literal('pagerduty').describe('PagerDuty Events v2: triggers, acknowledges and resolves incidents.'),
    routingKey: secret.describe('Integration key of the service.'),
    url: z.url().default('https://events.pagerduty.com/v2/enqueue').describe('Events API; the EU has its own.'),
    ...delivered({ minimumSeverity: 'high', ...FOR_PEOPLE }),
  }),
  z.strictObject({
    type: z.literal('sentinel').describe('Microsoft Sentinel, by the Logs Ingestion API.'),
    endpoint: z.url().describe('Logs ingestion endpoint of the data collection rule, or of an endpoint (DCE).'),
    ruleId: z
      .string()
      .regex(/^dcr-[0-9a-f]{32}$/)
      .describe('Immutable id of the data collection rule.'),
    alertStream: z.string().default('Custom-McpDetection_CL').describe('Stream of alerts.'),
    eventStream: z.string().default('Custom-McpAudit_CL').describe('Stream of events.'),
    audience: z
      .url()
      .default('https://monitor.azure.com')
      .describe('Audience of the token; other clouds have their own.'),
    credential: azureCredential.describe('Who sends; needs the role Monitoring Metrics Publisher on the rule.'),
    events,
    ...delivered(FOR_PROGRAMS),
  }),
  z.strictObject({
    type: z.literal('splunk').describe('Splunk HTTP Event Collector.'),
    url: z.url().describe('Base address of the collector, such as https://splunk:8088.'),
    token: secret.describe('HEC token.'),
    acknowledged: z.boolean().default(false).describe('The token has indexer acknowledgement on.'),
    index: z.string().default('').describe('Index; empty: that of the token.'),
    source: z.string().default('mcp-auditd').describe('Source of each event.'),
    sourcetype: z.string().default('mcp:audit').describe('Source type; alerts have `:alert` at its end.'),
    body,
    events,
    ...delivered(FOR_PROGRAMS),
  }),
  z.strictObject({
    type: z.literal('elasticsearch').describe('Elasticsearch or OpenSearch, by the bulk API.'),
    url: z.url().describe('Base address.'),
    index: z.string().min(1).default('mcp-audit-alerts').describe('Index or data stream of alerts.'),
    eventIndex: z.string().min(1).default('mcp-audit-events').describe('Index or data stream of events.'),
    apiKey: secret.optional().describe('API key, encoded; or user name and password.'),
    username: z.string().default('').describe('User name, without an API key.'),
    password: secret.optional().describe('Password of the user.'),
    body: z
      .enum(['ecs', 'alert', 'ocsf'])
      .default('ecs')
      .describe('Form of an alert: Elastic Common Schema, our own, or an OCSF Detection Finding.'),
    events,
    ...delivered(FOR_PROGRAMS),
  }),
  z.strictObject({
    type: z.literal('syslog').describe('Syslog, RFC 5424 over TLS (RFC 5425).'),
    address: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be HOST:PORT')
      .describe('HOST:PORT, often port 6514.'),
    tls: z.boolean().default(true).describe('Without it only loopback is spoken to.'),
    ca: z.string().default('').describe('File with certificates to trust instead of those of the system.'),
    format: z.enum(['cef', 'json']).default('cef').describe('Form of the message.'),
    facility: z.int().min(0).max(23).default(13).describe('Facility; 13 is log audit.'),
    ...delivered(FOR_PROGRAMS),
  }),
  z.strictObject({
    type: z.literal('kafka').describe('A Kafka topic.'),
    topic: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,249}$/)
      .describe('Name of the topic.'),
    brokers: z.array(z.string()).default([]).describe('HOST:PORT of its brokers; empty: those of kafka.brokers.'),
    body,
    ...delivered(FOR_PROGRAMS),
  }),
  z.strictObject({
    type: z.literal('file').describe('A file of JSON lines, for agents that ship files.'),
    path: z.string().min(1).describe('Path; a full file is renamed to PATH.1 and so on.'),
    rotateBytes: z
      .int()
      .min(4_096)
      .default(100 * 1024 * 1024)
      .describe('Size at which it is renamed, bytes.'),
    keep: z.int().min(0).max(1_000).default(10).describe('Renamed files that are kept.'),
    body,
    events,
    ...delivered(FOR_PROGRAMS),
  }),
])
export type TargetConfig = z.infer<typeof targetConfig>
