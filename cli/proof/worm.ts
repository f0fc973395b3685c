/** Segments as files that are written once: rows, their manifest, tombstones and public keys, to be verified without the store or us. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { AuditdError } from '../../schemas/errors.ts'
import { manifestText, type ProofManifest, type SignedHead } from '../../schemas/proof.ts'
import { chainOf } from './chain.ts'
import { OpenSegment } from './open-segment.ts'
import { IDENTITY_HASH_BYTES, ROW_HASH_BYTES, readRow } from './row-facts.ts'
import { KeyRing, publicPem } from './signer.ts'
import type { ProofSource, RowsByManifest } from './source.ts'
import { openContent } from './unsealed-rows.ts'
import { WORM_README } from './worm-readme.ts'
import { writeOnce } from './write-once.ts'

export interface WormExport {
  readonly segments: number
  readonly rows: number
  readonly tombstones: number
  /** Segments that were there already. */
  readonly kept: number
}
const NUMBER_DIGITS = 12

export const segmentFolder = ({ log, partition }: Pick<SignedHead, 'log' | 'partition'>): string =>
  `${encodeURIComponent(log)}-${partition}`
export const segmentName = (number: number): string => String(number).padStart(NUMBER_DIGITS, '0')

/**
 * Everything sealed and not there yet; begun again, it goes on. The manifest of a segment comes after its rows, so a segment with a manifest is
 * whole. Throws when a row is not the one that was proven: what was tampered with is no copy worth keeping.
 */
export async function exportWorm(source: ProofSource & RowsByManifest, dir: string): Promise<WormExport> {
  await writeOnce(join(dir, 'README.txt'), WORM_README)
  const keys = await source.keys()
  const ring = new KeyRing(keys)
  for (const key of keys)
    if (ring.has(key.keyId)) await writeOnce(join(dir, 'keys', `${key.keyId}.pem`), publicPem(key))
  let tombstones = 0
  for await (const page of source.allTombstones())
    for (const each of page)
      if (await writeOnce(join(dir, 'tombstones', `${encodeURIComponent(each.id)}.json`), `${JSON.stringify(each)}\n`))
        tombstones += 1
  let [segments, rows, kept] = [0, 0, 0]
  const groups = Map.groupBy(await source.manifestHeads(), ({ log, partition }) => `${log}/${partition}`)
  for (const heads of groups.values()) {
    const { log, partition } = heads[0]!
    const chain = chainOf(log, partition, heads, undefined, ring)
    const [fault] = chain.faults
    if (fault !== undefined)
      throw new AuditdError('state_corrupt', 'export', `segment ${fault.segment}`, `${fault.reason}; run verify`)
    for (const head of chain.main) {
      const path = join(dir, 'segments', segmentFolder(head), segmentName(head.number))
      if (existsSync(`${path}.json`)) {
        kept += 1
        continue
      }
      rows += await writeSegment(source, head, path)
      segments += 1
    }
  }
  return { segments, rows, tombstones, kept }
}

async function writeSegment(source: ProofSource & RowsByManifest, head: SignedHead, path: string): Promise<number> {
  const manifest = (await source.manifests([head.hash])).find(({ contentHash }) => contentHash === head.contentHash)
  const content = manifest === undefined ? undefined : openContent(manifest, head.count)
  if (manifest === undefined || content === undefined)
    throw new AuditdError('state_corrupt', 'export', `segment ${head.number}`, 'its content does not match; run verify')
  const segment = new OpenSegment(head, content)
  const [rowHash, identityHash] = [Buffer.alloc(ROW_HASH_BYTES), Buffer.alloc(IDENTITY_HASH_BYTES)]
  const lines: string[] = []
  for await (const page of source.rowsOf(head))
    for (const { line, offset, index, isWellFormed } of page) {
      const at = segment.rowAt(offset, index)
      if (at < 0 || segment.hasRight(at)) continue
      const bytes = Buffer.from(line)
      readRow(bytes, 0, bytes.length, rowHash, identityHash, 0)
      if (!isWellFormed || !segment.isRight(at, rowHash))
        throw new AuditdError(
          'state_corrupt',
          'export',
          `segment ${head.number} row ${offset}/${index}`,
          'was changed; run verify',
        )
      segment.mark(at, true)
      lines.push(line)
    }
  await writeOnce(`${path}.rows.gz`, gzipSync(lines.length === 0 ? '' : `${lines.join('\n')}\n`))
  await writeOnce(`${path}.json`, `${JSON.stringify(fileOf(manifest), null, 1)}\n`)
  return lines.length
}

/** The signed text stands in it as it was signed, for who verifies with other tools. */
const fileOf = (manifest: ProofManifest): ProofManifest & { readonly signedText: string } => ({
  ...manifest,
  signedText: manifestText(manifest),
})
