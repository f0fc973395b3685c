/** How a target stands: shown to operators, never a reason to call the service unready. */
export interface TargetState {
  /** RFC 3339; empty until something was delivered since the start. */
  readonly lastDelivered: string
  /** Since when each exchange fails; empty while the target is well. */
  readonly failingSince: string
  /** Why the last exchange failed; empty while it is well. */
  readonly reason: string
  /** Deliveries that are due and not settled, as far as was looked. */
  readonly waiting: number
  /** Nothing is sent before; empty when not paused. */
  readonly pausedUntil: string
  /** Alerts refused or given up since the start. */
  readonly dead: number
}
