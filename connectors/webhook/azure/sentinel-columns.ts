/**
 * Columns of the two Sentinel tables, the one place that says them: rows are made from here, and `deploy/sentinel/columns.json` (tables and
 * streams of the Bicep template) is printed from here.
 */
import { alert } from '../../../schemas/alert.ts'
import { ENVELOPE_FIELDS, envelope } from '../../../schemas/envelope.ts'
import { ROW_COLUMNS } from '../../../schemas/row.ts'
import { columnOf } from '../../../schemas/wire.ts'

export const AUDIT_TABLE = 'McpAudit_CL'
export const DETECTION_TABLE = 'McpDetection_CL'

/** As a data collection rule writes types; the API of tables spells `dateTime`. */
export type SentinelType = 'string' | 'int' | 'long' | 'real' | 'boolean' | 'datetime' | 'dynamic'
export interface SentinelColumn {
  /** Letters, digits and `_`, at most 45 of them, and none of the service's own names. */
  readonly name: string
  readonly type: SentinelType
  readonly description: string
  /** Column of the view `events`, or field of an alert; '' where we compute it. */
  readonly from: string
}

/** Where a row stood in our own log and which tables it was enriched with: bytes that are paid for and that nobody here can look up. */
const LEFT_OUT = /^(position_|inventory_hash$|rule_set_hash$)/
const ENRICHED: Readonly<Record<string, string>> = {
  event_type: 'Type of the event, such as tool.call.',
  fields: 'Fields of its type, as the schema of events names them.',
  server_owner: 'Owner of the server, by the inventory.',
  server_env: 'Environment of the server, by the inventory.',
  tool_risk: 'Risk class of the tool: read, write, destructive, exec, network, unknown.',
  matched_rules: 'Rules that matched on this event alone.',
}
const described = new Map<string, string>([
  ...Object.entries(ENRICHED),
  ...ENVELOPE_FIELDS.map((field) => [columnOf(field), envelope[field].meta()?.description ?? ''] as const),
])
const CUT: SentinelColumn = {
  name: 'CutFields',
  type: 'dynamic',
  description: 'Columns of this row that were cut, because the service takes 64 KB of each.',
  from: '',
}

const pascal = (column: string): string =>
  column.replace(/(^|_)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase())
function typeOf(clickhouse: string): SentinelType {
  if (clickhouse.startsWith('Array')) return 'dynamic'
  if (clickhouse.startsWith('DateTime')) return 'datetime'
  if (clickhouse.startsWith('UInt64')) return 'long'
  if (clickhouse.startsWith('UInt')) return 'int'
  if (clickhouse.startsWith('Float')) return 'real'
  return clickhouse === 'Bool' ? 'boolean' : 'string'
}

export const AUDIT_COLUMNS: readonly SentinelColumn[] = [
  ...ROW_COLUMNS.filter(([name]) => !LEFT_OUT.test(name)).map(([name, type]) => ({
    name: pascal(name),
    type: name === 'fields' ? ('dynamic' as const) : typeOf(type),
    description: described.get(name) ?? '',
    from: name,
  })),
  CUT,
]

type AlertField = keyof typeof alert.shape
const of = (name: string, type: SentinelType, from: AlertField): SentinelColumn => ({
  name,
  type,
  description: alert.shape[from].meta()?.description ?? '',
  from,
})
export const DETECTION_COLUMNS: readonly SentinelColumn[] = [
  {
    name: 'EventTime',
    type: 'datetime',
    description: 'When this revision came about: the last finding, or a person’s decision after it.',
    from: '',
  },
  of('AlertUid', 'string', 'alertId'),
  of('Revision', 'int', 'revision'),
  of('RuleId', 'string', 'rule'),
  of('RuleVersion', 'int', 'ruleVersion'),
  of('AlertTitle', 'string', 'title'),
  of('Severity', 'string', 'severity'),
  of('SeverityReason', 'string', 'severityReason'),
  of('FindingSeverity', 'string', 'findingSeverity'),
  of('Status', 'string', 'status'),
  of('Owner', 'string', 'owner'),
  of('StatusReason', 'string', 'statusReason'),
  of('StatusAt', 'datetime', 'statusAt'),
  of('StatusUntil', 'datetime', 'statusUntil'),
  of('Verdict', 'string', 'verdict'),
  of('Tenant', 'string', 'tenant'),
  of('ServerId', 'string', 'serverId'),
  of('Entity', 'string', 'entity'),
  of('WindowStart', 'datetime', 'windowStart'),
  of('WindowMs', 'long', 'windowMs'),
  of('FindingCount', 'long', 'count'),
  of('FirstSeen', 'datetime', 'firstSeen'),
  of('LastSeen', 'datetime', 'lastSeen'),
  of('Saw', 'string', 'saw'),
  of('Expected', 'string', 'expected'),
  of('Evidence', 'dynamic', 'evidence'),
  of('EvidenceEventIds', 'dynamic', 'evidenceEventIds'),
  of('FindingIds', 'dynamic', 'findingIds'),
  of('PrincipalKey', 'string', 'principalKey'),
  of('ClientKey', 'string', 'clientKey'),
  of('SessionFp', 'string', 'sessionFp'),
  of('ToolName', 'string', 'toolName'),
  of('Decision', 'string', 'decision'),
  of('EvidenceLevel', 'string', 'evidenceLevel'),
  of('Refs', 'dynamic', 'refs'),
  {
    name: 'Techniques',
    type: 'dynamic',
    description: 'ATT&CK techniques among the references, without their sub-techniques.',
    from: '',
  },
  of('BlindSpots', 'dynamic', 'blindSpots'),
  of('Triage', 'dynamic', 'triage'),
  of('Query', 'string', 'query'),
  CUT,
]

export const TABLES = { [AUDIT_TABLE]: AUDIT_COLUMNS, [DETECTION_TABLE]: DETECTION_COLUMNS } as const
/** What the rule makes of every row on its way: the table wants a TimeGenerated, and it is the time of the event, never that of its arrival. */
export const TRANSFORM = 'source | extend TimeGenerated = EventTime'

/** `deploy/sentinel/columns.json`: what the template reads. The first column of a table must be TimeGenerated. */
export function columnsJson(): string {
  const tables = Object.entries(TABLES).map(([name, columns]) => [
    name,
    {
      transform: TRANSFORM,
      columns: [
        {
          name: 'TimeGenerated',
          type: 'dateTime',
          description: 'Time of the event; of receipt when that is over two days ago.',
        },
        ...columns.map(({ name, type, description }) => ({
          name,
          type: type === 'datetime' ? 'dateTime' : type,
          description,
        })),
      ],
      stream: columns.map(({ name, type }) => ({ name, type })),
    },
  ])
  return `${JSON.stringify(Object.fromEntries(tables), null, 2)}\n`
}
