/** What the roles stand on: a bus, state, an outbox and a dead letter; embedded in the data folder or on Kafka. */

import type { Config } from '../schemas/config.ts'
import type { AuditEvent } from '../schemas/event.ts'
import type { Clock, DeadLetters, EventBus, Outbox, StateStore, Telemetry } from '../schemas/ports.ts'
import type { Position } from '../schemas/position.ts'
import type { KnownKey } from './credentials.ts'

export interface PlumbingParts {
  readonly settings: Config
  readonly dataDir: string
  readonly keys: readonly KnownKey[]
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** The canonical row of an event, enrichment included. */
  readonly encode: (event: AuditEvent, position: Position) => string
}
export interface Plumbing {
  readonly bus: EventBus
  readonly state: StateStore
  readonly outbox: Outbox
  readonly deadLetters: DeadLetters
  /** Where the log ends now, for each partition: everything published before lies below it. */
  end(): Promise<readonly { readonly partition: number; readonly next: number }[]>
  close(): Promise<void>
}
