// The embedded service in this process, from its real parts, so that a row can decide the clock, the disk and what the store answers.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runAlertRole } from '../../cli/roles/alert.ts'
import { type DetectRole, startDetectRole } from '../../cli/roles/detect.ts'
import { silentTelemetry } from '../../cli/wire-store.ts'
import { createIntake } from '../../collector/intake.ts'
import { createEmbeddedStore } from '../../connectors/clickhouse/store.ts'
import { openLedger } from '../../connectors/ledger/ledger.ts'
import { type Disk, realDisk } from '../../connectors/spool/disk.ts'
import { Spool, type SpoolOptions } from '../../connectors/spool/spool.ts'
import { EMPTY_INVENTORY, enricher } from '../../detectors/enrich.ts'
import { type LoadedRules, loadRules } from '../../detectors/load.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { DeadLetter, EventStore, Intake } from '../../schemas/ports.ts'
import { rowText } from '../../schemas/row.ts'
import { settle } from './oracle.ts'
import { Sent } from './producer.ts'
import type { Figures, RowContext, Verdict } from './row.ts'

const CALLER = { tenant: 'default', producer: '', claimed: true }
const RETENTION = { security: 400, activity: 180 }
/** Alerts end in the store: who is told is not a matter of these rows. */
const NO_TARGETS = { configured: [], send: async () => ({ status: 200, headers: {}, body: '' }) }

export interface BedOptions {
  readonly dir: string
  readonly rules?: LoadedRules
  readonly disk?: Disk
  readonly nowMs?: () => number
  /** Stands between the service and its store. `life.dead` makes everything hang, as a killed process does. */
  readonly store?: (real: EventStore, life: Life) => Partial<EventStore>
  readonly encode?: (made: SpoolOptions['encode']) => SpoolOptions['encode']
  readonly limits?: { readonly snapshotEveryMs?: number; readonly snapshotEveryEvents?: number }
}
export interface Life {
  dead: boolean
}

export class Bed {
  readonly life: Life = { dead: false }
  readonly rules: LoadedRules
  readonly letters: DeadLetter[] = []
  /** A role could go on no more. */
  failure: unknown
  private readonly store: EventStore
  private readonly intake: Intake
  private readonly closers: (() => Promise<void>)[] = []
  spool!: Spool
  detect!: DetectRole

  private constructor(rules: LoadedRules, store: EventStore, intake: (bed: Bed) => Intake) {
    this.rules = rules
    this.store = store
    this.intake = intake(this)
  }

  static async open(options: BedOptions): Promise<Bed> {
    mkdirSync(options.dir, { recursive: true })
    const rules = options.rules ?? (await loadRules())
    const clock = { nowMs: options.nowMs ?? Date.now }
    const telemetry = silentTelemetry
    const settings = { database: 'mcp_auditd', retentionDays: RETENTION, telemetry }
    const store = createEmbeddedStore({ ...settings, path: join(options.dir, 'store') })
    await store.open()
    const deadLetters = { add: async (letters: readonly DeadLetter[]) => void bed.letters.push(...letters) }
    const bed = new Bed(rules, store, (self) =>
      createIntake({
        bus: { publish: (events) => self.spool.publish(events) } as Spool,
        deadLetters,
        clock,
        telemetry,
      }),
    )
    const ledger = openLedger(join(options.dir, 'ledger'), clock, telemetry)
    const enrich = enricher(rules, EMPTY_INVENTORY)
    const made: SpoolOptions['encode'] = (event, position) => rowText(event, enrich(event), position)
    const encode = options.encode?.(made) ?? made
    const onFatal = (error: unknown): void => {
      bed.failure ??= error
    }
    bed.spool = await Spool.open({
      dir: join(options.dir, 'spool'),
      clock,
      telemetry,
      maxBytes: 1e9,
      encode,
      disk: mortal(options.disk ?? realDisk, bed.life),
      onFatal,
    })
    const faulty = mortal({ ...bound(store), ...options.store?.(store, bed.life) }, bed.life)
    const limits = { stateRows: 100_000, snapshotEveryMs: 100, snapshotEveryEvents: 50_000, ...options.limits }
    const state = mortal(ledger.state, bed.life)
    const outbox = mortal(ledger.outbox, bed.life)
    bed.detect = await startDetectRole({
      ...{ bus: bed.spool, store: faulty, state, deadLetters, rules, encode, clock, telemetry, limits, onFatal },
    })
    const alerts = await runAlertRole({
      ...{
        outbox,
        store: faulty,
        ruleText: (id) => rules.rules.find((rule) => rule.id === id),
        targets: NO_TARGETS,
        clock,
        telemetry,
        onFatal,
      },
    })
    bed.closers.push(
      () => bed.detect.stop(),
      () => alerts.stop(),
      () => bed.spool.close(),
      () => ledger.close(),
      () => store.close(),
    )
    return bed
  }

  /** Through the real intake; resolves when the sender would be acknowledged. */
  async send(events: readonly AuditEvent[], sent: Sent): Promise<void> {
    for (const event of events) sent.events.set(event.eventId, event)
    await this.intake.take(
      events.map((event) => structuredClone(event)),
      [],
      CALLER,
    )
    for (const { eventId } of events) sent.acknowledged.add(eventId)
  }

  ask(sql: string): Promise<string> {
    return this.store.query(sql, { format: 'TabSeparated' })
  }

  verdict(
    sent: Sent,
    strictEvents: boolean,
    more: () => Figures['more'] = () => ({}),
    patienceMs = 10_000,
  ): Promise<Verdict> {
    return settle({ ask: (sql) => this.ask(sql), sent, rules: this.rules, strictEvents, more }, patienceMs)
  }

  /** As SIGKILL leaves it: whatever was under way never ends, and nothing of it is written any more. */
  kill(): void {
    this.life.dead = true
  }
  async stop(): Promise<void> {
    if (this.life.dead) return
    for (const close of this.closers) await close()
  }
}

export async function openBed(context: RowContext, options: Omit<BedOptions, 'dir'> = {}): Promise<Bed> {
  const bed = await Bed.open({ ...options, dir: context.dir })
  context.defer(() => bed.stop())
  return bed
}

/** Methods of a class instance as an object, to put others over them. */
const bound = (store: EventStore): EventStore => ({
  open: () => store.open(),
  insertEvents: (batch) => store.insertEvents(batch),
  insertFindings: (findings) => store.insertFindings(findings),
  insertCoverage: (rows) => store.insertCoverage(rows),
  insertAlerts: (alerts) => store.insertAlerts(alerts),
  storedPositions: (log, partition, from, to) => store.storedPositions(log, partition, from, to),
  query: (sql, options) => store.query(sql, options),
  close: () => store.close(),
})

/** The same port, whose calls never end once its life is over. */
function mortal<Port extends object>(port: Port, life: Life): Port {
  return new Proxy(port, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        if (life.dead) return forever()
        const result = await value.apply(target, args)
        return life.dead ? forever() : result
      }
    },
  })
}
export const forever = (): Promise<never> => new Promise(() => {})
export const newSent = (): Sent => new Sent()
