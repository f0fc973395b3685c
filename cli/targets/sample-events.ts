/** A row of events as the store has it, to show what targets that take events are sent. Nothing of it happened. */
import type { AuditEvent } from '../../schemas/event.ts'
import type { EventRow } from '../../schemas/ports.ts'
import { ROW_COLUMNS, rowText } from '../../schemas/row.ts'

const EVENT = {
  eventType: 'tool.call',
  eventId: '0192f0c1-0000-7000-8000-000000000001',
  eventTime: '2026-10-01T10:05:00.000Z',
  receivedAt: '2026-10-01T10:05:00.250Z',
  tenant: 'default',
  serverId: 'files',
  principalKey: 'a11ce000a11ce000',
  clientKey: 'ide',
  toolName: 'read_file',
  method: 'tools/call',
  transport: 'http',
  vantage: 'server',
  decision: 'allow',
  durationMs: 12,
} as unknown as AuditEvent

export function sampleRow(): EventRow {
  const enrichment = {
    ...{ serverOwner: 'platform', serverEnv: 'production', toolRisk: 'read', inventoryHash: '' },
    ...{ matchedRules: [], ruleSetHash: '' },
  }
  const position = { log: '0'.repeat(32), partition: 0, offset: 1, index: 0 }
  const values = JSON.parse(rowText(EVENT, enrichment, position)) as readonly unknown[]
  return Object.fromEntries(ROW_COLUMNS.map(([name], at) => [name, values[at]]))
}
