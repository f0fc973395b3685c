/** The query of an alert, run as it is printed on the real engine, answers exactly the events of its evidence: for every rule, by its first example, and for all that did not happen in time. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddedStore } from '../../connectors/clickhouse/store.ts'
import { alertIdOf, groupFinding } from '../../detectors/grouping.ts'
import type { AnyRule } from '../../detectors/loaded-rule.ts'
import type { Example } from '../../detectors/rule.ts'
import { exampleEvents } from '../../detectors/sample.ts'
import { engineFor, findingsOf, rulesFor } from '../../detectors/trial.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { rowText } from '../../schemas/row.ts'
import { ENRICHMENT, recordingTelemetry } from '../contract/samples.ts'
import { RULES } from '../rule-runs.ts'

const path = await mkdtemp(join(tmpdir(), 'alert-query-'))
const store = createEmbeddedStore({
  path,
  database: 'mcp_auditd',
  retentionDays: { security: 100_000, activity: 100_000 },
  telemetry: recordingTelemetry(),
})

interface Case {
  readonly name: string
  readonly events: readonly AuditEvent[]
  readonly alerts: readonly Alert[]
}
/** Each example in a tenant of its own, whose name must be quoted and holds what no screen shows. */
function caseOf(rule: AnyRule, example: Example): Case {
  const events = exampleEvents(example.events, `o'brien\\\n\u202e${rule.id} ${example.name}`)
  const alerts = new Map<string, Alert>()
  for (const finding of findingsOf(engineFor(rulesFor(rule, example)), events)) {
    const id = alertIdOf(finding)
    alerts.set(id, groupFinding(alerts.get(id), finding, rule))
  }
  return { name: `${rule.id}: ${example.name}`, events, alerts: [...alerts.values()] }
}
const cases = RULES.flatMap((rule) =>
  rule.examples.match
    .map((example) => caseOf(rule, example))
    .filter(({ alerts }, at) => at === 0 || alerts.some(({ evidenceEventIds }) => evidenceEventIds.length === 0)),
)

beforeAll(async () => {
  await store.open()
  const rows = cases
    .flatMap(({ events }) => events)
    .map((event, index) =>
      rowText({ ...event, receivedAt: event.eventTime }, ENRICHMENT, {
        log: 'a'.repeat(32),
        partition: 0,
        offset: 1,
        index,
      }),
    )
  expect(
    await store.insertEvents({ token: 'alert-query', count: rows.length, source: { rows: rows.join('\n') } }),
  ).toEqual([])
})
afterAll(async () => {
  await store.close()
  await rm(path, { recursive: true, force: true })
})

/** Ids of the events that the alert names; of those in its window when it is about something that did not happen. */
function evidenceOf({ events }: Case, alert: Alert): readonly string[] {
  const startMs = Date.parse(alert.windowStart)
  const isIn = (event: AuditEvent): boolean => {
    const ms = Date.parse(event.eventTime)
    return ms >= startMs && ms < startMs + alert.windowMs && event.serverId === alert.serverId
  }
  return alert.evidenceEventIds.length > 0
    ? [...alert.evidenceEventIds]
    : events.filter(isIn).map(({ eventId }) => eventId)
}

describe('the query of an alert', () => {
  it('exists for every rule', () => {
    for (const each of cases) expect(each.alerts, each.name).not.toEqual([])
  })
  it.each(cases.map((each) => [each.name, each] as const))('answers its evidence: %s', async (_, each) => {
    for (const alert of each.alerts) {
      const answer = await store.query(alert.query, { format: 'JSONEachRow' })
      const rows = answer
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      const byId = new Map(each.events.map((event) => [event.eventId, event]))
      expect(rows.map((row) => row['event_id']).sort()).toEqual([...evidenceOf(each, alert)].sort())
      for (const row of rows) {
        const event = byId.get(row['event_id'] as string)!
        expect([row['event_type'], row['tool_name'], row['decision']]).toEqual([
          event.eventType,
          event.toolName ?? '',
          event.decision ?? '',
        ])
      }
    }
  })
})
