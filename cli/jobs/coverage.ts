/** Once a day: how each rule stands on each server, as audit events of their own. A second run of a day makes the same events. */
import { createHash } from 'node:crypto'
import { type AuditEvent, parseEvent } from '../../schemas/event.ts'
import { type CoverageLine, coverageSql } from '../coverage-report.ts'
import type { Job } from '../job-schedule.ts'
import { rowsOf } from '../store-question.ts'

/** Events of one publish. */
const BATCH = 500

export function coverageEvents(lines: readonly CoverageLine[], nowMs: number): readonly AuditEvent[] {
  const at = new Date(nowMs).toISOString()
  return lines.flatMap(({ tenant, server_id: serverId, rule, state, reasons, evaluations_24h }) => {
    const identity = JSON.stringify(['coverage', tenant, serverId, rule, at.slice(0, 10)])
    const parsed = parseEvent({
      eventType: 'auditd.coverage',
      eventId: createHash('sha256').update(identity).digest('hex').slice(0, 32),
      eventTime: at,
      receivedAt: at,
      serverId,
      tenant,
      vantage: 'server',
      source: 'ingest',
      rule,
      coverageState: state,
      missing: reasons.slice(0, 64),
      evaluations: Number(evaluations_24h),
    })
    return 'event' in parsed ? [parsed.event] : []
  })
}

export default {
  schedule: '40 0 * * *',
  atStart: false,
  async run({ store, bus, clock }) {
    const answer = await store.query(coverageSql({}), { format: 'JSONEachRow', own: true })
    const events = coverageEvents(rowsOf<CoverageLine>(answer), clock.nowMs())
    for (let from = 0; from < events.length; from += BATCH) await bus.publish(events.slice(from, from + BATCH))
  },
} satisfies Job
