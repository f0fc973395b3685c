/** The proof of a data folder: asked of its running service, or read from the idle folder, its state and its spool. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLedger } from '../../connectors/ledger/ledger.ts'
import { realDisk } from '../../connectors/spool/disk.ts'
import { listSegments, readSegment } from '../../connectors/spool/segment.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { ProofHead } from '../../schemas/proof.ts'
import { askService, type RunningService } from '../admin/running-service.ts'
import { openQuestions, type Questions } from '../store-question.ts'
import { silentTelemetry } from '../wire-store.ts'
import { headOf } from './sealer.ts'
import type { ProofSource, RowsByManifest } from './source.ts'
import { storeSource } from './store-source.ts'
import { UnsealedRows } from './unsealed-rows.ts'

export interface OpenedFolder {
  readonly source: ProofSource & RowsByManifest
  readonly questions: Questions
  /** The log of the embedded bus; undefined where there is none. */
  readonly log: string | undefined
}

/** Close the questions when done. */
export async function openFolder(dataDir: string): Promise<OpenedFolder> {
  const questions = await openQuestions(dataDir)
  const { service } = questions
  const log = logOf(dataDir)
  const heads = service === undefined ? () => idleHeads(dataDir, log) : () => headsOf(service)
  return { source: storeSource(questions.ask, heads), questions, log }
}

async function headsOf(service: RunningService): Promise<readonly ProofHead[]> {
  const answer = await askService(service, '/v1/proof/heads')
  if (answer === undefined) throw new AuditdError('store_unavailable', 'verify', service.url, 'the service has ended')
  return ((await answer.json()) as { heads: ProofHead[] }).heads
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
