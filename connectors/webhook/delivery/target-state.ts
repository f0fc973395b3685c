/** How a target stands: shown to operators, never a reason to call the service unready. */
import type { Clock, TargetVerdict, Telemetry } from '../../../schemas/ports.ts'

/** Times are RFC 3339. */
export interface TargetState {
  /** Empty until it took something since the start. */
  readonly lastDelivered: string
  /** Since when each exchange fails; empty while it is well. */
  readonly failingSince: string
  /** Why the last exchange failed; empty while it is well. */
  readonly reason: string
  /** Deliveries that are neither taken nor given up. */
  readonly waiting: number
  /** Nothing is sent before; empty when it does not rest. */
  readonly pausedUntil: string
  /** Deliveries refused or given up since the start. */
  readonly dead: number
}

export class TargetHealth {
  readonly #target: string
  readonly #clock: Clock
  readonly #telemetry: Telemetry
  #lastDelivered = ''
  #failingSince = ''
  #reason = ''
  #dead = 0

  constructor(target: string, clock: Clock, telemetry: Telemetry) {
    this.#target = target
    this.#clock = clock
    this.#telemetry = telemetry
    this.#tell()
  }

  /** One exchange is over. Whoever refuses a message has read it: that is no failure of the target. */
  exchanged(verdicts: readonly TargetVerdict[]): void {
    const now = new Date(this.#clock.nowMs()).toISOString()
    if (verdicts.some(({ kind }) => kind === 'delivered')) this.#lastDelivered = now
    const failed = verdicts.find((verdict) => verdict.kind === 'retry')
    this.#reason = failed?.kind === 'retry' ? failed.reason : ''
    this.#failingSince = failed === undefined ? '' : this.#failingSince || now
    this.#tell()
  }

  died(): void {
    this.#dead++
  }

  state(waiting: number, pausedUntilMs: number): TargetState {
    const isPaused = pausedUntilMs > this.#clock.nowMs()
    return {
      lastDelivered: this.#lastDelivered,
      failingSince: this.#failingSince,
      reason: this.#reason,
      waiting,
      pausedUntil: isPaused ? new Date(pausedUntilMs).toISOString() : '',
      dead: this.#dead,
    }
  }

  #tell(): void {
    const labels = { target: this.#target }
    const sinceMs = this.#failingSince === '' ? 0 : Date.parse(this.#failingSince)
    this.#telemetry.gauge('mcp_auditd_target_failing_since_ms', sinceMs, labels)
    if (this.#lastDelivered !== '')
      this.#telemetry.gauge('mcp_auditd_target_delivered_ms', Date.parse(this.#lastDelivered), labels)
  }
}
