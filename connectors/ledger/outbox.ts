/** The outbox in the ledger: findings wait here to be grouped, alert revisions wait here to be delivered. */
import type { Alert } from '../../schemas/alert.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { AlertUpdate, Clock, Delivery, Outbox, Telemetry } from '../../schemas/ports.ts'
import { failpoint, sabotage } from '../failpoint.ts'
import type { Database } from './database.ts'

/** Grouped finding ids and settled deliveries are known this long: longer than any replay reaches back. */
const REMEMBERED_MS = 400 * 86_400_000
const CURSOR = 'findings'

export interface LedgerOutbox extends Outbox {
  /** Findings became durable. */
  wake(): void
}
export function ledgerOutbox(database: Database, clock: Clock, telemetry: Telemetry): LedgerOutbox {
  const wakers = new Set<() => void>()
  let closed = false
  const wake = () => {
    for (const waker of wakers) waker()
    wakers.clear()
  }
  const cursor = () => Number(database.get('SELECT value FROM cursors WHERE name = ?', CURSOR)?.['value'] ?? 0)
  return {
    wake,
    async take(limit, signal) {
      for (;;) {
        const from = cursor()
        const rows = database.all(
          'SELECT seq, body FROM findings WHERE seq > ? AND body IS NOT NULL ORDER BY seq LIMIT ?',
          ...[from, limit],
        )
        const findings = rows.map((row) => JSON.parse(String(row['body'])) as Finding)
        if (findings.length > 0 || signal.aborted || closed)
          return { findings, changes: [], cursor: String(rows.at(-1)?.['seq'] ?? from) }
        await changeOrAbort(wakers, signal)
      }
    },
    async offer(findings) {
      for (const { findingId, ...rest } of findings)
        database.run(
          'INSERT OR IGNORE INTO findings (finding_id, body) VALUES (?, ?)',
          ...[findingId, JSON.stringify({ findingId, ...rest })],
        )
      wake()
    },
    async decisions() {
      return []
    },
    async alerts(alertIds) {
      const found = new Map<string, Alert>()
      for (const id of alertIds) {
        const body = database.get('SELECT body FROM alerts WHERE alert_id = ?', id)?.['body']
        if (body !== undefined) found.set(id, JSON.parse(String(body)) as Alert)
      }
      return found
    },
    async remembered(findingIds) {
      if (sabotage('no-finding-memory')) return new Set()
      const known = 'SELECT 1 FROM findings WHERE finding_id = ? AND grouped_at_ms IS NOT NULL'
      return new Set(findingIds.filter((id) => database.get(known, id) !== undefined))
    },
    async record(update) {
      database.transaction(() => record(database, update, clock.nowMs()))
      for (const target of new Set(update.deliveries.map((delivery) => delivery.target))) report(target)
    },
    async due(target, nowMs, limit) {
      return due(database, target, nowMs, limit)
    },
    async settle(delivery, settlement) {
      failpoint('after-delivery-before-settle')
      const { target, alert, attempt } = delivery
      const place = [target, alert.alertId, alert.revision] as const
      const where = "WHERE target = ? AND alert_id = ? AND revision = ? AND state = 'due'"
      if (settlement.kind === 'retry')
        database.run(
          `UPDATE deliveries SET attempt = ?, not_before_ms = ?, reason = ? ${where}`,
          ...[attempt + 1, Math.trunc(settlement.notBeforeMs), settlement.reason, ...place],
        )
      else if (settlement.kind !== 'bundled')
        database.run(
          `UPDATE deliveries SET state = ?, reason = ?, body = NULL, settled_at_ms = ? ${where}`,
          ...[settlement.kind, settlement.kind === 'dead' ? settlement.reason : '', clock.nowMs(), ...place],
        )
      report(target)
    },
    async close() {
      closed = true
      wake()
    },
  }

  function report(target: string): void {
    const row = database.get("SELECT count(*) AS due FROM deliveries WHERE target = ? AND state = 'due'", target)
    telemetry.gauge('mcp_auditd_outbox_pending', Number(row?.['due'] ?? 0), { target })
  }
}

/** Alerts, their deliveries, the grouped findings and the cursor, together. Recording the same again changes nothing. */
function record(database: Database, update: AlertUpdate, nowMs: number): void {
  const bodies = new Map(update.alerts.map((alert) => [`${alert.alertId}/${alert.revision}`, JSON.stringify(alert)]))
  for (const alert of update.alerts)
    database.run(
      `INSERT INTO alerts (alert_id, revision, body, changed_at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT (alert_id) DO UPDATE SET revision = excluded.revision, body = excluded.body, changed_at_ms = excluded.changed_at_ms
       WHERE excluded.revision >= revision`,
      ...[alert.alertId, alert.revision, bodies.get(`${alert.alertId}/${alert.revision}`)!, nowMs],
    )
  for (const { alertId, revision, target } of update.deliveries) {
    const body =
      bodies.get(`${alertId}/${revision}`) ??
      database.get('SELECT body FROM alerts WHERE alert_id = ?', alertId)?.['body']
    if (body === undefined) continue
    database.run(
      `INSERT OR IGNORE INTO deliveries (target, alert_id, revision, body, attempt, not_before_ms, state, reason)
       VALUES (?, ?, ?, ?, 1, 0, 'due', '')`,
      ...[target, alertId, revision, String(body)],
    )
  }
  failpoint('after-outbox-before-commit')
  for (const id of update.findingIds)
    database.run(
      `INSERT INTO findings (finding_id, body, grouped_at_ms) VALUES (?, NULL, ?)
       ON CONFLICT (finding_id) DO UPDATE SET body = NULL, grouped_at_ms = excluded.grouped_at_ms`,
      ...[id, nowMs],
    )
  database.run(
    'INSERT INTO cursors (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)',
    ...[CURSOR, Number(update.cursor)],
  )
  database.run('DELETE FROM findings WHERE grouped_at_ms < ?', nowMs - REMEMBERED_MS)
  database.run("DELETE FROM deliveries WHERE state != 'due' AND settled_at_ms < ?", nowMs - REMEMBERED_MS)
}

/** Revisions of one alert reach a target in their order: a later one waits for the earlier. */
function due(database: Database, target: string, nowMs: number, limit: number): readonly Delivery[] {
  const rows = database.all(
    `SELECT alert_id, revision, body, attempt FROM deliveries AS d
     WHERE target = ? AND state = 'due' AND not_before_ms <= ? AND NOT EXISTS (
       SELECT 1 FROM deliveries AS earlier
       WHERE earlier.target = d.target AND earlier.alert_id = d.alert_id AND earlier.state = 'due' AND earlier.revision < d.revision)
     ORDER BY seq LIMIT ?`,
    ...[target, nowMs, limit],
  )
  return rows.map((row) => ({
    target,
    alert: JSON.parse(String(row['body'])) as Alert,
    idempotencyKey: `${row['alert_id']}-${row['revision']}`,
    attempt: Number(row['attempt']),
  }))
}

function changeOrAbort(wakers: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      wakers.delete(done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    wakers.add(done)
    signal.addEventListener('abort', done)
  })
}
