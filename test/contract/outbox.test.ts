/** The outbox contract in memory and on the ledger. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ledger, openLedger } from '../../connectors/ledger/ledger.ts'
import { MemoryFindings } from '../../connectors/memory/findings.ts'
import { memoryOutbox } from '../../connectors/memory/outbox.ts'
import { memoryStateStore } from '../../connectors/memory/state-store.ts'
import { describeOutbox } from './outbox.ts'
import { recordingTelemetry } from './samples.ts'

describeOutbox('memory', async () => {
  const findings = new MemoryFindings()
  const outbox = memoryOutbox(findings)
  return { state: memoryStateStore(findings), outbox, close: () => outbox.close() }
})

describeOutbox('ledger', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-'))
  const ledgers: Ledger[] = []
  const open = () => {
    const ledger = openLedger(dir, { nowMs: () => 0 }, recordingTelemetry())
    ledgers.push(ledger)
    return ledger
  }
  const { state, outbox } = open()
  return {
    state,
    outbox,
    reopen: async () => open(),
    close: async () => {
      for (const ledger of ledgers) await ledger.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
})
