/** The outbox in the ledger: findings and decisions wait here to be taken in, alert revisions wait here to be delivered. */
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange } from '../../schemas/alert-change.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { AlertUpdate, Clock, Outbox, Taken, Telemetry } from '../../schemas/ports.ts'
import { failpoint, sabotage } from '../failpoint.ts'
import type { Database } from './database.ts'
import { alertOf, dueDeliveries, settle } from './deliveries.ts'

/** Ids that were taken in, decisions and settled deliveries are known this long: longer than any replay reaches back. */
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
  return {
    wake,
    async take(limit, signal) {
      for (;;) {
        const taken = next(database, limit)
        if (taken.findings.length + taken.changes.length > 0 || signal.aborted || closed) return taken
        await changeOrAbort(wakers, signal)
      }
    },
    async offer(findings, changes) {
      database.transaction(() => {
        const add = (kind: string, id: string, body: unknown) =>
          database.run(
            'INSERT OR IGNORE INTO findings (finding_id, kind, body) VALUES (?, ?, ?)',
            ...[id, kind, JSON.stringify(body)],
          )
        for (const finding of findings) add('finding', finding.findingId, finding)
        for (const change of changes) add('change', change.changeId, change)
      })
      wake()
    },
    async decisions(groups) {
      return groups.flatMap(({ tenant, rule, entity }) => {
        const known = 'SELECT body FROM decisions WHERE tenant = ? AND rule = ? AND entity = ?'
        const body = database.get(known, tenant, rule, entity)?.['body']
        return body === undefined ? [] : [JSON.parse(String(body)) as AlertChange]
      })
    },
    async alerts(alertIds) {
      const found = new Map<string, Alert>()
      for (const id of alertIds) {
        const body = database.get('SELECT body FROM alerts WHERE alert_id = ?', id)?.['body']
        if (body !== undefined) found.set(id, alertOf(JSON.parse(String(body))))
      }
      return found
    },
    async remembered(ids) {
      if (sabotage('no-finding-memory')) return new Set()
      const known = 'SELECT 1 FROM findings WHERE finding_id = ? AND grouped_at_ms IS NOT NULL'
      return new Set(ids.filter((id) => database.get(known, id) !== undefined))
    },
    async record(update) {
      database.transaction(() => record(database, update, clock.nowMs()))
      for (const target of new Set(update.deliveries.map((delivery) => delivery.target))) report(target)
    },
    async due(target, nowMs, limit) {
      return dueDeliveries(database, target, nowMs, limit)
    },
    async settle(delivery, settlement) {
      failpoint('after-delivery-before-settle')
      settle(database, delivery, settlement, clock.nowMs())
      report(delivery.target)
    },
    async waiting(target) {
      return waiting(target)
    },
    async close() {
      closed = true
      wake()
    },
  }

  function waiting(target: string): number {
    const row = database.get("SELECT count(*) AS due FROM deliveries WHERE target = ? AND state = 'due'", target)
    return Number(row?.['due'] ?? 0)
  }
  function report(target: string): void {
    telemetry.gauge('mcp_auditd_outbox_pending', waiting(target), { target })
  }
}

/** A change is taken alone, in its place among the findings: what comes before it was grouped without it. */
function next(database: Database, limit: number): Taken {
  const from = Number(database.get('SELECT value FROM cursors WHERE name = ?', CURSOR)?.['value'] ?? 0)
  const rows = database.all(
    'SELECT seq, kind, body FROM findings WHERE seq > ? AND body IS NOT NULL ORDER BY seq LIMIT ?',
    ...[from, limit],
  )
  const bodyOf = (row: Record<string, unknown>): unknown => JSON.parse(String(row['body']))
  const change = rows.findIndex((row) => row['kind'] === 'change')
  if (change === 0) return { findings: [], changes: [bodyOf(rows[0]!) as AlertChange], cursor: String(rows[0]!['seq']) }
  const findings = change === -1 ? rows : rows.slice(0, change)
  return {
    findings: findings.map((row) => bodyOf(row) as Finding),
    changes: [],
    cursor: String(findings.at(-1)?.['seq'] ?? from),
  }
}

/** Alerts, their deliveries, decisions, what was taken in and the cursor, together. Recording the same again changes nothing. */
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
  for (const { tenant, rule, entity, ...rest } of update.decisions ?? [])
    database.run(
      'INSERT OR REPLACE INTO decisions (tenant, rule, entity, body, recorded_at_ms) VALUES (?, ?, ?, ?, ?)',
      ...[tenant, rule, entity, JSON.stringify({ tenant, rule, entity, ...rest }), nowMs],
    )
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
  database.run('DELETE FROM decisions WHERE recorded_at_ms < ?', nowMs - REMEMBERED_MS)
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
