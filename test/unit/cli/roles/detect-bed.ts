/** A test bed of the detect role: a log that is an array, and ports in memory that write down what became durable, fail, hang or crash on demand. */
import { z } from 'zod'
import { type DetectParts, type DetectRole, startDetectRole } from '../../../../cli/roles/detect.ts'
import { memoryEventStore } from '../../../../connectors/memory/event-store.ts'
import { MemoryFindings } from '../../../../connectors/memory/findings.ts'
import { memoryStateStore } from '../../../../connectors/memory/state-store.ts'
import { type AnyRule, assemble } from '../../../../detectors/load.ts'
import { hours } from '../../../../detectors/rule.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { AuditEvent, EventFields } from '../../../../schemas/event.ts'
import type { DeadLetter, LogBatch, LoggedEvent, LogHandler } from '../../../../schemas/ports.ts'
import { recordingTelemetry, sampleEvent, sampleRow } from '../../../contract/samples.ts'

export const LOG = 'f'.repeat(32)
const words = {
  version: 1,
  severity: 'medium' as const,
  why: 'test',
  falsePositives: ['none'],
  blindSpots: ['none'],
  triage: ['look'],
  refs: ['none'],
  config: z.object({}),
  examples: { match: [{ name: 'one', events: [{}] }], noMatch: [{ name: 'none', events: [{}] }] },
}
const everySecond: AnyRule = {
  ...words,
  id: 'tst-001-every-second-call',
  title: 'Two calls of a session',
  requires: { 'tool.call': ['session'] },
  per: 'session',
  ttl: hours(10),
  count: () => ({ atLeast: 2, within: hours(5), found: (e: { id: string }) => ({ saw: e.id }) }),
}
const total: AnyRule = {
  ...words,
  id: 'tst-002-number-of-call',
  title: 'Every call says its number',
  requires: { 'tool.call': ['session'] },
  per: 'server',
  ttl: hours(10),
  cell: () => ({ calls: 0 }),
  on: { 'tool.call': (e: { id: string }, cell: { calls: number }) => ({ saw: `call ${++cell.calls}: ${e.id}` }) },
}
const silence: AnyRule = {
  ...words,
  id: 'tst-003-no-call-after-login',
  title: 'Nothing follows a start',
  requires: { 'session.created': ['session'], 'tool.call': ['session'] },
  per: 'session',
  ttl: hours(10),
  absence: () => ({
    of: (e: { type: string }) => e.type === 'session.created',
    endedBy: (e: { type: string }) => e.type === 'tool.call',
    after: 1_000,
    found: (atMs: number) => ({ saw: `silence at ${atMs}` }),
  }),
}
export const RULES = assemble([everySecond, total, silence])

const START_MS = Date.parse('2026-11-24T01:00:00Z')
/** The n-th event of a producer, one minute after the one before. */
export const event = (seq: number, fields: EventFields = {}): AuditEvent =>
  sampleEvent({
    eventId: seq.toString(16).padStart(32, '0'),
    eventTime: new Date(START_MS + seq * 60_000).toISOString(),
    producerSeq: seq,
    ...fields,
  })
export const position = (offset: number, index = 0) => ({ log: LOG, partition: 0, offset, index })
/** Offsets [first, next) of the log as one batch. */
export function batchOf(log: readonly (readonly AuditEvent[])[], first: number, next: number): LogBatch {
  const entries: LoggedEvent[] = log
    .slice(first, next)
    .flatMap((events, i) => events.map((one, index) => ({ event: one, position: position(first + i, index) })))
  return { log: LOG, partition: 0, first, next, entries, refused: [], high: log.length }
}

/** What outlives a crash. */
export class Durable {
  readonly store = memoryEventStore()
  readonly found = new MemoryFindings()
  readonly state = memoryStateStore(this.found)
  readonly letters: DeadLetter[] = []
  readonly commits: number[] = []
  /** How often the row of a position was inserted. */
  readonly inserted = new Map<string, number>()
  findingIds(): string[] {
    return [...this.store.findings.keys()].sort()
  }
  places(): string[] {
    return [...this.store.rows.keys()].map((key) => key.split('/').slice(2).join('/'))
  }
}

export type Step = 'rows' | 'findings' | 'positions' | 'state' | 'commit' | 'letters'
/** Called before a step takes effect; may fail it, or make it wait. Answers what to do after it took effect. */
// biome-ignore lint/suspicious/noConfusingVoidType: a step that is only watched returns nothing
export type OnStep = (step: Step) => Promise<(() => void) | void> | (() => void) | void

/** One life of the service over what is durable. */
export class Life {
  readonly durable: Durable
  /** Steps in the order in which they became durable. */
  readonly journal: string[] = []
  readonly telemetry = recordingTelemetry()
  readonly fatal: unknown[] = []
  readonly parts: DetectParts
  nowMs = START_MS
  role!: DetectRole
  handler!: LogHandler
  /** First offset this life reads. */
  start = 0

  constructor(durable: Durable, onStep: OnStep = () => {}, limits: Partial<DetectParts['limits']> = {}) {
    this.durable = durable
    const { store, state, letters, commits, inserted } = durable
    const step = async <T>(name: Step, effect: () => Promise<T>, what: (done: T) => string): Promise<T> => {
      const after = await onStep(name)
      const done = await effect()
      this.journal.push(what(done))
      after?.()
      return done
    }
    this.parts = {
      bus: {
        publish: () => Promise.reject(new Error('not published here')),
        consume: async (handler) => {
          this.handler = handler
          this.start = (await handler.assigned(LOG, 0)) ?? 0
          return {
            commit: (_, next) =>
              step(
                'commit',
                async () => {
                  commits.push(next)
                  return true
                },
                () => `commit@${next}`,
              ),
            close: async () => {},
          }
        },
        close: async () => {},
      },
      store: {
        ...store,
        insertEvents: (batch) =>
          step(
            'rows',
            async () => {
              const before = new Set(store.rows.keys())
              const refused = await store.insertEvents(batch)
              if ('rows' in batch.source)
                for (const line of batch.source.rows.split('\n').filter((row) => row.includes(LOG))) {
                  const place = line.split(',').slice(-3).join('/').replace(']', '')
                  inserted.set(place, (inserted.get(place) ?? 0) + 1)
                }
              if (store.rows.size - before.size > batch.count) throw new Error('more rows than said')
              return refused
            },
            () => `rows:${batch.count}`,
          ),
        insertFindings: (findings) =>
          step(
            'findings',
            () => store.insertFindings(findings),
            () => `findings:${findings.length}`,
          ),
        storedPositions: (...range) =>
          step(
            'positions',
            () => store.storedPositions(...range),
            (stored) => `asked:${stored.size}`,
          ),
      },
      state: {
        ...state,
        commit: (outcome) =>
          step(
            'state',
            () => state.commit(outcome),
            () => (outcome.snapshot ? `snapshot@${outcome.next}` : `outbox@${outcome.next}`),
          ),
      },
      deadLetters: {
        add: (added) =>
          step(
            'letters',
            async () => void letters.push(...added),
            () => `letters:${added.length}`,
          ),
      },
      rules: RULES,
      encode: sampleRow,
      clock: { nowMs: () => this.nowMs },
      telemetry: this.telemetry,
      limits: { stateRows: 1_000, snapshotEveryMs: 1_000_000_000, snapshotEveryEvents: 1_000_000, ...limits },
      onFatal: (error) => this.fatal.push(error),
    }
  }

  async begin(): Promise<this> {
    this.role = await startDetectRole(this.parts)
    return this
  }
  /** Everything added so far is stored. */
  async stored(next: number): Promise<void> {
    while (!this.role.progress().every(({ stored }) => stored >= next)) await new Promise(setImmediate)
  }
}

export const unavailable = () => new AuditdError('store_unavailable', 'store', '', 'down')
export const crash = () => new AuditdError('state_corrupt', 'test', '', 'crash')
