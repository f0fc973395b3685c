/** Scanning a text or a JSON value: every classifier over every reading, within bounds. Never throws, whatever it is given. */
import type { Classifier, LocatedHit, Scanned, Subject, Surface } from './classifier.ts'
import { CLASSIFIERS } from './classifiers.ts'
import { asItCame, decodedReadings, type SourcedReading } from './decode.ts'
import { isBase64, textOfBlob } from './encoded-text.ts'
import { copyOf } from './remembered.ts'
import { roleOf } from './role.ts'
import { TRAIT } from './traits.ts'
import { type DeclaredRoles, type Leaf, walkValue } from './walk.ts'

/** Work per text and value, whatever a caller sends. Characters are UTF-16 units; what lies beyond counts as unscanned. */
export interface Bounds {
  /** Of a longer text the head and the tail are read. */
  readonly textCharacters: number
  readonly valueCharacters: number
  /** Properties and elements that are visited. */
  readonly nodes: number
  readonly depth: number
}
export const BOUNDS: Bounds = { textCharacters: 65_536, valueCharacters: 262_144, nodes: 16_384, depth: 32 }
/** Of a text that is too long, the share that is read at its end. */
const TAIL_SHARE = 0.25

/** What is known of a value before it is read. */
export interface ScanBase {
  readonly surface: Surface
  readonly toolName: string
  readonly otherTools: ReadonlySet<string>
  /** What the schema says: role.ts, `rolesOf`. */
  readonly roles?: DeclaredRoles
  /** First part of every path; `args` for arguments, else ''. */
  readonly root?: string
}

export interface Scanner {
  /** Hits are in the order of the text for each classifier and reading. */
  scanText(text: string, subject: Subject, bounds?: Bounds): Scanned
  /** Every string in the value and the names of its properties. */
  scanValue(value: unknown, base: ScanBase, bounds?: Bounds): Scanned
}

/** A scanner with classifiers of one's own; `scanText` and `scanValue` use all of them. */
export function scannerOf(classifiers: readonly Classifier[]): Scanner {
  const bySurface = new Map<Surface, Readers>()
  const readersOf = (surface: Surface): Readers => {
    let readers = bySurface.get(surface)
    if (readers === undefined) {
      readers = readersAmong(classifiers, surface)
      bySurface.set(surface, readers)
    }
    return readers
  }
  return {
    scanText(text, subject, bounds = BOUNDS) {
      const tally = new Tally()
      scanInto(tally, text, subject, readersOf(subject.surface), bounds.textCharacters)
      return tally
    },
    scanValue(value, base, bounds = BOUNDS) {
      const tally = new Tally()
      const readers = readersOf(base.surface)
      const root = base.root ?? (base.surface === 'arguments' ? 'args' : '')
      let room = bounds.valueCharacters
      const parameters = base.surface === 'definition' ? parametersOf(value) : undefined
      const missed = walkValue(value, root, bounds, base.roles, (leaf) => {
        const limit = Math.min(bounds.textCharacters, room)
        room -= Math.min(leaf.text.length, limit)
        const subject = subjectOf(leaf, base, parameters)
        if (mayComeAgain(leaf, subject)) scanRepeated(tally, leaf, subject, readers, limit)
        else scanLeaf(tally, leaf, subject, readers, limit)
      })
      tally.unscannedBytes += missed
      return tally
    },
  }
}

/** What a word of a-z may have. */
const OF_WORDS = TRAIT.lower | TRAIT.longRun
/** The classifiers of a surface. */
interface Readers {
  readonly classifiers: readonly Classifier[]
  /** In a word of a-z with fewer characters none of them can find anything. */
  readonly leastOfWord: number
  /** In which nothing was found, and where that was: names of properties, and values apart from them, so that these displace none. */
  readonly cleanKeys: Clean
  readonly cleanValues: Clean
}
type Clean = Map<string, { readonly subject: Subject; readonly bytes: number }>
const KEPT_CLEAN = 512
/** Of the text with its place and its tool, all of which callers choose. */
const CLEAN_CHARACTERS = 256

function readersAmong(all: readonly Classifier[], surface: Surface): Readers {
  const classifiers = all.filter(({ surfaces }) => surfaces.has(surface))
  const ofWords = classifiers.filter(({ needs }) => needs === undefined || (needs & OF_WORDS) !== 0)
  const leastOfWord = Math.min(...ofWords.map(({ least = 0 }) => least))
  return { classifiers, leastOfWord, cleanKeys: new Map(), cleanValues: new Map() }
}

const all = scannerOf(CLASSIFIERS)
export const scanText: Scanner['scanText'] = all.scanText
export const scanValue: Scanner['scanValue'] = all.scanValue

/** Sums up one value. */
class Tally implements Scanned {
  readonly hits: LocatedHit[] = []
  scannedBytes = 0
  unscannedBytes = 0
}

function subjectOf({ path, name, found, declared }: Leaf, base: ScanBase, parameters?: ReadonlySet<string>): Subject {
  const { surface, toolName, otherTools } = base
  if (parameters !== undefined)
    return { surface, role: 'unknown', path, toolName, otherTools, parameters, isKey: found === 'key' }
  if (found === 'key') return { surface, role: 'unknown', path, toolName, otherTools, isKey: true }
  // Only what a caller passes has a role; everything else is prose or data.
  const role = surface !== 'arguments' ? 'unknown' : (declared ?? roleOf(name, undefined, toolName))
  return { surface, role, path, toolName, otherTools }
}

/** Names of the parameters of a definition: in its text they mean its own arguments. */
function parametersOf(definition: unknown): ReadonlySet<string> {
  try {
    const { properties } = ((definition as { inputSchema?: unknown } | null)?.inputSchema ?? {}) as {
      properties?: unknown
    }
    if (typeof properties === 'object' && properties !== null)
      return new Set(Object.keys(properties).slice(0, MAX_PARAMETERS))
  } catch {
    // A schema that cannot be read names none.
  }
  return NO_PARAMETERS
}
const MAX_PARAMETERS = 512
const NO_PARAMETERS: ReadonlySet<string> = new Set()

/** Names of properties, and values of a place that is there once: a choice, a folder, an address. */
const mayComeAgain = ({ text, found }: Leaf, { path, toolName }: Subject): boolean =>
  text.length + path.length + toolName.length <= CLEAN_CHARACTERS &&
  (found === 'key' || (found === 'value' && !path.includes('[')))

function scanRepeated(tally: Tally, { text, found }: Leaf, subject: Subject, readers: Readers, limit: number): void {
  const cleanOnes = found === 'key' ? readers.cleanKeys : readers.cleanValues
  const clean = cleanOnes.get(text)
  if (clean !== undefined && limit >= text.length && isSamePlace(clean.subject, subject)) {
    tally.scannedBytes += clean.bytes
    return
  }
  const { hits, scannedBytes, unscannedBytes } = tally
  const { length } = hits
  scanInto(tally, text, subject, readers, limit)
  if (hits.length > length || tally.unscannedBytes > unscannedBytes) return
  if (cleanOnes.size >= KEPT_CLEAN) cleanOnes.clear()
  cleanOnes.set(copyOf(text), { subject, bytes: tally.scannedBytes - scannedBytes })
}
const isSamePlace = (a: Subject, b: Subject): boolean =>
  a.path === b.path && a.role === b.role && a.toolName === b.toolName && a.otherTools === b.otherTools

/** A shorter one may be a token under a name that says blob. */
const BLOB_CHARACTERS = 256

function scanLeaf(tally: Tally, leaf: Leaf, subject: Subject, readers: Readers, limit: number): void {
  if (leaf.found !== 'blob' || leaf.text.length < BLOB_CHARACTERS || !isBase64(leaf.text)) {
    scanInto(tally, leaf.text, subject, readers, limit)
    return
  }
  const text = textOfBlob(leaf.text, limit)
  const bytes = Buffer.byteLength(leaf.text, 'base64')
  if (text === undefined) {
    tally.unscannedBytes += bytes
    return
  }
  const before = tally.hits.length
  scanInto(tally, text, subject, readers, limit)
  tally.unscannedBytes += Math.max(0, bytes - Buffer.byteLength(text))
  // The text as it came is the blob: there is no finer place in it.
  for (let i = before; i < tally.hits.length; i++) {
    const hit = tally.hits[i]!
    tally.hits[i] = { ...hit, decodings: ['base64', ...hit.decodings], start: 0, end: leaf.text.length }
  }
}

function scanInto(tally: Tally, text: string, subject: Subject, readers: Readers, limit: number): void {
  if (text.length <= limit) {
    scanPiece(tally, text, 0, subject, readers)
    return
  }
  const { headEnd, tailStart } = unreadOf(text, limit)
  scanPiece(tally, text.slice(0, headEnd), 0, subject, readers)
  scanPiece(tally, text.slice(tailStart), tailStart, subject, readers)
  tally.unscannedBytes += Buffer.byteLength(text.slice(headEnd, tailStart))
}

/** Where reading stops in a text that is longer than `limit`, and where it goes on. */
export function unreadOf(text: string, limit: number): { headEnd: number; tailStart: number } {
  const tail = Math.floor(limit * TAIL_SHARE)
  return { headEnd: limit - tail, tailStart: text.length - tail }
}

/** `base`: where the piece stands in the text as it came. */
function scanPiece(tally: Tally, text: string, base: number, subject: Subject, readers: Readers): void {
  if (text === '') return
  if (text.length < readers.leastOfWord && subject.isKey !== true && isWord(text)) {
    tally.scannedBytes += text.length
    return
  }
  const plain = asItCame(text)
  const first = tally.hits.length
  let whole = readAll(tally, plain, text, base, subject, readers, first)
  for (const reading of decodedReadings(plain))
    whole = readAll(tally, reading, text, base, subject, readers, first) && whole
  if (whole) tally.scannedBytes += plain.bytes
  else tally.unscannedBytes += plain.bytes
}

function isWord(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 97 || code > 122) return false
  }
  return true
}

/** Answers whether every classifier read it. One that throws is at fault; the others go on, and the text counts as unscanned. */
function readAll(
  tally: Tally,
  reading: SourcedReading,
  text: string,
  base: number,
  subject: Subject,
  readers: Readers,
  first: number,
): boolean {
  let whole = true
  const { text: read, traits } = reading
  for (const classifier of readers.classifiers) {
    const { needs, least = 0 } = classifier
    if (read.length < least || (subject.isKey !== true && needs !== undefined && (needs & traits) === 0)) continue
    try {
      for (const hit of classifier.check(reading, subject)) {
        const [start, end] = reading.toSource(hit.start, hit.end)
        const { decodings } = reading
        if (decodings.length > 0 && isKnown(tally.hits, first, hit.class, base + start, base + end)) continue
        tally.hits.push({
          ...hit,
          start: base + start,
          end: base + end,
          detector: classifier.name,
          detectorVersion: classifier.version,
          path: subject.path,
          role: subject.role,
          decodings,
          span: text.slice(start, end),
        })
      }
    } catch {
      whole = false
    }
  }
  return whole
}

/** Earlier hits of the text that a decoded one is compared with. */
const COMPARED = 128
/** Whether a less decoded reading showed the same class at the same place. */
function isKnown(hits: readonly LocatedHit[], first: number, kind: string, start: number, end: number): boolean {
  const last = Math.min(hits.length, first + COMPARED)
  for (let i = first; i < last; i++) {
    const hit = hits[i]!
    if (hit.class === kind && hit.start < end && start < hit.end) return true
  }
  return false
}
