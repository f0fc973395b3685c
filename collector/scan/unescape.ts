/** One round of undoing escapes where they stand: percent, HTML entities, backslash escapes, `0x2e0x2e` runs. */

import { TRAIT } from './traits.ts'

/** A text with its escapes undone, and the way back. */
export interface Unescaped {
  readonly text: string
  /** Kinds that occurred, each once: percent, overlong, html, unicode_escape, json_escape, hex. */
  readonly kinds: readonly string[]
  readonly edits: Edits
}

/** What was replaced. Parallel lists, ascending: `[inStart, inEnd)` of the source became `[outStart, outEnd)` of the text. */
export class Edits {
  readonly inStart: number[] = []
  readonly inEnd: number[] = []
  readonly outStart: number[] = []
  readonly outEnd: number[] = []

  /** Offset in the source of an offset in the text; inside a replaced piece it is the piece's start, or its end when `isEnd`. */
  toSource(offset: number, isEnd: boolean): number {
    // The last edit that begins before `offset`, or at it when a start is asked for.
    let low = 0
    let high = this.outStart.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isEnd ? this.outStart[middle]! < offset : this.outStart[middle]! <= offset) low = middle + 1
      else high = middle
    }
    const edit = low - 1
    if (edit < 0) return offset
    if (offset < this.outEnd[edit]!) return isEnd ? this.inEnd[edit]! : this.inStart[edit]!
    return this.inEnd[edit]! + (offset - this.outEnd[edit]!)
  }
}

/** What an escape at some place gives, and how long it is in the source. */
interface Escape {
  readonly text: string
  readonly length: number
  readonly kind: string
}

/** Places where an escape may begin, in order. The search for one character is the fastest there is: only those that occur are looked for. */
class Places {
  private readonly source: string
  private readonly marks: string[] = []
  private readonly next: number[] = []

  constructor(source: string, traits: number) {
    this.source = source
    if ((traits & TRAIT.percent) !== 0) this.marks.push('%')
    if ((traits & TRAIT.ampersand) !== 0) this.marks.push('&')
    if ((traits & TRAIT.backslash) !== 0) this.marks.push('\\')
    if ((traits & TRAIT.encodedRun) !== 0) this.marks.push('0x')
    for (const mark of this.marks) this.next.push(source.indexOf(mark))
  }

  /** The first place at or after `from`; -1 when there is none. */
  from(from: number): number {
    let first = -1
    for (let i = 0; i < this.marks.length; i++) {
      let at = this.next[i]!
      if (at >= 0 && at < from) {
        at = this.source.indexOf(this.marks[i]!, from)
        this.next[i] = at
      }
      if (at >= 0 && (first < 0 || at < first)) first = at
    }
    return first
  }
}

/** Undefined when nothing was replaced. Linear: every replaced character is read once. `traits`: of the source. */
export function unescapeOnce(source: string, traits: number): Unescaped | undefined {
  const places = new Places(source, traits)
  const isJson = (traits & TRAIT.backslash) !== 0 && /^\s{0,8}[[{"]/.test(source)
  for (let at = places.from(0); at >= 0; at = places.from(at + 1)) {
    const first = escapeAt(source, at, isJson)
    if (first !== undefined) return unescapeFrom(source, at, first, places, isJson)
  }
  return undefined
}

function unescapeFrom(source: string, from: number, first: Escape, places: Places, isJson: boolean): Unescaped {
  const edits = new Edits()
  const kinds: string[] = []
  let out = ''
  let read = 0
  let at = from
  let undone: Escape | undefined = first
  while (at >= 0) {
    if (undone === undefined) at = places.from(at + 1)
    else {
      out += source.slice(read, at)
      edits.inStart.push(at)
      edits.outStart.push(out.length)
      out += undone.text
      read = at + undone.length
      edits.inEnd.push(read)
      edits.outEnd.push(out.length)
      if (!kinds.includes(undone.kind)) kinds.push(undone.kind)
      at = places.from(read)
    }
    undone = at < 0 ? undefined : escapeAt(source, at, isJson)
  }
  return { text: out + source.slice(read), kinds, edits }
}

function escapeAt(source: string, at: number, isJson: boolean): Escape | undefined {
  switch (source[at]) {
    case '%':
      return percentAt(source, at)
    case '&':
      return entityAt(source, at)
    case '\\':
      return backslashAt(source, at, isJson)
    default:
      return hexRunAt(source, at)
  }
}

/** 0..15, or -1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
/** The byte that two hex digits at `at` spell, or -1. */
export function hexByte(source: string, at: number): number {
  const high = hexDigit(source.charCodeAt(at))
  const low = hexDigit(source.charCodeAt(at + 1))
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

/** A run of `%HH`, as UTF-8 read leniently; or one `%uHHHH`. A long run is cut in pieces so that a hit's span stays near to it. */
const MAX_RUN_BYTES = 64
function percentAt(source: string, at: number): Escape | undefined {
  const wide = source.charCodeAt(at + 1) | 32
  if (wide === 117) {
    const high = hexByte(source, at + 2)
    const low = hexByte(source, at + 4)
    return high < 0 || low < 0 ? undefined : escapeOf(String.fromCharCode(high * 256 + low), 6, 'percent')
  }
  const bytes: number[] = []
  let next = at
  while (source.charCodeAt(next) === 37 && bytes.length < MAX_RUN_BYTES) {
    const byte = hexByte(source, next + 1)
    if (byte < 0) break
    // A piece never ends inside a character.
    if (bytes.length >= MAX_RUN_BYTES - 6 && (byte & 0xc0) !== 0x80) break
    bytes.push(byte)
    next += 3
  }
  if (bytes.length === 0) return undefined
  const { text, overlong } = lenientUtf8(bytes)
  return escapeOf(text, next - at, overlong ? 'overlong' : 'percent')
}

/** `0x2e0x2e0x2f`: two or more in a row. */
function hexRunAt(source: string, at: number): Escape | undefined {
  const bytes: number[] = []
  let next = at
  while (source[next] === '0' && (source.charCodeAt(next + 1) | 32) === 120 && bytes.length < MAX_RUN_BYTES) {
    const byte = hexByte(source, next + 2)
    if (byte < 0) break
    bytes.push(byte)
    next += 4
  }
  return bytes.length < 2 ? undefined : escapeOf(lenientUtf8(bytes).text, next - at, 'hex')
}

const escapeOf = (text: string, length: number, kind: string): Escape => ({ text, length, kind })

/**
 * UTF-8 as careless decoders read it: overlong forms up to six bytes give the character they smuggle, a lead byte without
 * continuation is dropped, any other stray byte stands for itself.
 */
function lenientUtf8(bytes: readonly number[]): { text: string; overlong: boolean } {
  let text = ''
  let overlong = false
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i++]!
    const more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf8 ? 3 : lead < 0xfc ? 4 : 5
    if (more === 0) {
      text += String.fromCharCode(lead)
      continue
    }
    let code = lead & (0x3f >> more)
    let taken = 0
    while (taken < more && i < bytes.length && (bytes[i]! & 0xc0) === 0x80) {
      code = code * 64 + (bytes[i++]! & 0x3f)
      taken++
    }
    if (taken < more) overlong = true
    else {
      if (code < (more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000)) overlong = true
      text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
    }
  }
  return { text, overlong }
}

/** Entities that hide syntax or words; the rest of HTML's two thousand is no way to hide ASCII. */
const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    sol: '/',
    bsol: '\\',
    period: '.',
    colon: ':',
    semi: ';',
    excl: '!',
    num: '#',
    dollar: '$',
    percnt: '%',
    lpar: '(',
    rpar: ')',
    ast: '*',
    plus: '+',
    comma: ',',
    equals: '=',
    quest: '?',
    commat: '@',
    lsqb: '[',
    rsqb: ']',
    lbrack: '[',
    rbrack: ']',
    Hat: '^',
    lowbar: '_',
    grave: '`',
    lcub: '{',
    lbrace: '{',
    verbar: '|',
    vert: '|',
    rcub: '}',
    rbrace: '}',
    Tab: '\t',
    NewLine: '\n',
    hyphen: '-',
    ZeroWidthSpace: '\u200b',
    zwnj: '\u200c',
    zwj: '\u200d',
    shy: '\u00ad',
    lrm: '\u200e',
    rlm: '\u200f',
    NoBreak: '\u2060',
  }),
)
const ENTITY = /&(?:#(\d{1,8})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,16}));?/y

function entityAt(source: string, at: number): Escape | undefined {
  ENTITY.lastIndex = at
  const match = ENTITY.exec(source)
  if (match === null) return undefined
  const [whole, decimal, hex, named] = match
  if (named !== undefined) {
    const text = whole.endsWith(';') ? ENTITIES.get(named) : undefined
    return text === undefined ? undefined : escapeOf(text, whole.length, 'html')
  }
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
  return code > 0x10ffff ? undefined : escapeOf(String.fromCodePoint(code), whole.length, 'html')
}

const BACKSLASH = /\\(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))/y
const JSON_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '/': '/',
  '\\': '\\',
  b: ' ',
  f: ' ',
}

/** `isJson`: the whole text is JSON, whose strings hold `\n` and `\"` too. */
function backslashAt(source: string, at: number, isJson: boolean): Escape | undefined {
  BACKSLASH.lastIndex = at
  const match = BACKSLASH.exec(source)
  if (match === null) {
    const plain = isJson ? JSON_ESCAPES[source[at + 1] ?? ''] : undefined
    return plain === undefined ? undefined : escapeOf(plain, 2, 'json_escape')
  }
  const [whole, four, braced, two, octal] = match
  const code = octal === undefined ? Number.parseInt((four ?? braced ?? two)!, 16) : Number.parseInt(octal, 8)
  if (code > 0x10ffff) return undefined
  // Half of a surrogate pair stays half: its other half follows.
  return escapeOf(
    four === undefined ? String.fromCodePoint(code) : String.fromCharCode(code),
    whole.length,
    'unicode_escape',
  )
}
