/** The loop of one target: what is due, in as many messages as it may be told now, one exchange after the other. */
import { AuditdError, isTransient } from '../../../schemas/errors.ts'
import type {
  AlertTarget,
  Delivery,
  Settlement,
  TargetAnswer,
  TargetRequest,
  TargetVerdict,
} from '../../../schemas/ports.ts'
import { DELIVERY_POLICY, type DeliverOptions, type DeliveryPolicy } from './delivery-policy.ts'
import { alone, assignments, FloodWindow, type Message, MOST_TOGETHER, NO_LIMIT, sorted } from './flood.ts'
import { backoffMs, Doorbell, type Sleep, sleepReally } from './pauses.ts'
import { redactAlert } from './redaction.ts'
import { TargetHealth, type TargetState } from './target-state.ts'

const BATCH = 16
/** While nothing may be told, what is due is not read anew more often. */
const HELD_MS = 250

export class TargetLoop {
  /** Nothing is due, or the target is paused. */
  resting = false
  readonly #doorbell = new Doorbell()
  /** No further exchange. */
  readonly stopping = new AbortController()
  /** Ends the exchange that is under way. */
  readonly cutting = new AbortController()
  readonly #target: AlertTarget
  readonly #options: DeliverOptions
  readonly #policy: DeliveryPolicy
  readonly #sleep: Sleep
  readonly #flood: FloodWindow
  readonly #health: TargetHealth
  /** Failed attempts in a row; 0 when the last one was taken. */
  #failures = 0
  #pausedUntilMs = 0
  #lastExchangeMs = Number.NEGATIVE_INFINITY

  constructor(target: AlertTarget, options: DeliverOptions) {
    this.#target = target
    this.#options = options
    this.#policy = { ...DELIVERY_POLICY, ...options.policy }
    this.#sleep = options.sleep ?? sleepReally
    this.#flood = new FloodWindow(this.#limit)
    this.#health = new TargetHealth(target.name, options.clock, options.telemetry)
  }

  get name(): string {
    return this.#target.name
  }
  async state(): Promise<TargetState> {
    return this.#health.state(await this.#options.outbox.waiting(this.name), this.#pausedUntilMs)
  }
  get #limit() {
    return this.#options.settings?.get(this.name)?.flood ?? NO_LIMIT
  }

  wake(): void {
    this.resting = this.#pausedUntilMs > this.#options.clock.nowMs()
    this.#doorbell.ring()
  }

  async run(): Promise<void> {
    const stop = this.stopping.signal
    while (!stop.aborted) {
      const pausedMs = this.#pausedUntilMs - this.#options.clock.nowMs()
      if (pausedMs > 0) {
        this.resting = true
        await this.#sleep(pausedMs, stop)
        continue
      }
      this.resting = false
      const due = await this.#due()
      if (due.length === 0) {
        this.resting = !this.#doorbell.rung
        await this.#doorbell.wait(this.#policy.pollMs, this.#sleep, stop)
        continue
      }
      const messages = await this.#messages(due)
      for (const together of this.#exchanges(messages)) {
        if (stop.aborted || this.#pausedUntilMs > this.#options.clock.nowMs()) break
        await this.#pace()
        await this.#deliver(together)
      }
    }
  }

  /**
   * What is told now. How waiting deliveries are told, alone or together, is made durable first and told in the next turn, so that a kill
   * neither repeats one under another key nor changes what a key stands for.
   */
  async #messages(due: readonly Delivery[]): Promise<readonly Message[]> {
    if (!this.#flood.isOn && due.every(({ bundle }) => bundle === undefined)) return due.map(alone)
    const { urgent, assigned, waiting } = sorted(due, this.#limit.perMs)
    if (this.#failures > 0) {
      // One at a time. What came meanwhile waits together, so that recovery is no flood either.
      const first = urgent[0] ?? assigned[0]
      if (first === undefined) await this.#assign(assignments(waiting, 1))
      return first === undefined ? [] : [first]
    }
    const left = this.#flood.left(this.#options.clock.nowMs())
    const now = assigned.slice(0, left)
    const planned = assignments(waiting, left - now.length)
    await this.#assign(planned)
    if (urgent.length + now.length + planned.length === 0) await this.#hold()
    return [...urgent, ...now]
  }

  async #assign(planned: ReturnType<typeof assignments>): Promise<void> {
    const { outbox, telemetry } = this.#options
    for (const { delivery, bundle } of planned) {
      if (this.stopping.signal.aborted) return
      await this.#outboxCall(() => outbox.settle(delivery, { kind: 'bundled', bundle }))
    }
    const grouped = planned.filter(({ delivery, bundle }) => bundle !== delivery.idempotencyKey).length
    if (grouped > 0) telemetry.count('mcp_auditd_deliveries_grouped_total', grouped, { target: this.name })
  }

  /** Until one more may be told, or something new has come: it may be critical. */
  async #hold(): Promise<void> {
    const stop = this.stopping.signal
    const { clock } = this.#options
    this.resting = !this.#doorbell.rung
    await this.#sleep(Math.min(HELD_MS, this.#flood.waitMs(clock.nowMs())), stop)
    const leftMs = this.#flood.waitMs(clock.nowMs())
    if (leftMs > 0) await this.#doorbell.wait(leftMs, this.#sleep, stop)
  }

  /** One at a time while the target is failing, so that a long outage does not burn the attempts of everything that waits. */
  async #due(): Promise<readonly Delivery[]> {
    const { outbox, clock } = this.#options
    const most = this.#flood.isOn ? MOST_TOGETHER : Math.max(BATCH, this.#target.together ?? 1)
    const limit = this.#failures > 0 && !this.#flood.isOn ? 1 : most
    const due = await this.#outboxCall(() => outbox.due(this.#target.name, clock.nowMs(), limit))
    return due ?? []
  }

  #exchanges(messages: readonly Message[]): readonly (readonly Message[])[] {
    const { together = 1 } = this.#target
    return Array.from({ length: Math.ceil(messages.length / together) }, (_, at) =>
      messages.slice(at * together, (at + 1) * together),
    )
  }

  /** Some services refuse a second message within a time. */
  async #pace(): Promise<void> {
    const { clock } = this.#options
    const { paceMs = 0 } = this.#target
    const waitMs = this.#lastExchangeMs + paceMs - clock.nowMs()
    if (waitMs > 0) await this.#sleep(waitMs, this.stopping.signal)
    this.#lastExchangeMs = clock.nowMs()
  }

  async #deliver(messages: readonly Message[]): Promise<void> {
    const given = await this.#attempt(messages.map(({ told }) => this.#redacted(told)))
    const verdicts = messages.map((_, at) => given[at] ?? again('the target gave no verdict'))
    this.#health.exchanged(verdicts)
    const failed = verdicts.some(({ kind }) => kind === 'retry')
    for (const [at, message] of messages.entries()) {
      const verdict = verdicts[at]!
      if (verdict.kind === 'delivered') this.#flood.told(this.#options.clock.nowMs())
      await this.#settle(message, verdict)
    }
    if (!failed) this.#failures = 0
    else this.#failedOnce(Math.max(...verdicts.map((verdict) => (verdict.kind === 'retry' && verdict.afterMs) || 0)))
  }

  /** Pauses the target for as long as its service asked, and longer with each failure in a row. */
  #failedOnce(askedMs: number): void {
    const { clock, random } = this.#options
    this.#failures++
    const over = this.#failures - this.#policy.openAfter
    const circuitMs = over < 0 ? 0 : backoffMs(over + 1, this.#policy.pause, random)
    this.#pausedUntilMs = clock.nowMs() + Math.max(askedMs, circuitMs)
  }

  /** All of a message alike: its members come again together, or none does. */
  async #settle({ told, members }: Message, verdict: TargetVerdict): Promise<void> {
    const { telemetry, outbox } = this.#options
    const target = this.name
    const { settlement, result } = this.#settlementOf(told, verdict)
    telemetry.count('mcp_auditd_deliveries_total', members.length, { target, result })
    if (verdict.kind !== 'delivered') {
      const { reason } = settlement.kind === 'retry' || settlement.kind === 'dead' ? settlement : verdict
      const { alertId } = told.alert
      telemetry.log('delivery_failed', { target, alertId, attempt: told.attempt, result, reason })
    }
    for (const delivery of members) {
      if (settlement.kind === 'dead') this.#health.died()
      await this.#outboxCall(() => outbox.settle(delivery, settlement))
    }
  }

  #redacted(delivery: Delivery): Delivery {
    const { redact = [] } = this.#options.settings?.get(this.name) ?? {}
    return redact.length === 0 ? delivery : { ...delivery, alert: redactAlert(delivery.alert, redact) }
  }

  async #attempt(deliveries: readonly Delivery[]): Promise<readonly TargetVerdict[]> {
    const { clock } = this.#options
    const signal = this.cutting.signal
    try {
      return await this.#target.deliver(deliveries, { send: (request) => this.#send(request), clock, signal })
    } catch (error) {
      // A refused address is tried again too: a resolver that answers wrongly for a while must not cost an alert.
      const reason = reasonOf(error)
      const verdict =
        error instanceof AuditdError ? again(reason) : refused(`the request could not be built: ${reason}`)
      return deliveries.map(() => verdict)
    }
  }

  /** Whatever goes wrong on the way says nothing about the alert. */
  async #send(request: TargetRequest): Promise<TargetAnswer> {
    try {
      return await this.#options.send(request, this.cutting.signal)
    } catch (error) {
      throw error instanceof AuditdError
        ? error
        : new AuditdError('target_failed', 'webhook', this.#target.name, reasonOf(error), error)
    }
  }

  #settlementOf(delivery: Delivery, verdict: TargetVerdict): { settlement: Settlement; result: string } {
    if (verdict.kind === 'delivered') return { settlement: verdict, result: 'delivered' }
    if (verdict.kind === 'refused') return { settlement: { kind: 'dead', reason: verdict.reason }, result: 'refused' }
    if (delivery.attempt >= this.#policy.maxAttempts) {
      const reason = `${verdict.reason}; given up after ${delivery.attempt} attempts`
      return { settlement: { kind: 'dead', reason }, result: 'dead' }
    }
    const { clock, random } = this.#options
    const waitMs = Math.max(verdict.afterMs ?? 0, backoffMs(delivery.attempt, this.#policy.retry, random))
    return {
      settlement: { kind: 'retry', notBeforeMs: clock.nowMs() + waitMs, reason: verdict.reason },
      result: 'retry',
    }
  }

  /** Repeats a call of the outbox until it works or the loop stops (undefined): a delivery is settled rather than sent again. */
  async #outboxCall<T>(call: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 1; ; failures++) {
      try {
        return await call()
      } catch (error) {
        if (!isTransient(error)) throw error
        const { telemetry, random } = this.#options
        telemetry.log('delivery_failed', { target: this.#target.name, result: 'outbox', reason: reasonOf(error) })
        await this.#sleep(backoffMs(failures, this.#policy.pause, random), this.stopping.signal)
        if (this.stopping.signal.aborted) return undefined
      }
    }
  }
}

const again = (reason: string): TargetVerdict => ({ kind: 'retry', reason })
const refused = (reason: string): TargetVerdict => ({ kind: 'refused', reason })
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error')
