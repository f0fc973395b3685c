/** Deliveries in the ledger: what is due for a target, and what became of it. */
import { type Alert, storedAlert } from '../../schemas/alert.ts'
import type { Delivery, Settlement } from '../../schemas/ports.ts'
import type { Database } from './database.ts'

/** Revisions of one alert reach a target in their order: a later one waits for the earlier. A bundle comes whole or not at all. */
const DUE = `SELECT seq, alert_id, revision, body, attempt, bundle FROM deliveries AS d
  WHERE target = ? AND state = 'due' AND not_before_ms <= ? AND NOT EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.target = d.target AND earlier.alert_id = d.alert_id AND earlier.state = 'due' AND earlier.revision < d.revision)
  AND (bundle = '' OR NOT EXISTS (
    SELECT 1 FROM deliveries AS other
    WHERE other.target = d.target AND other.bundle = d.bundle AND other.state = 'due' AND other.bundle != '' AND other.not_before_ms > ?))`

export function dueDeliveries(database: Database, target: string, nowMs: number, limit: number): readonly Delivery[] {
  const rows = [...database.all(`${DUE} ORDER BY seq LIMIT ?`, target, nowMs, nowMs, limit)]
  const known = new Set(rows.map((row) => row['seq']))
  for (const bundle of new Set(rows.map((row) => String(row['bundle'])))) {
    if (bundle === '') continue
    const members = database.all(`${DUE} AND bundle = ? ORDER BY seq`, target, nowMs, nowMs, bundle)
    rows.push(...members.filter((row) => !known.has(row['seq'])))
  }
  return rows.map((row) => {
    const body: unknown = JSON.parse(String(row['body']))
    return {
      target,
      alert: alertOf(body),
      idempotencyKey: `${row['alert_id']}-${row['revision']}`,
      attempt: Number(row['attempt']),
      ...(row['bundle'] === '' ? {} : { bundle: String(row['bundle']) }),
    }
  })
}

/** Checking each of them would cost more than the rest of a look: only what an earlier version stored is completed. */
export const alertOf = (body: unknown): Alert =>
  'status' in (body as object) ? (body as Alert) : (storedAlert(body) ?? (body as Alert))

/** Changes only what is still due, so that settling again, or too late, does nothing. */
export function settle(database: Database, delivery: Delivery, settlement: Settlement, nowMs: number): void {
  const { target, alert, attempt } = delivery
  const where = "WHERE target = ? AND alert_id = ? AND revision = ? AND state = 'due'"
  const change = (columns: string, ...values: (string | number)[]): void =>
    void database.run(`UPDATE deliveries SET ${columns} ${where}`, ...values, target, alert.alertId, alert.revision)
  if (settlement.kind === 'bundled') change('bundle = ?', settlement.bundle)
  else if (settlement.kind === 'retry')
    change(
      'attempt = ?, not_before_ms = ?, reason = ?',
      ...[attempt + 1, Math.trunc(settlement.notBeforeMs), settlement.reason],
    )
  else
    change(
      'state = ?, reason = ?, body = NULL, settled_at_ms = ?',
      ...[settlement.kind, settlement.kind === 'dead' ? settlement.reason : '', nowMs],
    )
}
