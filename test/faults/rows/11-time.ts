// Delivery model 11: one partition lags while another is ahead in the same worker, and the clock jumps. No absence is found by either.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startDetectRole } from '../../../cli/roles/detect.ts'
import { silentTelemetry } from '../../../cli/wire-store.ts'
import { memoryEventStore } from '../../../connectors/memory/event-store.ts'
import { assemble } from '../../../detectors/load.ts'
import { defineRule, hours, minutes } from '../../../detectors/rule.ts'
import { example, sample } from '../../../detectors/sample.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import type { EventBus, LogHandler, StateStore } from '../../../schemas/ports.ts'
import type { Row } from '../row.ts'

const SILENCE = defineRule({
  id: 'tst-011-silence',
  version: 1,
  title: 'A server has fallen silent',
  severity: 'low',
  why: 'Time must come from the log.',
  falsePositives: ['None.'],
  blindSpots: ['None.'],
  triage: ['Look.'],
  refs: ['none'],
  requires: { 'server.heartbeat': [] },
  config: z.object({}),
  per: 'server',
  ttl: hours(24),
  absence: () => ({
    of: (e) => e.type === 'server.heartbeat',
    after: minutes(10),
    found: (atMs) => ({ saw: String(atMs) }),
  }),
  examples: {
    match: [example('silence', sample('server.heartbeat', {}), sample('server.heartbeat', { ts: hours(1) }))],
    noMatch: [example('one', sample('server.heartbeat', {}))],
  },
})
const START_MS = Date.UTC(2026, 10, 24)
const LOG = 'b'.repeat(32)
const TEN_DAYS_MS = 10 * 86_400_000

const row: Row = {
  number: 11,
  title: 'a partition lags, another is ahead, the clock jumps: no absence',
  buses: ['embedded'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 1 } },
  async run({ defer }) {
    const store = memoryEventStore()
    const state: StateStore = { restore: async () => undefined, commit: async () => {}, close: async () => {} }
    let nowMs = START_MS
    let handler: LogHandler | undefined
    const bus: EventBus = {
      publish: async () => {},
      close: async () => {},
      consume: async (given) => {
        handler = given
        for (const partition of [0, 1]) await given.assigned(LOG, partition)
        return { commit: async () => true, close: async () => {} }
      },
    }
    const role = await startDetectRole({
      ...{ bus, store, state, deadLetters: { add: async () => {} }, telemetry: silentTelemetry, encode: () => '[]' },
      rules: assemble([SILENCE]),
      clock: { nowMs: () => nowMs },
      limits: { stateRows: 100, snapshotEveryMs: 200, snapshotEveryEvents: 10 },
      onFatal: (error) => {
        throw error
      },
    })
    defer(() => role.stop())
    const offsets = [0, 0]
    const beat = async (partition: 0 | 1, atMinute: number): Promise<void> => {
      const offset = offsets[partition]!++
      const position = { log: LOG, partition, offset, index: 0 }
      const event = {
        ...{
          eventType: 'server.heartbeat',
          eventId: `${partition}${offset}`.padStart(32, '0'),
          serverId: `s${partition}`,
        },
        ...{ tenant: 'default', eventTime: new Date(START_MS + minutes(atMinute)).toISOString() },
      } as AuditEvent
      await handler!.batch({
        ...{ log: LOG, partition, first: offset, next: offset + 1, high: offset + 1, refused: [] },
        entries: [{ event, position }],
      })
    }
    const faults: string[] = []
    const silent = (when: string): void => {
      if (store.findings.size > 0) faults.push(`${store.findings.size} absences were found ${when}`)
    }
    await beat(0, 0)
    await beat(1, 0)
    for (let minute = 5; minute <= 300; minute += 5) await beat(1, minute)
    silent('while partition 0 lagged')
    for (let minute = 5; minute <= 30; minute += 5) await beat(0, minute)
    silent('when partition 0 caught up')
    nowMs += TEN_DAYS_MS
    await sleep(400)
    silent('when the clock jumped')
    // The next heartbeat in the partition itself tells that ten minutes were silent.
    await beat(0, 60)
    if (store.findings.size !== 1) faults.push(`${store.findings.size} absences, not 1, after a real silence`)
    return { faults }
  },
}
export default row
