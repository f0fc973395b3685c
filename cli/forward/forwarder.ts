/** Events to the targets that take them: each target at its own pace from its own durable cursors, at least once, in the order of positions. */
import { createHash } from 'node:crypto'
import { backoffMs, type Random, type Sleep, sleepReally } from '../../connectors/webhook/delivery/pauses.ts'
import { TargetHealth, type TargetState } from '../../connectors/webhook/delivery/target-state.ts'
import type { Send } from '../../connectors/webhook/send.ts'
import type { ConfiguredTarget } from '../../connectors/webhook/target-factory.ts'
import type { Config } from '../../schemas/config.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { JobState } from '../../schemas/job-state.ts'
import type { Clock, DeadLetters, EventRow, Telemetry } from '../../schemas/ports.ts'
import { redactRow } from './redact-row.ts'
import { afterRow, type Cursor, type SealedEnd, type SealedEvents } from './sealed-events.ts'

export interface ForwardParts {
  readonly events: SealedEvents
  /** Those without `deliverEvents` are left alone. */
  readonly configured: readonly ConfiguredTarget[]
  readonly send: Send
  readonly state: Pick<JobState, 'get' | 'set'>
  readonly deadLetters: DeadLetters
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly random?: Random
  readonly sleep?: Sleep
  /** Between looks for new events, milliseconds. */
  readonly pollMs?: number
  /** How each target stands with its events, as `NAME/events`, while they are forwarded here. */
  readonly states?: ForwardStates
}
export type ForwardStates = Map<string, () => TargetState>
/** Whether any target takes events. */
export const takesEvents = ({ targets }: Pick<Config, 'targets'>): boolean =>
  Object.values(targets).some((target) => 'events' in target && target.events)

const POLL_MS = 2_000
const BACKOFF = { baseMs: 1_000, capMs: 300_000 }
/**
 * So many refused rows in a row are those rows' fault; beyond that it may be the target's, and each further one waits. A target that is set up
 * wrongly then misses one event a minute, not all, and nobody stops the rest for good by sending what it refuses.
 */
const REFUSED_AT_ONCE = 10
const REFUSED_PAUSE_MS = 60_000

/** Until the signal aborts; then whatever is under way has ended, or is cut by its own deadline. */
export async function forwardEvents(parts: ForwardParts, signal: AbortSignal): Promise<void> {
  const followed = parts.configured.filter(({ target }) => target.deliverEvents !== undefined)
  await Promise.all(followed.map((configured) => new TargetForwarder(parts, configured, signal).run()))
}

class TargetForwarder {
  readonly #parts: ForwardParts
  readonly #configured: ConfiguredTarget
  readonly #signal: AbortSignal
  readonly #sleep: Sleep
  /** By log and partition; undefined until read. */
  #cursors: Map<string, Cursor> | undefined
  /** What moved since the cursors were last made durable. */
  #isUnsaved = false
  #failures = 0
  #refusedInARow = 0
  readonly #health: TargetHealth
  #pausedUntilMs = 0
  /** Rows of the page under way that were not taken yet. */
  #waiting = 0
  /** Receipt of the oldest event that was not taken; undefined while there is none. */
  #waitingSinceMs: number | undefined

  constructor(parts: ForwardParts, configured: ConfiguredTarget, signal: AbortSignal) {
    this.#parts = parts
    this.#configured = configured
    this.#signal = signal
    this.#sleep = parts.sleep ?? sleepReally
    this.#health = new TargetHealth(`${configured.target.name}/events`, parts.clock, parts.telemetry)
  }

  async run(): Promise<void> {
    const name = `${this.#name}/events`
    this.#parts.states?.set(name, () => this.#health.state(this.#waiting, this.#pausedUntilMs))
    while (!this.#signal.aborted) {
      const waitMs = await this.#step()
      this.#tellLag()
      if (waitMs > 0) await this.#sleep(waitMs, this.#signal)
    }
    this.#parts.states?.delete(name)
  }

  /** A page of each log and partition. Answers how long to wait before the next. */
  async #step(): Promise<number> {
    try {
      const moved = await this.#forward()
      this.#failures = 0
      return moved ? 0 : (this.#parts.pollMs ?? POLL_MS)
    } catch (error) {
      // Also a defect of ours: who forwards to others must not end the service.
      if (this.#signal.aborted) return 0
      this.#failures++
      const { telemetry, random = Math.random } = this.#parts
      const askedMs = error instanceof NotTaken ? error.afterMs : 0
      const waitMs = Math.max(askedMs, backoffMs(this.#failures, BACKOFF, random))
      const reason = error instanceof Error ? error.message : String(error)
      telemetry.log('forward_failed', { target: this.#name, waitMs, reason })
      this.#health.exchanged([{ kind: 'retry', reason }])
      this.#pausedUntilMs = this.#parts.clock.nowMs() + waitMs
      return Math.max(1, waitMs)
    }
  }

  get #name(): string {
    return this.#configured.target.name
  }

  async #forward(): Promise<boolean> {
    const { events } = this.#parts
    if (this.#isUnsaved) await this.#save()
    const ends = await events.ends()
    const cursors = await this.#known(ends)
    let moved = false
    let waitingSinceMs: number | undefined
    for (const { log, partition, next } of ends) {
      if (this.#signal.aborted) return false
      const key = `${log}/${partition}`
      const from = cursors.get(key) ?? { offset: 0, index: 0 }
      if (from.offset >= next) continue
      const { tenants, servers } = this.#configured.filter
      const page = await events.page(log, partition, from, { tenants, servers })
      if (page === undefined) continue
      waitingSinceMs = Math.min(page.receivedFromMs, waitingSinceMs ?? Number.POSITIVE_INFINITY)
      this.#waitingSinceMs = Math.min(waitingSinceMs, this.#waitingSinceMs ?? Number.POSITIVE_INFINITY)
      await this.#take(key, page.exchanges)
      await this.#move(key, page.after)
      moved = true
    }
    this.#waitingSinceMs = waitingSinceMs
    return moved
  }

  /** Without anything remembered a target begins with what comes from now on. */
  async #known(ends: readonly SealedEnd[]): Promise<Map<string, Cursor>> {
    if (this.#cursors !== undefined) return this.#cursors
    const text = await this.#parts.state.get(stateName(this.#name))
    const cursors =
      text === undefined
        ? new Map(ends.map(({ log, partition, next }) => [`${log}/${partition}`, { offset: next, index: 0 }] as const))
        : new Map(Object.entries(JSON.parse(text) as Record<string, Cursor>))
    this.#cursors = cursors
    this.#isUnsaved = text === undefined
    if (this.#isUnsaved) await this.#save()
    return cursors
  }

  /** All rows in order; a part that is refused is halved until the row is found that nobody takes, and that one is a dead letter. */
  async #take(key: string, exchanges: readonly (readonly EventRow[])[]): Promise<void> {
    const waiting = [...exchanges]
    this.#waiting = exchanges.flat().length
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      if (this.#signal.aborted) throw new NotTaken('stopped', 0)
      const refused = await this.#deliver(key, part)
      if (refused !== undefined && part.length > 1) {
        const middle = Math.ceil(part.length / 2)
        waiting.unshift(part.slice(0, middle), part.slice(middle))
        continue
      }
      if (refused === undefined) this.#refusedInARow = 0
      else await this.#refuse(part[0]!, refused)
      const { telemetry } = this.#parts
      const result = refused === undefined ? 'delivered' : 'refused'
      this.#waiting -= part.length
      telemetry.count('mcp_auditd_forwarded_events_total', part.length, { target: this.#name, result })
      await this.#move(key, afterRow(part.at(-1)!))
    }
  }

  /** Why the whole part is refused; undefined when it is taken. Throws NotTaken when it should be tried again. */
  async #deliver(key: string, part: readonly EventRow[]): Promise<string | undefined> {
    const { target, redact } = this.#configured
    const { send, clock } = this.#parts
    const signal = this.#signal
    const rows = redact.length === 0 ? part : part.map((row) => redactRow(row, redact))
    const exchange = { send: (request: Parameters<Send>[0]) => send(request, signal), clock, signal }
    const verdict = await target.deliverEvents!(rows, keyOf(key, part), exchange)
    if (verdict.kind === 'retry') throw new NotTaken(verdict.reason, verdict.afterMs ?? 0)
    this.#health.exchanged([verdict])
    return verdict.kind === 'refused' ? verdict.reason : undefined
  }

  async #refuse(row: EventRow, reason: string): Promise<void> {
    const { telemetry } = this.#parts
    if (++this.#refusedInARow > REFUSED_AT_ONCE) await this.#sleep(REFUSED_PAUSE_MS, this.#signal)
    if (this.#signal.aborted) throw new NotTaken('stopped', 0)
    await this.#bury(row, reason)
    this.#health.died()
    telemetry.log('forward_failed', { target: this.#name, result: 'refused', reason })
  }
  async #bury(row: EventRow, reason: string): Promise<void> {
    const { deadLetters, clock } = this.#parts
    const position = {
      log: String(row['position_log']),
      partition: Number(row['position_partition']),
      offset: Number(row['position_offset']),
      index: Number(row['position_index']),
    }
    await deadLetters.add([
      {
        at: new Date(clock.nowMs()).toISOString(),
        component: 'forward',
        field: this.#name,
        reason,
        tenant: String(row['tenant'] ?? ''),
        position,
        digest: createHash('sha256').update(JSON.stringify(row)).digest('hex'),
      },
    ])
  }

  /** In memory first: a cursor that cannot be made durable now is made so before anything else is sent. */
  async #move(key: string, to: Cursor): Promise<void> {
    const known = this.#cursors!.get(key)
    if (known?.offset === to.offset && known.index === to.index) return
    this.#cursors!.set(key, to)
    this.#isUnsaved = true
    await this.#save()
  }
  async #save(): Promise<void> {
    await this.#parts.state.set(stateName(this.#name), JSON.stringify(Object.fromEntries(this.#cursors!)))
    this.#isUnsaved = false
  }

  #tellLag(): void {
    const { telemetry, clock } = this.#parts
    const lagMs = this.#waitingSinceMs === undefined ? 0 : Math.max(0, clock.nowMs() - this.#waitingSinceMs)
    telemetry.gauge('mcp_auditd_forward_lag_seconds', Math.round(lagMs / 1_000), { target: this.#name })
  }
}

const stateName = (target: string): string => `forward/${target}`
/** Names exactly these rows. */
const keyOf = (key: string, part: readonly EventRow[]): string => {
  const [first, last] = [part[0]!, part.at(-1)!].map((row) => `${row['position_offset']}.${row['position_index']}`)
  return createHash('sha256').update(`${key} ${first} ${last} ${part.length}`).digest('hex').slice(0, 32)
}

/** The target wants it again, not before `afterMs`. */
class NotTaken extends AuditdError {
  readonly afterMs: number
  constructor(reason: string, afterMs: number) {
    super('target_failed', 'forward', '', reason)
    this.afterMs = afterMs
  }
}
