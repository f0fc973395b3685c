// Delivery model 7: two copies of one event received on two dates lie in two partitions for good; FINAL must look across them.
import { join } from 'node:path'
import { silentTelemetry } from '../../../cli/wire-store.ts'
import { createEmbeddedStore } from '../../../connectors/clickhouse/store.ts'
import { EMPTY_INVENTORY, enrich } from '../../../detectors/enrich.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import { rowText } from '../../../schemas/row.ts'
import type { Row } from '../row.ts'
import { uuid } from '../traffic.ts'

const EVENTS = 20

const row: Row = {
  number: 7,
  title: 'two copies on two dates',
  buses: ['embedded'],
  alone: true,
  seeds: { ci: { embedded: 1 }, full: { embedded: 1 } },
  sabotages: ['no-final-across-partitions'],
  async run({ dir, random, defer }) {
    const retentionDays = { security: 400, activity: 180 }
    const settings = { database: 'mcp_auditd', retentionDays, telemetry: silentTelemetry }
    const store = createEmbeddedStore({ ...settings, path: join(dir, 'store') })
    await store.open()
    defer(() => store.close())
    const events = Array.from({ length: EVENTS }, () => ({
      eventType: 'tool.call' as const,
      eventId: uuid(random),
      eventTime: '2026-11-23T23:59:59Z',
      serverId: 'twice',
      tenant: 'default',
    }))
    // The later date first: the earlier receipt must win by its time, not by its place.
    const dates = ['2026-11-24T00:00:00.100Z', '2026-11-23T23:59:59.900Z']
    for (const [offset, receivedAt] of dates.entries()) {
      const rows = events.map((event, index) => {
        const position = { log: 'a'.repeat(32), partition: 0, offset, index }
        return rowText(
          { ...event, receivedAt } as AuditEvent,
          enrich(event as AuditEvent, EMPTY_INVENTORY, [], ''),
          position,
        )
      })
      await store.insertEvents({ token: `copy-${offset}`, count: EVENTS, source: { rows: `${rows.join('\n')}\n` } })
    }
    const ask = async (sql: string): Promise<string> => (await store.query(sql, { format: 'TabSeparated' })).trim()
    const exact = await ask(`SELECT count(), min(toDate(received_at)), max(toDate(received_at)) FROM events_exact`)
    const all = Number(await ask('SELECT count() FROM events'))
    const faults = [
      ...(exact === `${EVENTS}\t2026-11-23\t2026-11-23`
        ? []
        : [`events_exact says ${exact} for ${EVENTS} events received first on 2026-11-23`]),
      ...(all === 2 * EVENTS ? [] : [`events has ${all} rows: the case was not made`]),
    ]
    const figures = { acknowledged: EVENTS, stored: EVENTS, duplicatesInEvents: all - EVENTS } as const
    return {
      figures: {
        ...figures,
        duplicatesInExact: Number(exact.split('\t')[0]) - EVENTS,
        findings: [0, 0],
        alerts: [0, 0],
      },
      faults,
    }
  },
}
export default row
