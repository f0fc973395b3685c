/** Settings of each type of target as its documentation would show them, and values in place of secrets. For `targets sample`. */
import { AuditdError } from '../../schemas/errors.ts'
import { type TargetConfig, targetConfig } from '../../schemas/target-config.ts'

type Fields<T extends TargetConfig['type']> = Partial<
  Record<Exclude<keyof Extract<TargetConfig, { type: T }>, 'type'>, unknown>
>
const EXAMPLES: { readonly [T in TargetConfig['type']]: Fields<T> } = {
  console: {},
  webhook: { url: 'https://siem.example.com/hooks/mcp', secret: 'env:WEBHOOK_SECRET' },
  slack: { url: 'env:SLACK_URL' },
  teams: { url: 'env:TEAMS_URL' },
  pagerduty: { routingKey: 'env:PAGERDUTY_KEY' },
  sentinel: {
    endpoint: 'https://example.westeurope-1.ingest.monitor.azure.com',
    ruleId: 'dcr-00000000000000000000000000000000',
    credential: { kind: 'client', tenantId: 'tenant', clientId: 'client', clientSecret: 'env:SENTINEL_SECRET' },
    events: true,
  },
  splunk: { url: 'https://splunk.example.com:8088', token: 'env:SPLUNK_TOKEN', events: true },
  elasticsearch: { url: 'https://elastic.example.com:9200', apiKey: 'env:ELASTIC_KEY', events: true },
  syslog: { address: 'syslog.example.com:6514' },
  kafka: { topic: 'security.alerts', brokers: ['kafka.example.com:9092'] },
  file: { path: '/var/log/mcp-auditd/alerts.jsonl', events: true },
}

/** An example of every type, under its own name, or of one. Throws AuditdError('not_found'). */
export function exampleTargets(type?: string): Readonly<Record<string, TargetConfig>> {
  if (type !== undefined && !Object.hasOwn(EXAMPLES, type))
    throw new AuditdError('not_found', 'targets', type, `no such type; there are ${Object.keys(EXAMPLES).join(', ')}`)
  return Object.fromEntries(
    Object.entries(EXAMPLES)
      .filter(([known]) => type === undefined || known === type)
      .map(([known, fields]) => [known, targetConfig.parse({ type: known, ...fields })]),
  )
}

/** What stands for a secret that is not there: well formed, worth nothing, and shown as `***` like any other. */
export function placeholder(type: TargetConfig['type'], field: string): string {
  if (type === 'slack') return 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'
  if (type === 'teams')
    return 'https://example.westeurope.logic.azure.com/workflows/example/triggers/manual/paths/invoke'
  if (type === 'pagerduty') return 'x'.repeat(32)
  if (type === 'webhook') return `whsec_${Buffer.alloc(32, 'x').toString('base64')}`
  return `placeholder-of-${field.replaceAll('.', '-')}`
}
