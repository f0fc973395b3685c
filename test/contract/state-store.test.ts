/** The state store contract in memory and on the ledger. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, openLedger } from '../../connectors/ledger/ledger.ts'
import { MemoryFindings } from '../../connectors/memory/findings.ts'
import { memoryStateStore } from '../../connectors/memory/state-store.ts'
import { recordingTelemetry } from './samples.ts'
import { describeStateStore } from './state-store.ts'

describeStateStore('memory', async () => ({ state: memoryStateStore(new MemoryFindings()), close: async () => {} }))

describeStateStore('ledger', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'))
  const ledgers: Ledger[] = []
  const open = () => {
    const ledger = openLedger(dir, { nowMs: () => 0 }, recordingTelemetry())
    ledgers.push(ledger)
    return ledger
  }
  return {
    state: open().state,
    reopen: async () => open().state,
    close: async () => {
      for (const ledger of ledgers) await ledger.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
})
