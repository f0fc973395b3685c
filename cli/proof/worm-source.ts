/** A folder of segments written once, read without any store. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { AuditdError } from '../../schemas/errors.ts'
import {
  manifestText,
  type ProofKey,
  type ProofManifest,
  type SignedHead,
  type Tombstone,
} from '../../schemas/proof.ts'
import { ROW_COLUMNS } from '../../schemas/row.ts'
import type { StoredLine } from '../../schemas/stored-row.ts'
import { readKeys } from './signer.ts'
import type { ProofSource } from './source.ts'

const columnAt = (name: string): number => ROW_COLUMNS.findIndex(([column]) => column === name)
const [LOG, PARTITION, OFFSET, INDEX] = ['log', 'partition', 'offset', 'index'].map((name) =>
  columnAt(`position_${name}`),
)
const [EVENT_ID, RECEIVED_AT] = [columnAt('event_id'), columnAt('received_at')]
const ROWS_A_PAGE = 5_000

export function wormSource(dir: string): ProofSource {
  if (!existsSync(join(dir, 'segments'))) throw new AuditdError('usage', 'verify', '--worm', `${dir} holds no segments`)
  const files = segmentFiles(dir)
  const tombstones = read<Tombstone>(join(dir, 'tombstones'))
  const paths = new Map<string, string>()
  /** Which rows lie in which file, learnt when it is first read. */
  const daysOf = new Map<string, ReadonlySet<string>>()
  /** Heads stay in memory, contents do not. */
  const heads = files.map((path): SignedHead => {
    const { positions: _, rowHashes: _rows, identityHashes: _ids, ...head } = manifestAt(path)
    paths.set(head.hash, path)
    return head
  })
  return {
    keys: async (): Promise<readonly ProofKey[]> => {
      const folder = join(dir, 'keys')
      return existsSync(folder) ? readdirSync(folder).flatMap((name) => readKeys(join(folder, name))) : []
    },
    // Files cannot say what never came to be.
    heads: async () => [],
    manifestHeads: async () => heads,
    manifests: async (hashes) => hashes.flatMap((hash) => (paths.has(hash) ? [manifestAt(paths.get(hash)!)] : [])),
    async *allTombstones() {
      yield tombstones
    },
    tombstones: async (log, partition, from, to) =>
      tombstones.filter(
        (each) =>
          each.log === log &&
          each.partition === partition &&
          (each.number === 0 || (each.number >= from && each.number <= to)),
      ),
    async days() {
      for (const path of rowFiles(dir)) daysOf.set(path, new Set(linesOf(path).map((line) => rowOf(path, line).day)))
      return [...new Set([...daysOf.values()].flatMap((days) => [...days]))].sort()
    },
    async *rows(day) {
      for (const [path, days] of daysOf) {
        if (!days.has(day)) continue
        const rows = linesOf(path).map((line) => rowOf(path, line))
        const own = rows.filter((row) => row.day === day)
        for (let from = 0; from < own.length; from += ROWS_A_PAGE) yield own.slice(from, from + ROWS_A_PAGE)
      }
    },
  }
}

/** Any file that is not as we write it is a finding of its own, not a crash. */
function manifestAt(path: string): ProofManifest {
  try {
    const { signedText, ...manifest } = JSON.parse(readFileSync(path, 'utf8')) as ProofManifest & { signedText: string }
    // Who verifies by hand reads the signed text: it must be the one of this manifest.
    return signedText === manifestText(manifest) ? manifest : { ...manifest, signature: '' }
  } catch (error) {
    throw new AuditdError('state_corrupt', 'verify', path, 'is not readable as a manifest', error)
  }
}
function linesOf(path: string): readonly string[] {
  try {
    return gunzipSync(readFileSync(path))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch (error) {
    throw new AuditdError('state_corrupt', 'verify', path, 'is not readable as rows', error)
  }
}
function rowOf(path: string, line: string): StoredLine & { readonly day: string } {
  let row: unknown[]
  try {
    row = JSON.parse(line) as unknown[]
  } catch (error) {
    throw new AuditdError('state_corrupt', 'verify', path, 'has a line that is no row', error)
  }
  return {
    line,
    log: row[LOG!] as string,
    partition: row[PARTITION!] as number,
    offset: row[OFFSET!] as number,
    index: row[INDEX!] as number,
    eventId: row[EVENT_ID!] as string,
    isWellFormed: true,
    day: String(row[RECEIVED_AT!]).slice(0, 10),
  }
}

const segmentFiles = (dir: string, ending = '.json'): string[] =>
  readdirSync(join(dir, 'segments')).flatMap((folder) =>
    readdirSync(join(dir, 'segments', folder))
      .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
      .sort()
      .map((name) => join(dir, 'segments', folder, name)),
  )
const rowFiles = (dir: string): string[] => segmentFiles(dir, '.rows.gz')
const read = <T>(folder: string): T[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
        .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T)
    : []
