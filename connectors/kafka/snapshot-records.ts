/** Snapshots as records of the compacted state topic: parts of chunks, then the manifest that makes them one snapshot. */
import { createHash } from 'node:crypto'
import type { Snapshot } from '../../schemas/ports.ts'
import type { KafkaMessage, KafkaRecord } from './driver.ts'

/** Bytes of one record; a longer chunk is cut into parts. */
const PART_BYTES = 512 * 1024

/**
 * One snapshot of one writer. A writer is one tenure of a partition: a new id at each assignment, so that two owners
 * never write the same key. The position is part of every key, so a delete names exactly one version.
 */
export interface Version {
  readonly log: string
  readonly partition: number
  readonly writer: string
  readonly next: number
  /** Parts written, to delete them; known from the manifest, or counted from the parts seen. */
  readonly parts: number
}

interface Manifest {
  readonly ruleSetHash: string
  readonly watermarkMs: number
  readonly parts: number
  readonly chunks: readonly { readonly name: string; readonly bytes: number; readonly parts: number }[]
  /** SHA-256 over all parts in order: a torn snapshot is never taken for a whole one. */
  readonly digest: string
}

export interface SnapshotRecords {
  readonly version: Version
  readonly parts: readonly KafkaRecord[]
  readonly manifest: KafkaRecord
}

type Named = Pick<Version, 'log' | 'partition' | 'writer' | 'next'>
const key = (kind: 'part' | 'manifest', version: Named, part: number) =>
  Buffer.from(`${kind}/${version.log}/${version.partition}/${version.writer}/${version.next}/${part}`)

export function snapshotRecords(snapshot: Snapshot, writer: string): SnapshotRecords {
  const named = { log: snapshot.log, partition: snapshot.partition, writer, next: snapshot.next }
  const parts: KafkaRecord[] = []
  const hash = createHash('sha256')
  const chunks = [...snapshot.chunks].map(([name, bytes]) => {
    const before = parts.length
    for (let at = 0; at < bytes.length || at === 0; at += PART_BYTES) {
      const value = Buffer.from(bytes.subarray(at, at + PART_BYTES))
      hash.update(value)
      parts.push({ key: key('part', named, parts.length), value, headers: {} })
    }
    return { name, bytes: bytes.length, parts: parts.length - before }
  })
  const manifest: Manifest = {
    ruleSetHash: snapshot.ruleSetHash,
    watermarkMs: snapshot.watermarkMs,
    parts: parts.length,
    chunks,
    digest: hash.digest('hex'),
  }
  return {
    version: { ...named, parts: parts.length },
    parts,
    manifest: { key: key('manifest', named, 0), value: Buffer.from(JSON.stringify(manifest)), headers: {} },
  }
}

/** Tombstones of one version: the manifest first, so that a half-deleted snapshot is never complete. */
export function tombstones(version: Version): KafkaRecord[] {
  const gone = (of: Buffer): KafkaRecord => ({ key: of, value: null, headers: {} })
  return [
    gone(key('manifest', version, 0)),
    ...Array.from({ length: version.parts }, (_, part) => gone(key('part', version, part))),
  ]
}

interface Held {
  readonly named: Named
  readonly parts: Map<number, Buffer>
  highestPart: number
  manifest: Manifest | undefined
}

/** What the state topic holds for one partition of one log, built up by reading it from its start. */
export class SnapshotView {
  readonly #log: string
  readonly #partition: number
  readonly #held = new Map<string, Held>()

  constructor(log: string, partition: number) {
    this.#log = log
    this.#partition = partition
  }

  add(message: KafkaMessage): void {
    const [kind, log, partition, writer, next, part] = String(message.key).split('/')
    if (log !== this.#log || Number(partition) !== this.#partition || writer === undefined) return
    const id = `${writer}/${next}`
    let held = this.#held.get(id)
    if (held === undefined) {
      const named = { log, partition: this.#partition, writer, next: Number(next) }
      held = { named, parts: new Map(), highestPart: -1, manifest: undefined }
      this.#held.set(id, held)
    }
    if (kind === 'manifest') held.manifest = readManifest(message.value)
    else if (message.value === null) held.parts.delete(Number(part))
    else {
      held.parts.set(Number(part), message.value)
      held.highestPart = Math.max(held.highestPart, Number(part))
    }
    if (held.manifest === undefined && held.parts.size === 0) this.#held.delete(id)
  }

  /** Every version that still has a record, whole or not. */
  versions(): Version[] {
    return [...this.#held.values()].map(({ named, highestPart, manifest }) => ({
      ...named,
      parts: Math.max(manifest?.parts ?? 0, highestPart + 1),
    }))
  }

  /** The complete snapshot with the highest position at or below `notAfter`; one made with these rules before any other. */
  latest(notAfter = Number.POSITIVE_INFINITY, ruleSetHash?: string): Snapshot | undefined {
    const isForeign = ({ manifest }: Held): number => (manifest?.ruleSetHash === ruleSetHash ? 0 : 1)
    const candidates = [...this.#held.values()]
      .filter(({ named, manifest }) => manifest !== undefined && named.next <= notAfter)
      .sort((a, b) => isForeign(a) - isForeign(b) || b.named.next - a.named.next)
    for (const { named, parts, manifest } of candidates) {
      const chunks = assemble(manifest!, parts)
      if (chunks === undefined) continue
      const { log, partition, next } = named
      return { log, partition, next, ruleSetHash: manifest!.ruleSetHash, watermarkMs: manifest!.watermarkMs, chunks }
    }
    return undefined
  }
}

function assemble(manifest: Manifest, parts: ReadonlyMap<number, Buffer>): Map<string, Uint8Array> | undefined {
  const hash = createHash('sha256')
  const chunks = new Map<string, Uint8Array>()
  let at = 0
  for (const chunk of manifest.chunks) {
    const pieces: Buffer[] = []
    for (let part = 0; part < chunk.parts; part++, at++) {
      const piece = parts.get(at)
      if (piece === undefined) return undefined
      hash.update(piece)
      pieces.push(piece)
    }
    chunks.set(chunk.name, pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
  }
  return hash.digest('hex') === manifest.digest ? chunks : undefined
}

/** Undefined for a tombstone and for anything that is not a manifest of ours: then there is no snapshot. */
function readManifest(value: Buffer | null): Manifest | undefined {
  if (value === null) return undefined
  try {
    const read = JSON.parse(value.toString()) as Partial<Manifest>
    return typeof read.digest === 'string' && Array.isArray(read.chunks) ? (read as Manifest) : undefined
  } catch {
    return undefined
  }
}
