/** The contract of job state in memory and on the ledger. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, openLedger } from '../../connectors/ledger/ledger.ts'
import { memoryJobState } from '../../connectors/memory/job-state.ts'
import { describeElection, describeJobState } from './job-state.ts'
import { recordingTelemetry } from './samples.ts'

const memory = async () => {
  const values = new Map<string, string>()
  const state = memoryJobState(values)
  return { state, reopen: async () => state, close: async () => {} }
}
describeJobState('memory', memory)
describeElection('memory', memory)

describeJobState('ledger', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'))
  const ledgers: Ledger[] = []
  const open = () => {
    const ledger = openLedger(dir, { nowMs: () => 0 }, recordingTelemetry())
    ledgers.push(ledger)
    return ledger
  }
  return {
    state: open().jobs,
    reopen: async () => open().jobs,
    close: async () => {
      for (const ledger of ledgers) await ledger.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
})
