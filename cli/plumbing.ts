/** What the roles stand on: a bus, state, an outbox and a dead letter; embedded in the data folder or on Kafka. */

import type { Config } from '../schemas/config.ts'
import type { AuditEvent } from '../schemas/event.ts'
import type { JobState } from '../schemas/job-state.ts'
import type {
  Clock,
  DeadLetterCount,
  DeadLetters,
  EventBus,
  Outbox,
  SignalBus,
  StateStore,
  Telemetry,
} from '../schemas/ports.ts'
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
export interface LogEnd {
  readonly partition: number
  readonly next: number
}
export interface Plumbing {
  readonly bus: EventBus
  /** Where rules whose key crosses servers get their events; absent where there is one log. */
  readonly signals?: SignalBus
  /** Partitions of the log of events; one when absent. */
  readonly partitions?: number
  readonly state: StateStore
  readonly outbox: Outbox
  readonly deadLetters: DeadLetters & DeadLetterCount
  readonly jobs: JobState
  /** Where the log ends now, for each partition: everything published before lies below it. */
  end(): Promise<readonly LogEnd[]>
  /** The same of signals. */
  signalsEnd?(): Promise<readonly LogEnd[]>
  close(): Promise<void>
}
