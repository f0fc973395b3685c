/** The proof of a data folder: asked of its running service, or read from the idle folder, its state and its spool. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLedger } from '../../connectors/ledger/ledger.ts'
import { realDisk } from '../../connectors/spool/disk.ts'
import { listSegments, readSegment } from '../../connectors/spool/segment.ts'
import type { Config } from '../../schemas/config.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { ProofHead, ProofStore } from '../../schemas/proof.ts'
import { askService, type RunningService, runningService } from '../admin/running-service.ts'
import { openStore, silentTelemetry } from '../wire-store.ts'
import { headOf } from './sealer.ts'
import type { ProofSource } from './source.ts'
import { storeSource } from './store-source.ts'
import { UnsealedRows } from './unsealed-rows.ts'

export interface OpenedFolder {
  readonly source: ProofSource
  /** The log of the embedded bus; undefined where there is none. */
  readonly log: string | undefined
  /** Of the idle folder only. */
  readonly store?: ProofStore
  close(): Promise<void>
}

export async function openFolder(settings: Config, dataDir: string): Promise<OpenedFolder> {
  const log = logOf(dataDir)
  const service = runningService(dataDir)
  if (service !== undefined && (await answers(service)))
    return { source: serviceSource(service), log, close: async () => {} }
  if (settings.store.url === '' && !existsSync(join(dataDir, 'store')))
    throw new AuditdError('config_invalid', 'verify', '--data', `${dataDir} holds no store`)
  const store = await openStore(settings, dataDir, silentTelemetry)
  return {
    source: storeSource(
      (sql, format) => store.query(sql, { format, own: true }),
      () => idleHeads(dataDir, log),
    ),
    log,
    store: store.proof,
    close: () => store.close(),
  }
}

const answers = async (service: RunningService): Promise<boolean> =>
  (await askService(service, '/v1/proof/heads')) !== undefined

function serviceSource(service: RunningService): ProofSource {
  const gone = (): AuditdError => new AuditdError('store_unavailable', 'verify', service.url, 'the service has ended')
  return storeSource(
    async (sql, format) => {
      const answer = await askService(service, '/v1/query', { sql, format })
      if (answer === undefined) throw gone()
      return answer.text()
    },
    async () => {
      const answer = await askService(service, '/v1/proof/heads')
      if (answer === undefined) throw gone()
      return ((await answer.json()) as { heads: ProofHead[] }).heads
    },
  )
}

export function logOf(dataDir: string): string | undefined {
  const path = join(dataDir, 'spool', 'log-id')
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
}

/** What the state of an idle folder says, and the segments that wait behind it. */
export async function idleHeads(dataDir: string, log: string | undefined): Promise<readonly ProofHead[]> {
  const folder = join(dataDir, 'ledger')
  if (log === undefined || !existsSync(folder)) return []
  const ledger = openLedger(folder, { nowMs: () => Date.now() }, silentTelemetry)
  try {
    const snapshot = await ledger.state.restore(log, 0)
    const saved = snapshot?.chunks.get('proof')
    const none = { positions: '', rowHashes: [], identityHashes: [], receivedFrom: '', receivedTo: '' }
    const head =
      saved === undefined ? { log, partition: 0, number: 0, hash: '', next: 0, pending: none } : headOf(log, 0, saved)
    return [{ ...head, onTheirWay: await waiting(join(dataDir, 'spool'), head.next) }]
  } finally {
    await ledger.close()
  }
}

async function waiting(spool: string, next: number): Promise<NonNullable<ProofHead['onTheirWay']>> {
  const rows = new UnsealedRows()
  if (readdirSync(spool).length > 0)
    for (const name of (await listSegments(realDisk, spool)).segments) {
      if (name.number < next) continue
      const lines = await readSegment(realDisk, spool, name)
      if (lines !== undefined && lines.length > 0) rows.addLines(Buffer.from(lines.join('\n')), new Set())
    }
  return rows.save()
}
