/** What hidden characters spell: tag characters, variation selectors as bytes, invisible operators as bits, text under an override. */
import { isTag, isVariationSelector } from './unicode-ranges.ts'

/** Of a hidden text this much is decoded. */
export const MAX_HIDDEN_CHARACTERS = 8_192
/** Ends the tags of a flag. */
export const CANCEL_TAG = 0xe007f
/** Bits from which on invisible operators may spell something: eight characters. */
const MIN_BITS = 64

export const isAsciiLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90)

/** What a tag, a variation selector or an invisible operator stands for; '' for any other character. */
export function spelled(code: number): string {
  if (isTag(code)) return code === CANCEL_TAG ? '' : String.fromCharCode(code - 0xe0000)
  if (isVariationSelector(code)) return String.fromCharCode(code - 0xfe00)
  if (code >= 0xe0100 && code <= 0xe01ef) return String.fromCharCode(code - 0xe0100)
  // Invisible plus and invisible times are used as the two bits.
  return code === 0x2064 ? '1' : code === 0x2062 ? '0' : ''
}

/** The other way to count selectors: the first sixteen are bytes 0 to 15 and the supplement goes on from there. */
export const selectorByte = (code: number): string =>
  String.fromCharCode(isVariationSelector(code) ? code - 0xfe00 : code - 0xe0100 + 16)

/** Eight bits a character, with either bit as one: whichever gives more ASCII letters. */
export function textOfBits(bits: string): string {
  if (bits.length < MIN_BITS) return ''
  let direct = ''
  let inverted = ''
  let letters = 0
  for (let i = 0; i + 8 <= bits.length; i += 8) {
    const byte = Number.parseInt(bits.slice(i, i + 8), 2)
    direct += String.fromCharCode(byte)
    inverted += String.fromCharCode(255 - byte)
    if (isAsciiLetter(byte)) letters++
    if (isAsciiLetter(255 - byte)) letters--
  }
  return letters >= 0 ? direct : inverted
}

/** What stands under an override that opens at `start`, in the order in which it is shown. */
export function textUnderOverride(text: string, start: number): string {
  const piece = text.slice(start + 1, start + MAX_HIDDEN_CHARACTERS)
  const close = piece.indexOf('\u202c')
  return Array.from(close < 0 ? piece : piece.slice(0, close))
    .reverse()
    .join('')
}
