/** Text that stands in base64 or hex inside another text, or in a blob that calls itself binary. */
import { isUtf8 } from 'node:buffer'
import { codeUnitsOf } from './code-units.ts'
import { isEncoding, nextRun } from './traits.ts'
import { hexByte, hexDigit } from './unescape.ts'

/** A run of the base64 alphabet that spells text; its span is the whole run with its padding. */
export interface Piece {
  readonly text: string
  readonly kind: 'base64' | 'hex'
  readonly start: number
  readonly end: number
}

const MIN_PIECE_CHARACTERS = 16
/** Pieces of one text that are decoded; the pieces that turn out to be no text cost next to nothing and are not counted. */
const MAX_PIECES = 256
/** A path or a name may stand before what is encoded: `files/Li4vLi4v…`. */
const MAX_ATTEMPTS = 4
/** Bytes looked at before the rest is decoded: an accident passes this once in some hundred pieces. */
const PEEK_BYTES = 9

/** Linear. */
export function encodedPieces(text: string): Piece[] {
  const units = codeUnitsOf(text)
  const { length } = text
  const pieces: Piece[] = []
  for (let start = nextRun(units, length, 0); start >= 0 && pieces.length < MAX_PIECES; ) {
    let end = start
    while (isEncoding(units[end]!)) end++
    const piece = pieceAt(text, start, end)
    if (piece !== undefined) pieces.push(piece)
    start = nextRun(units, length, end)
  }
  return pieces
}

function pieceAt(text: string, start: number, end: number): Piece | undefined {
  if ((end - start) % 2 === 0 && spellsInHex(text, start) && isHex(text, start, end)) {
    const decoded = textOf(Buffer.from(text.slice(start, end), 'hex'))
    if (decoded !== undefined) return { text: decoded, kind: 'hex', start, end }
  }
  let from = start
  for (let attempt = 0; attempt < MAX_ATTEMPTS && end - from >= MIN_PIECE_CHARACTERS; attempt++) {
    if (spellsInBase64(text, from)) {
      const decoded = textOf(Buffer.from(text.slice(from, end), 'base64'))
      if (decoded !== undefined) return { text: decoded, kind: 'base64', start: from, end: paddedEnd(text, end) }
    }
    while (from < end && !isSeparator(text.charCodeAt(from))) from++
    from++
  }
  return undefined
}

/** + - / _ */
const isSeparator = (code: number): boolean => code === 43 || code === 45 || code === 47 || code === 95
const paddedEnd = (text: string, end: number): number =>
  text[end] !== '=' ? end : text[end + 1] === '=' ? end + 2 : end + 1

function isHex(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (hexDigit(text.charCodeAt(i)) < 0) return false
  return true
}

const SIXTETS = new Int8Array(128).fill(-1)
for (const [value, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  SIXTETS[character.charCodeAt(0)] = value
SIXTETS[45] = 62
SIXTETS[95] = 63

/** Whether the first bytes that hex digits spell are printable, or UTF-16. */
function spellsInHex(text: string, start: number): boolean {
  if (hexByte(text, start + 2) === 0) return hexByte(text, start + 6) === 0 && hexByte(text, start + 10) === 0
  let before = 0
  for (let index = 0; index < MIN_PIECE_CHARACTERS / 2; index++) {
    const byte = hexByte(text, start + index * 2)
    if (!mayFollow(byte, before)) return false
    before = byte
  }
  return true
}

/** The same of base64. */
function spellsInBase64(text: string, start: number): boolean {
  if (base64Byte(text, start, 1) === 0) return base64Byte(text, start, 3) === 0 && base64Byte(text, start, 5) === 0
  let before = 0
  for (let index = 0; index < PEEK_BYTES; index++) {
    const byte = base64Byte(text, start, index)
    if (!mayFollow(byte, before)) return false
    before = byte
  }
  return true
}

/** The byte at `index` of what is encoded from `start` on; the peek stays within the sixteen characters of a piece. */
function base64Byte(text: string, start: number, index: number): number {
  const bit = index * 8
  const at = start + Math.floor(bit / 6)
  const both = SIXTETS[text.charCodeAt(at)]! * 64 + SIXTETS[text.charCodeAt(at + 1)]!
  return (both >> (4 - (bit % 6))) & 255
}

/** Printable; in UTF-8 a continuation byte follows a lead or another one, and a lead is followed by one. -1 is no byte. */
function mayFollow(byte: number, before: number): boolean {
  if (byte >= 128 && byte < 192) return before >= 128
  if (before >= 192) return false
  return byte < 32 ? byte === 9 || byte === 10 || byte === 13 : byte < 127 || (byte > 193 && byte < 245)
}

/** The text that bytes spell; undefined for binary. */
function textOf(bytes: Buffer): string | undefined {
  if (bytes.length >= 8 && bytes[1] === 0 && bytes[3] === 0 && bytes[5] === 0 && bytes[7] === 0) {
    const wide = bytes.toString('utf16le')
    return isMostlyPrintable(wide) ? wide : undefined
  }
  if (!beginsAsUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  return isMostlyPrintable(text) ? text : undefined
}

/** UTF-8, perhaps cut in the middle of its last character. */
function beginsAsUtf8(bytes: Buffer): boolean {
  for (let cut = 0; cut < 4 && cut <= bytes.length; cut++)
    if (isUtf8(bytes.subarray(0, bytes.length - cut))) return true
  return false
}

/** At most one control character in sixteen. */
function isMostlyPrintable(text: string): boolean {
  let controls = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 ? code !== 9 && code !== 10 && code !== 13 : (code >= 127 && code < 160) || code === 0xfffd)
      controls++
  }
  return controls * 16 <= text.length
}

/** What base64 content of a declared binary part spells; undefined when it is binary indeed. Reads at most `maxCharacters`. */
export function textOfBlob(blob: string, maxCharacters: number): string | undefined {
  const beginning = Buffer.from(blob.slice(0, 64), 'base64')
  if (textOf(beginning) === undefined) return undefined
  return textOf(Buffer.from(blob.slice(0, maxCharacters - (maxCharacters % 4)), 'base64'))
}

/** Nothing but base64, in lines or not. Whoever calls a text a blob does not make it one. */
export const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/_\r\n-]*={0,2}\s{0,2}$/.test(text)
