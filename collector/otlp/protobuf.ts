/** Reads the protobuf wire format from bytes that may be hostile: every length is checked, nothing is copied or recursed here. */

/** Thrown for broken framing; one object, because a hostile request may hold thousands of broken records. */
export const MALFORMED = Object.freeze(new Error('malformed protobuf'))

interface NativeBuffer extends Buffer {
  utf8Slice(start: number, end: number): string
  hexSlice(start: number, end: number): string
}

/** Bounded: 1,024 texts of at most 64 characters. */
const CACHE_SLOTS = 1_024
const CACHED_CHARS = 64
const textCache = new Array<string>(CACHE_SLOTS).fill('')

/**
 * A position in the bytes. Nothing reads past the bytes, but a number may run over the end of the message around it: whoever
 * loops over the fields of a message must check `at` against its end after the last one.
 */
export class ProtobufReader {
  readonly bytes: NativeBuffer
  private readonly view: DataView
  at = 0
  /** Halves of the last 64-bit value read; signed 32-bit numbers. */
  low = 0
  high = 0
  /** Set by text() when the bytes were not UTF-8; whoever reads the field clears it. */
  invalidText = false

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as NativeBuffer
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** A tag, a length or a small number: at most 32 bits, at most five bytes. */
  varint(): number {
    const bytes = this.bytes
    let octet = bytes[this.at++]!
    if (octet < 128) return octet
    let value = octet & 127
    for (let shift = 7; shift < 28; shift += 7) {
      octet = bytes[this.at++]!
      value |= (octet & 127) << shift
      if (octet < 128) return value
    }
    octet = bytes[this.at++]!
    if (!(octet < 16)) throw MALFORMED
    return (value | (octet << 28)) >>> 0
  }

  /** A 64-bit varint into `low` and `high`. */
  varint64(): void {
    const bytes = this.bytes
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index++) {
      const octet = bytes[this.at++]!
      const bits = octet & 127
      if (index < 4) low |= bits << (index * 7)
      else if (index === 4) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (index * 7 - 32)
      if (octet < 128) {
        this.low = low
        this.high = high
        return
      }
    }
    throw MALFORMED
  }

  fixed64(): void {
    const at = this.advance(8)
    this.low = this.view.getInt32(at, true)
    this.high = this.view.getInt32(at + 4, true)
  }

  fixed32(): number {
    return this.view.getUint32(this.advance(4), true)
  }

  double(): number {
    return this.view.getFloat64(this.advance(8), true)
  }

  /** End of the length-delimited field that starts here; it must lie within the message around it. */
  delimited(end: number): number {
    const length = this.varint()
    const fieldEnd = this.at + length
    if (!(fieldEnd <= end)) throw MALFORMED
    return fieldEnd
  }

  /** A text field. Not UTF-8: the text comes with U+FFFD and `invalidText` is set. */
  text(end: number): string {
    const stop = this.delimited(end)
    const from = this.at
    this.at = stop
    const text = this.bytes.utf8Slice(from, stop)
    // Only a text with U+FFFD can have been repaired; if it was sent so, it encodes to the same bytes.
    if (text.includes('\uFFFD') && !Buffer.from(text, 'utf8').equals(this.bytes.subarray(from, stop)))
      this.invalidText = true
    return text
  }

  /**
   * A text that comes again and again, such as an attribute key: looked up by a few of its bytes and compared with all of them.
   * It saves the call into C++ and, because V8 has already made it a property name, the hashing at each store.
   */
  repeatedText(end: number): string {
    const start = this.at
    const stop = this.delimited(end)
    const from = this.at
    const length = stop - from
    if (length < 2 || length > CACHED_CHARS) {
      this.at = start
      return this.text(end)
    }
    const bytes = this.bytes
    const slot =
      (length + bytes[stop - 1]! * 5 + bytes[stop - 2]! * 37 + bytes[from + (length >> 1)]! * 131) & (CACHE_SLOTS - 1)
    const cached = textCache[slot]!
    if (cached.length === length) {
      let index = 0
      while (index < length && cached.charCodeAt(index) === bytes[from + index]) index++
      if (index === length) {
        this.at = stop
        return cached
      }
    }
    this.at = start
    const text = this.text(end)
    // As many characters as bytes: ASCII. Others would compare wrongly above.
    if (text.length === length) textCache[slot] = text
    return text
  }

  base64(end: number): string {
    const stop = this.delimited(end)
    const text = this.bytes.toString('base64', this.at, stop)
    this.at = stop
    return text
  }

  /** An id as hex; its length in bytes is half of the text's. */
  hex(end: number): string {
    const stop = this.delimited(end)
    const text = this.bytes.hexSlice(this.at, stop)
    this.at = stop
    return text
  }

  /** Pass over an unknown field. Groups (wire types 3 and 4) are not part of OTLP. */
  skip(tag: number, end: number): void {
    if (tag < 8) throw MALFORMED
    switch (tag & 7) {
      case 0:
        this.varint64()
        return
      case 1:
        this.advance(8)
        return
      case 2:
        this.at = this.delimited(end)
        return
      case 5:
        this.advance(4)
        return
      default:
        throw MALFORMED
    }
  }

  private advance(count: number): number {
    const at = this.at
    this.at += count
    if (this.at > this.bytes.length) throw MALFORMED
    return at
  }
}
