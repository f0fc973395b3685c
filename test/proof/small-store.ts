// A small store with everything a proof may hold: several manifests over three days, rows that went by each of the three reasons, a tail.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../cli/configuration.ts'
import { idleHeads, logOf } from '../../cli/proof/data-folder.ts'
import { giveLeave } from '../../cli/proof/leave.ts'
import type { Proof } from '../../cli/proof/proof.ts'
import { removeWhere } from '../../cli/proof/removal.ts'
import { openSigner } from '../../cli/proof/signer.ts'
import type { ProofSource } from '../../cli/proof/source.ts'
import { storeSource } from '../../cli/proof/store-source.ts'
import { verifyProof } from '../../cli/proof/verification.ts'
import { startService } from '../../cli/service.ts'
import { openStore, silentTelemetry } from '../../cli/wire-store.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { RowPlace } from '../../schemas/proof.ts'
import { realisticEvents } from '../bench/realistic-events.ts'

export const DAYS = ['2026-11-21', '2026-11-22', '2026-11-23'] as const
/** Rows of one publish; two publishes a manifest. */
const BATCH_ROWS = 150
/** Kept in memory by nobody but the state: the tail has no manifest. */
const SETTINGS = {
  'proof.sealRows': 150,
  'proof.sealEveryMs': 3_600_000,
  'limits.snapshotEveryEvents': 100,
  targets: {},
}
const settings = loadConfig({}, { otlp: '127.0.0.1:0', admin: '127.0.0.1:0', sql: 'off', ...SETTINGS })

export interface SmallStore {
  readonly dir: string
  close(): void
}

/** `departed` false: nothing has gone yet. */
export async function smallStore(rows = 2_400, { departed = true } = {}): Promise<SmallStore> {
  const dir = mkdtempSync(join(tmpdir(), 'proof-'))
  const service = await startService({ settings, dataDir: dir, roles: ['detect'], bus: 'embedded', logLevel: 'error' })
  const events = [...realisticEvents(rows, 5)]
  for (let at = 0; at < rows; at += BATCH_ROWS) {
    const day = DAYS[Math.floor((at / rows) * DAYS.length)]!
    const batch = events.slice(at, at + BATCH_ROWS).map((event, i) => received(event, day, at + i))
    // The same events once more, as if another instance had numbered them: no retry, and two rows of one identity.
    const again = batch.slice(0, 3).map((event) => ({ ...event, producerId: '9'.repeat(32) }) as AuditEvent)
    await service.bus.publish(batch)
    await service.settled()
    await service.bus.publish(again)
    await service.settled()
  }
  await service.stop()
  if (departed) await depart(dir)
  return { dir, close: () => rmSync(dir, { recursive: true, force: true }) }
}

const received = (event: AuditEvent, day: string, ms: number): AuditEvent => {
  const at = new Date(Date.parse(`${day}T06:00:00.000Z`) + ms).toISOString()
  return { ...event, tenant: 'default', eventTime: at, receivedAt: at } as AuditEvent
}
/** Copies are merged away, one principal is erased, traffic of the first day has been kept long enough. */
async function depart(dir: string): Promise<void> {
  const store = await openSmall(dir)
  const signer = await openSigner(settings, dir, silentTelemetry, false)
  const proof: Proof = { store: store.proof, signer, sealRows: 1, sealEveryMs: 0, heads: () => [] }
  const atMs = Date.parse('2026-11-24T00:00:00Z')
  for (const day of DAYS) await store.mergeDay(day)
  const merged: RowPlace[] = []
  const source = sourceOf(store, dir)
  await verifyProof(source, {
    onMerged: ({ head: { log, partition } }, offset, index) => void merged.push({ log, partition, offset, index }),
  })
  // Half of the copies stay without a tombstone: what is not signed yet must be green too.
  const signed = merged.filter((_, at) => at % 2 === 0)
  await giveLeave(proof, signed, { reason: 'duplicate', by: 'test', note: '', atMs })
  const key = (
    await store.query(
      "SELECT principal_key FROM events WHERE principal_key != '' GROUP BY 1 ORDER BY count() DESC, 1 LIMIT 1",
      { format: 'TSV' },
    )
  ).trim()
  await removeWhere({ store, proof }, `principal_key = '${key}'`, {
    reason: 'erase',
    by: 'a person',
    note: 'asked for',
    atMs,
  })
  await removeWhere({ store, proof }, `toDate(received_at, 'UTC') = '${DAYS[0]}' AND event_type = 'http.request'`, {
    reason: 'retention',
    by: 'test',
    note: '',
    atMs,
  })
  await store.close()
}

export const openSmall = (dir: string) => openStore(settings, dir, silentTelemetry)
export const sourceOf = (store: Awaited<ReturnType<typeof openSmall>>, dir: string): ProofSource =>
  storeSource(
    (sql, format) => store.query(sql, { format, own: true }),
    () => idleHeads(dir, logOf(dir)),
  )
