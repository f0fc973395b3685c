/** Plumbing in the data folder: a spool of segments, and one ledger for state, findings, outbox and dead letters. */
import { join } from 'node:path'
import { lockFolder } from '../connectors/ledger/folder-lock.ts'
import { openLedger } from '../connectors/ledger/ledger.ts'
import { Spool } from '../connectors/spool/spool.ts'
import type { Plumbing, PlumbingParts } from './plumbing.ts'

export async function openEmbedded({ settings, dataDir, clock, telemetry, encode }: PlumbingParts): Promise<Plumbing> {
  const unlock = lockFolder(dataDir)
  const ledger = openLedger(join(dataDir, 'ledger'), clock, telemetry)
  const spool = await Spool.open({
    dir: join(dataDir, 'spool'),
    clock,
    telemetry,
    maxBytes: settings.limits.spoolBytes,
    encode,
  })
  return {
    bus: spool,
    state: ledger.state,
    outbox: ledger.outbox,
    deadLetters: ledger.deadLetters,
    jobs: ledger.jobs,
    end: async () => [{ partition: 0, next: spool.next }],
    async close() {
      await spool.close()
      await ledger.close()
      unlock()
    },
  }
}
