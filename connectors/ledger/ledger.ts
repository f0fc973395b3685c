/** Opens the ledger of a data folder and gives its ports, which share one file and so one transaction. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { JobState } from '../../schemas/job-state.ts'
import type { Clock, StateStore, Telemetry } from '../../schemas/ports.ts'
import { Database } from './database.ts'
import { type LedgerDeadLetters, ledgerDeadLetters } from './dead-letters.ts'
import { ledgerJobState } from './job-state.ts'
import { type LedgerOutbox, ledgerOutbox } from './outbox.ts'
import { ledgerStateStore } from './state-store.ts'

export interface Ledger {
  readonly state: StateStore
  readonly outbox: LedgerOutbox
  readonly deadLetters: LedgerDeadLetters
  readonly jobs: JobState
  /** Closes the file; the ports only end their waits. */
  close(): Promise<void>
}
export function openLedger(dir: string, clock: Clock, telemetry: Telemetry): Ledger {
  mkdirSync(dir, { recursive: true })
  const database = new Database(join(dir, 'ledger.sqlite'))
  const outbox = ledgerOutbox(database, clock, telemetry)
  return {
    outbox,
    state: ledgerStateStore(database, outbox.wake),
    deadLetters: ledgerDeadLetters(database),
    jobs: ledgerJobState(database),
    async close() {
      await outbox.close()
      database.close()
    },
  }
}
