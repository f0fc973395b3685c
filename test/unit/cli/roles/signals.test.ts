/** The detect role with partitions of events and of keys: signals before the position, each counted once, facts about all servers stored once. */
import { describe, expect, it } from 'vitest'
import { type DetectParts, startDetectRole } from '../../../../cli/roles/detect.ts'
import { memoryEventStore } from '../../../../connectors/memory/event-store.ts'
import { MemoryFindings } from '../../../../connectors/memory/findings.ts'
import { memorySignalBus } from '../../../../connectors/memory/signal-bus.ts'
import { memoryStateStore } from '../../../../connectors/memory/state-store.ts'
import { RECREATED_RULE } from '../../../../detectors/engine/signals/signal-sources.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import type { EventBus, LogHandler, SignalBus, StateStore } from '../../../../schemas/ports.ts'
import type { Signal } from '../../../../schemas/signal.ts'
import { EVERY_SERVER, partitionOf } from '../../../../schemas/topics.ts'
import { recordingTelemetry, sampleEvent, sampleRow } from '../../../contract/samples.ts'
import { found, idsOf, inside, loaded, refused, source, spread, twoServers } from '../../detectors/crossing-rules.ts'
import { unavailable } from './detect-bed.ts'

const RULES = loaded(refused, spread, twoServers, inside)
const LOG = 'f'.repeat(32)
const START_MS = Date.parse('2026-11-24T01:00:00Z')
let numbers = 0
const call = (serverId: string, second: number, fields: object = {}): AuditEvent =>
  sampleEvent({
    ...{ serverId, eventTime: new Date(START_MS + second * 1_000).toISOString(), decision: 'deny' },
    ...{
      producerSeq: ++numbers,
      principalKey: 'a'.repeat(32),
      clientKey: 'ide',
      toolName: `tool-${second}`,
      ...fields,
    },
  })

/** Everything a service has, in memory, with as many partitions of events as are wanted. */
class Bed {
  readonly telemetry = recordingTelemetry()
  readonly store = memoryEventStore()
  readonly journal: string[] = []
  readonly fatal: unknown[] = []
  readonly state: StateStore
  readonly signals: SignalBus & { readonly logs: readonly (readonly (readonly Signal[])[])[] }
  private readonly offsets: number[]
  private handler!: LogHandler
  private readonly partitions: number
  readonly parts: DetectParts
  log = LOG

  constructor(partitions: number, before?: Bed, onPublish: () => void = () => {}) {
    this.partitions = partitions
    this.offsets = Array.from({ length: partitions }, () => 0)
    const kept = before?.state ?? memoryStateStore(new MemoryFindings())
    const bus = before?.signals ?? memorySignalBus(partitions)
    this.state = {
      ...kept,
      commit: (outcome) => {
        if (outcome.snapshot !== undefined && outcome.log !== 'e'.repeat(32))
          this.journal.push(`snapshot@${outcome.next}`)
        return kept.commit(outcome)
      },
    }
    this.signals = {
      ...bus,
      publish: async (signals) => {
        onPublish()
        this.journal.push(`signals:${signals.length}`)
        await bus.publish(signals)
      },
    }
    const events: EventBus = {
      publish: async () => {},
      close: async () => {},
      consume: async (handler) => {
        this.handler = handler
        for (let partition = 0; partition < partitions; partition++) await handler.assigned(this.log, partition)
        return {
          commit: async (partition, next) => {
            this.journal.push(`commit ${partition}@${next}`)
            return true
          },
          close: async () => {},
        }
      },
    }
    this.parts = {
      ...{ bus: events, signals: this.signals, partitions, store: this.store, state: this.state, rules: RULES },
      ...{ deadLetters: { add: async () => {} }, encode: sampleRow, clock: { nowMs: () => START_MS } },
      telemetry: this.telemetry,
      limits: { stateRows: 1_000, snapshotEveryMs: 1e9, snapshotEveryEvents: 1 },
      onFatal: (error) => this.fatal.push(error),
    }
  }
  /** As the bus does: one record for each event and partition it reaches. */
  async offer(...events: readonly AuditEvent[]): Promise<void> {
    for (const event of events)
      for (let partition = 0; partition < this.partitions; partition++) {
        const isHere =
          event.serverId === EVERY_SERVER || partitionOf('default', event.serverId, this.partitions) === partition
        if (!isHere) continue
        const offset = this.offsets[partition]!++
        const position = { log: this.log, partition, offset, index: 0 }
        const span = { log: this.log, partition, first: offset, next: offset + 1, high: offset + 1 }
        await this.handler.batch({ ...span, entries: [{ event, position }], refused: [] })
      }
  }
  sent(): readonly Signal[] {
    return this.signals.logs.flat(2)
  }
  findings(rule: string): number {
    return [...this.store.findings.values()].filter((finding) => finding.rule === rule).length
  }
  /** What lies in the log of signals was taken. */
  async settled(role: Awaited<ReturnType<typeof startDetectRole>>): Promise<void> {
    await expect
      .poll(() => role.signalsProgress().every(({ partition, next }) => next === this.signals.logs[partition]!.length))
      .toBe(true)
  }
}

describe('signals', () => {
  it('carry what is seen on servers of different partitions to the owner of the key, as one log would find it', async () => {
    const events = ['a', 'b', 'c', 'd', 'e'].map((server, i) => call(server, i))
    const bed = new Bed(3)
    const role = await startDetectRole(bed.parts)
    await bed.offer(...events)
    await bed.settled(role)
    expect(new Set(events.map(({ serverId }) => partitionOf('default', serverId, 3))).size).toBeGreaterThan(1)
    const across = [...bed.store.findings.values()].filter(({ rule }) => rule !== inside.id)
    expect(idsOf(across)).toEqual(idsOf(found(RULES, source(RULES, events).signals)))
    expect(bed.findings(refused.id)).toBe(1)
    expect(bed.telemetry.counts.get('mcp_auditd_signals_sent_total')).toBe(10)
    expect(bed.telemetry.counts.get('mcp_auditd_signals_taken_total')).toBe(10)
    await role.stop()
    expect(bed.fatal).toEqual([])
  })

  it('are durable before the snapshot, and that before the commit; while they cannot be sent nothing moves', async () => {
    let failures = 2
    const bed = new Bed(1, undefined, () => {
      if (failures-- > 0) throw unavailable()
    })
    const role = await startDetectRole(bed.parts)
    await bed.offer(call('a', 1))
    expect(bed.journal).toEqual(['signals:2', 'snapshot@1', 'commit 0@1'])
    expect(failures).toBe(-1)
    await role.stop()
  })

  it('of an earlier owner are known by their positions, over a restart of the owner of the key', async () => {
    const first = new Bed(2)
    const role = await startDetectRole(first.parts)
    await first.offer(call('a', 1), call('b', 2))
    await first.settled(role)
    await role.stop()
    const repeated = first.sent().map((signal) => structuredClone(signal))
    const second = new Bed(2, first)
    const next = await startDetectRole(second.parts)
    for (const signal of repeated) await second.signals.publish([signal])
    await second.settled(next)
    expect(second.findings(refused.id)).toBe(0)
    expect(second.telemetry.counts.get('mcp_auditd_signals_dropped_total')).toBe(repeated.length)
    expect(second.telemetry.counts.get('mcp_auditd_signals_taken_total')).toBeUndefined()
    await next.stop()
  })

  it('from a topic that was made anew are taken, and that is an alarm', async () => {
    const bed = new Bed(1)
    const role = await startDetectRole(bed.parts)
    await bed.offer(call('a', 1), call('a', 2))
    await bed.settled(role)
    await role.stop()
    const anew = new Bed(1, bed)
    anew.log = 'c'.repeat(32)
    const next = await startDetectRole(anew.parts)
    await anew.offer(call('b', 3), call('b', 4))
    await anew.settled(next)
    expect(anew.findings(refused.id)).toBe(1)
    const alarms = [...anew.store.findings.values()].filter(({ rule }) => rule === RECREATED_RULE)
    expect(alarms).toMatchObject([{ severity: 'high', entity: `topic=${'c'.repeat(32)}`, tenant: 'default' }])
    expect(anew.telemetry.logs).toContain('topic_recreated')
    expect(anew.telemetry.counts.get('mcp_auditd_sources_recreated_total')).toBe(1)
    await next.stop()
  })
})

describe('a fact about all servers', () => {
  const revoked = (): AuditEvent =>
    sampleEvent({
      ...{ eventType: 'identity.revoked', serverId: EVERY_SERVER, producerSeq: ++numbers, subjectKey: 'b'.repeat(32) },
      ...{ eventTime: new Date(START_MS).toISOString(), subjectKind: 'token', principalKey: '', clientKey: '' },
    })
  const token = (serverId: string): AuditEvent =>
    sampleEvent({
      ...{ eventType: 'auth.token.validated', serverId, producerSeq: ++numbers, tokenFp: 'b'.repeat(32) },
      ...{ eventTime: new Date(START_MS + 1_000).toISOString(), principalKey: '', clientKey: '' },
    })
  it('lies in every partition, stands in one row, and makes one signal for each partition of keys', async () => {
    const bed = new Bed(4)
    const role = await startDetectRole(bed.parts)
    const fact = revoked()
    await bed.offer(fact)
    await role.stop()
    expect(bed.store.rows.size).toBe(1)
    const places = [...bed.store.rows.keys()].map((key) => Number(key.split('/')[1]))
    expect(places).toEqual([partitionOf('default', EVERY_SERVER, 4)])
    expect(bed.signals.logs.map((log) => log.flat().filter(({ scope }) => scope === 'fleet').length)).toEqual([
      1, 1, 1, 1,
    ])
  })
  it('is known to the owner of any key', async () => {
    const bed = new Bed(4)
    const role = await startDetectRole(bed.parts)
    await bed.offer(revoked(), token('a'))
    await bed.settled(role)
    expect([...bed.store.findings.values()].map(({ saw }) => saw)).toEqual(['revoked'])
    await role.stop()
  })
})
