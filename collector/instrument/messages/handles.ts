/** Bearer handles in content: strings that look unguessable, and the ones a server declares. Only keyed hashes leave. */
import type { HandleSeen } from '../../../schemas/events/calls.ts'
import type { Hashes } from '../keys/keys.ts'

export type HandlePolicy = 'private' | 'shared' | 'unknown'
/**
 * A parameter or result field that carries a handle, whatever its entropy. `path` as in `cartId` or `ids[]`, below `arguments` or
 * `structuredContent`, or in the JSON of a text part.
 */
export interface HandleDeclaration {
  readonly tool?: string
  readonly path: string
  readonly policy?: HandlePolicy
}

/** A candidate is a run of 16 to 512 of these; the same cut on both sides makes a handle minted in a result match one in arguments. */
const IN_RUN = Uint8Array.from({ length: 128 }, (_, code) => (/[A-Za-z0-9_-]/.test(String.fromCharCode(code)) ? 1 : 0))
const MIN_RUN = 16
const MAX_RUN = 512

/**
 * What /[A-Za-z0-9_-]{16,512}/g matches. That expression reads each word of a text from each of its letters; here one look at the
 * sixteenth character from here rules out most places at once, which makes prose a tenth of the work.
 */
export function candidatesOf(text: string): string[] {
  const found: string[] = []
  const isIn = (at: number): boolean => IN_RUN[text.charCodeAt(at)] === 1
  for (let from = 0; from + MIN_RUN <= text.length; ) {
    let at = from + MIN_RUN - 1
    while (at >= from && isIn(at)) at--
    if (at >= from) {
      from = at + 1
      continue
    }
    let end = from + MIN_RUN
    while (end < text.length && end - from < MAX_RUN && isIn(end)) end++
    found.push(text.slice(from, end))
    from = end
  }
  return found
}

const MIN_BITS = 64
/** Handles described per call, each way. */
export const MAX_HANDLES = 64
/** Characters of one string that are searched. */
const MAX_SEARCHED = 65_536
/** Characters of all strings of one value tree that are searched. */
const MAX_SEARCHED_IN_ALL = 524_288
const MAX_PATH = 512

/** A path as an event may carry it. */
export const recordedPath = (path: string): string => (path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path)

/**
 * Estimated entropy of a text in bits: for each run between separators its length times the alphabet it seems drawn from, and never
 * more than its own symbol statistics allow by half again. A run of letters without digits is a word and counts nothing, unless
 * its lower-case stretches are as short as chance would have them (those of camelCase are words).
 */
export function estimatedBits(text: string): number {
  const length = Math.min(text.length, 128)
  let bits = 0
  let digits = 0
  let hex = 0
  let lower = 0
  let upper = 0
  let stretches = 0
  let last = 0
  counts.fill(0)
  for (let at = 0; at <= length; at++) {
    const code = at === length ? SEPARATOR : text.charCodeAt(at)
    if (code < 128 && at < length) counts[code]!++
    let kind = 0
    if (code >= 48 && code <= 57) digits++
    else if (code >= 97 && code <= 122) {
      lower++
      kind = 1
      if (code <= 102) hex++
    } else if (code >= 65 && code <= 90) {
      upper++
      kind = 2
      if (code <= 70) hex++
    } else {
      const letters = lower + upper
      const mixed = lower > 0 && upper > 0
      if (digits > 0 || (mixed && lower < stretches * MAX_STRETCH)) {
        const alphabet = letters === 0 ? 10 : hex === letters && !mixed ? 16 : mixed ? 62 : 36
        bits += (letters + digits) * Math.log2(alphabet)
      }
      digits = hex = lower = upper = stretches = 0
    }
    if (kind === 1 && last !== 1) stretches++
    last = kind
  }
  if (bits < MIN_BITS) return bits
  let statistics = 0
  for (let code = 0; code < 128; code++) {
    const times = counts[code]!
    if (times > 0) statistics -= times * Math.log2(times / length)
  }
  return Math.min(bits, statistics * 1.5)
}
const SEPARATOR = 45
/** Mean length of lower-case stretches: 2 by chance, 3 and more in names. */
const MAX_STRETCH = 2.6
const counts = new Uint16Array(128)

/** Tells whether a text is, or holds, something unguessable: such text is not recorded as a name either. */
export function holdsHandle(text: string): boolean {
  if (text.length < 16) return false
  for (const candidate of candidatesOf(text.slice(0, MAX_SEARCHED)))
    if (estimatedBits(candidate) >= MIN_BITS) return true
  return false
}

/** The policy declared for (tool, path), if any. */
export type Declared = (path: string) => HandlePolicy | undefined
export function declarationsFor(declarations: readonly HandleDeclaration[]): (tool: string) => Declared | undefined {
  if (declarations.length === 0) return () => undefined
  return (tool) => {
    const paths = new Map<string, HandlePolicy>()
    for (const { tool: only, path, policy } of declarations)
      if (only === undefined || only === tool) paths.set(path, policy ?? 'private')
    return paths.size === 0 ? undefined : (path) => paths.get(path)
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Collects the handles of one value tree; a handle seen twice counts once. */
export class HandleFinder {
  readonly found: HandleSeen[] = []
  /** Not all of it was searched. */
  bounded = false
  private room = MAX_SEARCHED_IN_ALL
  private prints: Set<string> | undefined
  private readonly hashes: Hashes
  private readonly declared: Declared | undefined
  private readonly except: ReadonlySet<string> | undefined

  constructor(hashes: Hashes, declared?: Declared, except?: ReadonlySet<string>) {
    this.hashes = hashes
    this.declared = declared
    this.except = except
  }

  /** The fingerprints found, to tell what a result minted from what it echoed. */
  get fingerprints(): ReadonlySet<string> {
    return this.prints ?? NONE
  }

  /** Looks at one leaf. `path` is what is reported; a declared leaf is one handle as a whole, numbers too. */
  leaf(path: string, value: unknown): void {
    const policy = this.declared?.(path)
    if (policy !== undefined && (typeof value === 'string' || typeof value === 'number')) {
      if (value !== '') this.add(String(value), path, policy)
      return
    }
    if (typeof value !== 'string' || value.length < 16) return
    const room = Math.min(MAX_SEARCHED, this.room)
    if (value.length > room) this.bounded = true
    if (room === 0) return
    const text = value.length > room ? value.slice(0, room) : value
    this.room -= text.length
    for (const candidate of candidatesOf(text)) {
      if (this.found.length >= MAX_HANDLES) return
      if (estimatedBits(candidate) >= MIN_BITS) this.add(candidate, path, 'unknown')
    }
  }

  private add(handle: string, path: string, policy: HandlePolicy): void {
    if (this.found.length >= MAX_HANDLES) return
    const fp = this.hashes.handles.hash(handle)
    this.prints ??= new Set()
    if (this.prints.has(fp)) return
    this.prints.add(fp)
    if (this.except?.has(fp)) return
    this.found.push({ fp, path: recordedPath(path), policy, inList: path.includes('[]') })
  }
}
