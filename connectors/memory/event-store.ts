/** An event store in memory, for tests: rows by position, no SQL. */
import { readFile } from 'node:fs/promises'
import type { Alert } from '../../schemas/alert.ts'
import type { CoverageRow } from '../../schemas/coverage.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { EventStore, RefusedRow, RowBatch } from '../../schemas/ports.ts'
import { eventOfRow } from '../../schemas/row.ts'

export interface MemoryEventStore extends EventStore {
  /** Rows by `log/partition/offset/index`. */
  readonly rows: ReadonlyMap<string, string>
  readonly findings: ReadonlyMap<string, Finding>
  readonly alerts: ReadonlyMap<string, Alert>
  /** Rows by tenant, server, rule, hour and part. */
  readonly coverage: ReadonlyMap<string, CoverageRow>
}

export function memoryEventStore(): MemoryEventStore {
  const rows = new Map<string, string>()
  const findings = new Map<string, Finding>()
  const alerts = new Map<string, Alert>()
  const coverage = new Map<string, CoverageRow>()
  return {
    rows,
    findings,
    alerts,
    coverage,
    async open() {},
    async insertEvents(batch) {
      const refused: RefusedRow[] = []
      for (const [line, row] of (await linesOf(batch)).entries()) {
        try {
          const { log, partition, offset, index } = eventOfRow(row).position
          rows.set(`${log}/${partition}/${offset}/${index}`, row)
        } catch (error) {
          refused.push({ line, reason: String(error) })
        }
      }
      return refused
    },
    async insertFindings(added) {
      for (const finding of added) findings.set(finding.findingId, finding)
    },
    async insertAlerts(added) {
      for (const alert of added)
        if ((alerts.get(alert.alertId)?.revision ?? 0) <= alert.revision) alerts.set(alert.alertId, alert)
    },
    async insertCoverage(added) {
      for (const row of added) coverage.set([row.tenant, row.serverId, row.rule, row.hour, row.part].join(' '), row)
    },
    async storedPositions(log, partition, from, to) {
      const stored = [...rows.keys()].map((key) => key.split('/'))
      return new Set(
        stored
          .filter(
            ([l, p, offset]) => l === log && p === String(partition) && Number(offset) >= from && Number(offset) < to,
          )
          .map(([, , offset, index]) => `${offset}/${index}`),
      )
    },
    async query() {
      throw new AuditdError('query_refused', 'query', '', 'the store in memory has no SQL')
    },
    async close() {},
  }
}

async function linesOf({ source }: RowBatch): Promise<readonly string[]> {
  const texts = 'rows' in source ? [source.rows] : await Promise.all(source.files.map((file) => readFile(file, 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''))
}
