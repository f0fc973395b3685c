/** Keys over time: which one hashes now, and, while a switch is young, what the same values were before it. */
import {
  DEFAULT_OVERLAP,
  type KeyList,
  type Overlap,
  parseKeyList,
  readKeyList,
  type VersionedKey,
} from './key-list.ts'
import { type AuditKeys, type Hasher, type Hashes, hashesOf, PURPOSES, type Purpose } from './keys.ts'
import { resolveSecret, resolveSecretSync, type SecretReference } from './secret.ts'

/** Versioned keys given by code. */
export interface VersionedKeys {
  readonly versions: readonly {
    readonly version: string
    readonly key: AuditKeys
    /** RFC 3339; without it the key is used as soon as it is there. */
    readonly notBefore?: string
  }[]
  /** ms; defaults: principals 30 days, tokens, handles and addresses 24 hours, arguments none. */
  readonly overlapMs?: Partial<Overlap>
}
/** Versioned keys in a file, a folder or the output of a command, read again as they change. */
export interface KeySource {
  readonly from: SecretReference
}
export type KeySettings = AuditKeys | VersionedKeys | KeySource

/** Former versions whose overlap may last at once. */
const MAX_FORMER = 4
/** Values remembered with their former hashes; the oldest go. Content brings many handles, and must not push out the people. */
const MAX_PAIRS = 8_192
const MAX_PAIRS_OF_EVENT = 128
const REREAD_FILE_MS = 10_000
const REREAD_COMMAND_MS = 300_000
/** A hash of the JSON-RPC id is compared within one request only. */
const SHORT_LIVED = new Set(['jsonrpcIdHash', 'eventId', 'requestUid', 'traceId'])
const HASH_CHARS = 32

/** Hashes with the key of now, and remembers what each value was under former ones. */
class RotatedHash implements Hasher {
  readonly pairs = new Map<string, readonly string[]>()
  private readonly current: Hasher
  private readonly former: readonly Hasher[]
  constructor(current: Hasher, former: readonly Hasher[]) {
    this.current = current
    this.former = former
  }
  hash(text: string): string {
    const hash = this.current.hash(text)
    const { pairs } = this
    const known = pairs.get(hash)
    // Set anew, here and when it is told, so that a value in use is the youngest.
    if (known !== undefined) pairs.delete(hash)
    else if (pairs.size >= MAX_PAIRS) pairs.delete(pairs.keys().next().value!)
    pairs.set(hash, known ?? this.former.map((key) => key.hash(text)).filter((old) => old !== hash))
    return hash
  }
}

type Warn = (message: string) => void
/** In somebody else's process there is no log of ours. */
const emitWarning: Warn = (message) => process.emitWarning(message, 'McpAuditWarning')
type Told = Readonly<Record<string, unknown>>
const LIST = { component: 'instrument', field: 'keys' } as const
const isFile = (source: SecretReference): boolean => typeof source === 'string' && source.startsWith('file:')

export class KeyRing {
  hashes: Hashes
  /** Version in force; undefined: keys have none. */
  version: string | undefined
  /** Rises at each switch: hashes kept from before are made anew. */
  epoch = 0
  private readonly source: SecretReference | undefined
  private readonly nowMs: () => number
  private readonly warn: Warn
  private list: KeyList | undefined
  private readonly made = new Map<string, Hashes>()
  /** When a version without a time of its own was first seen as the newest. */
  private readonly seenMs = new Map<string, number>()
  private rotated: readonly RotatedHash[] = []
  private nextLookMs = Number.POSITIVE_INFINITY
  private reread: NodeJS.Timeout | undefined

  /** Throws on keys that cannot be used: at set-up, never in a call. */
  constructor(settings: KeySettings | undefined, nowMs: () => number = Date.now, warn: Warn = emitWarning) {
    this.nowMs = nowMs
    this.warn = warn
    if (settings !== undefined && isSource(settings)) {
      this.source = settings.from
      this.list = readKeyList(settings.from, { warn })
      const everyMs = isFile(settings.from) ? REREAD_FILE_MS : REREAD_COMMAND_MS
      this.reread = setInterval(() => void this.look(), everyMs).unref()
    } else if (settings !== undefined && isVersioned(settings)) this.list = listOf(settings)
    else {
      this.hashes = hashesOf(settings)
      return
    }
    this.hashes = this.hashesFor(this.list.keys[0]!)
    this.turn(true)
  }

  /** Reads the source again. A list that cannot be read or used leaves the one before in force. */
  async look(): Promise<void> {
    const { source } = this
    if (source === undefined) return
    try {
      // A small file is read at once; a command runs beside us.
      this.list = isFile(source)
        ? readKeyList(source, { warn: this.warn })
        : parseKeyList(await resolveSecret(source, LIST))
      this.turn(false)
    } catch {
      // The next look may find it mended; hashing goes on meanwhile.
    }
  }
  close(): void {
    clearInterval(this.reread)
    this.reread = undefined
  }

  /** Switches when it is time. Called between events; costs a comparison. */
  advance(): void {
    if (this.nowMs() >= this.nextLookMs) this.turn(false)
  }

  private turn(isFirst: boolean): void {
    const { keys, overlap } = this.list!
    const now = this.nowMs()
    const started = keys.filter(({ notBeforeMs }) => notBeforeMs <= now)
    // Before the first of them is due it is used all the same: an event without hashes would be worse.
    const current = started.at(-1) ?? keys[0]!
    const former = started.slice(0, -1)
    // From when each former one was replaced: by the time the next one names, else by when we saw it first.
    const replacedMs = former.map((_, at) => this.startOf(started[at + 1]!, now))
    this.rebuild(current, former, replacedMs, overlap, now)
    const due = keys.filter(({ notBeforeMs }) => notBeforeMs > now).map(({ notBeforeMs }) => notBeforeMs)
    const ends = replacedMs.flatMap((at) => PURPOSES.map((purpose) => at + overlap[purpose])).filter((at) => at > now)
    this.nextLookMs = Math.min(Number.POSITIVE_INFINITY, ...due, ...ends)
    if (this.version !== current.version && !isFirst) this.epoch++
    this.version = current.version
  }

  private startOf({ version, notBeforeMs }: VersionedKey, now: number): number {
    if (notBeforeMs > 0) return notBeforeMs
    const seen = this.seenMs.get(version) ?? now
    this.seenMs.set(version, seen)
    return seen
  }

  private rebuild(
    current: VersionedKey,
    former: readonly VersionedKey[],
    replacedMs: readonly number[],
    overlap: Overlap,
    now: number,
  ): void {
    const own = this.hashesFor(current)
    const rotated: RotatedHash[] = []
    const hasher = (purpose: Purpose): Hasher => {
      const alive = former.filter((_, at) => replacedMs[at]! + overlap[purpose] > now).slice(-MAX_FORMER)
      if (alive.length === 0) return own[purpose]
      // Oldest first: it is the one that everything else is told by.
      const made = new RotatedHash(
        own[purpose],
        alive.map((key) => this.hashesFor(key)[purpose]),
      )
      rotated.push(made)
      return made
    }
    const byPurpose = Object.fromEntries(PURPOSES.map((purpose) => [purpose, hasher(purpose)])) as Record<
      Purpose,
      Hasher
    >
    this.hashes = { ...byPurpose, ephemeral: false }
    this.rotated = rotated
  }

  private hashesFor({ version, key }: VersionedKey): Hashes {
    const mark = `${version}\n${typeof key === 'string' ? key : JSON.stringify(key)}`
    let hashes = this.made.get(mark)
    if (hashes === undefined) {
      hashes = hashesOf(key)
      this.made.set(mark, hashes)
    }
    return hashes
  }

  get isVersioned(): boolean {
    return this.list !== undefined
  }

  /** What a value whose hash this is was under the former keys, oldest first, while an overlap lasts. */
  formerOf(hash: string): readonly string[] {
    for (const { pairs } of this.rotated) {
      const former = pairs.get(hash)
      if (former === undefined) continue
      pairs.delete(hash)
      pairs.set(hash, former)
      return former
    }
    return []
  }

  /** An event's fields with the version of their key and, during an overlap, the former hashes of those that are there. */
  stamped<F extends Told>(fields: F, common: Told | undefined): F {
    if (this.list === undefined) return fields
    const out: Record<string, unknown> = { ...fields }
    if (common?.['keyVersion'] === undefined) out['keyVersion'] = this.version
    if (this.rotated.length > 0) {
      const pairs = new Set<string>()
      if (common !== undefined) this.collect(common, pairs)
      this.collect(fields, pairs)
      if (pairs.size > 0) out['formerHashes'] = [...pairs]
    }
    return out as F
  }

  private collect(fields: Told, into: Set<string>): void {
    for (const field in fields) {
      const value = fields[field]
      if (typeof value === 'string') {
        if (value.length === HASH_CHARS && !SHORT_LIVED.has(field)) this.pair(value, into)
      } else if (Array.isArray(value))
        for (const element of value as readonly (string | { readonly fp?: unknown } | null)[]) {
          const hash = typeof element === 'object' ? element?.fp : element
          if (typeof hash === 'string' && hash.length === HASH_CHARS) this.pair(hash, into)
        }
    }
  }

  private pair(hash: string, into: Set<string>): void {
    for (const former of this.formerOf(hash)) if (into.size < MAX_PAIRS_OF_EVENT) into.add(`${hash}=${former}`)
  }
}

const isSource = (settings: KeySettings): settings is KeySource =>
  typeof settings === 'object' && !(settings instanceof Uint8Array) && 'from' in settings
const isVersioned = (settings: KeySettings): settings is VersionedKeys =>
  typeof settings === 'object' && !(settings instanceof Uint8Array) && 'versions' in settings

function listOf({ versions, overlapMs }: VersionedKeys): KeyList {
  const keys = versions.map(({ version, key, notBefore }) => {
    const notBeforeMs = notBefore === undefined ? 0 : Date.parse(notBefore)
    if (Number.isNaN(notBeforeMs)) throw new RangeError(`instrument: keys: version ${version}: notBefore is not a time`)
    // Before its hour comes: a key that is too short is refused at set-up.
    hashesOf(key)
    return { version, key, notBeforeMs }
  })
  if (keys.length === 0) throw new RangeError('instrument: keys: versions is empty')
  keys.sort((a, b) => a.notBeforeMs - b.notBeforeMs)
  return { keys, overlap: { ...DEFAULT_OVERLAP, ...overlapMs } }
}

const PLACE = { component: 'instrument', field: 'MCP_AUDIT_KEY' } as const
let ofEnvironment: { readonly names: string; readonly ring: KeyRing } | undefined
/** MCP_AUDIT_KEYS names versioned keys; MCP_AUDIT_KEY is one key, or names it. One ring for all servers of the process. */
export function environmentRing(): KeyRing {
  const { MCP_AUDIT_KEYS: keys, MCP_AUDIT_KEY: key } = process.env
  const names = `${keys}\n${key}`
  if (ofEnvironment?.names !== names) {
    ofEnvironment?.ring.close()
    const single =
      key === undefined || key === '' ? undefined : resolveSecretSync(key, PLACE, { literal: true, warn: emitWarning })
    ofEnvironment = { names, ring: new KeyRing(keys === undefined || keys === '' ? single : { from: keys }) }
  }
  return ofEnvironment.ring
}
