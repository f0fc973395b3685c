/** A row of events without what its target may not tell, as redaction of alerts does it. Pure. */
import type { EventRow } from '../../schemas/ports.ts'
import type { Redactable } from '../../schemas/target-config.ts'

const GONE = '[redacted]'
/** Columns by what they tell of. The fields of the type may name any of it, so they go as soon as one thing is to be left out. */
const COLUMNS: Readonly<Partial<Record<Redactable, readonly string[]>>> = {
  principal: ['principal_key', 'actor_keys', 'tenant_key', 'source_address_fp'],
  client: ['client_key', 'client_name', 'client_version'],
  session: ['session_fp', 'correlation_key'],
  tool: ['tool_name'],
}

export function redactRow(row: EventRow, redact: readonly Redactable[]): EventRow {
  const columns = redact.flatMap((what) => COLUMNS[what] ?? [])
  if (columns.length === 0 && !redact.includes('evidence')) return row
  const gone = columns.flatMap((column) => {
    const value = row[column]
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return []
    return [[column, Array.isArray(value) ? value.map(() => GONE) : GONE] as const]
  })
  return { ...row, ...Object.fromEntries(gone), fields: '{}' }
}
