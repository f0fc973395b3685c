/** Cuts a copy of a stream into lines: bounded memory whatever comes, and a line beyond the bound is skipped and said. */

/** A message larger than this passes on the stream unread: 4 MiB. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
const FIRST_BYTES = 16_384
const LINE_FEED = 0x0a

export class LineReader {
  private readonly maxBytes: number
  private readonly onLine: (line: Buffer) => void
  private readonly onTooLong: () => void
  /** Start of a line whose end has not come. Grows by doubling: a stream of single bytes costs as much as one chunk. */
  private kept = Buffer.alloc(0)
  private length = 0
  private skipping = false

  /** `onLine` gets a view of memory that is used again: whoever keeps it copies it. Without the line break; a carriage return stays. */
  constructor(onLine: (line: Buffer) => void, onTooLong: () => void, maxBytes = MAX_MESSAGE_BYTES) {
    this.onLine = onLine
    this.onTooLong = onTooLong
    this.maxBytes = maxBytes
  }

  /** Bytes of a line under way. */
  get bufferedBytes(): number {
    return this.length
  }

  write(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      this.finish(chunk.subarray(from, at))
      from = at + 1
    }
    if (from < chunk.length) this.keep(chunk.subarray(from))
  }

  /** The stream is over: what has no line break is a line all the same. */
  end(): void {
    if (this.length > 0 || this.skipping) this.finish(Buffer.alloc(0))
    this.kept = Buffer.alloc(0)
  }

  private finish(rest: Buffer): void {
    if (this.skipping) {
      this.skipping = false
      this.onTooLong()
      return
    }
    if (this.length + rest.length > this.maxBytes) {
      this.length = 0
      this.onTooLong()
      return
    }
    if (this.length === 0) {
      this.onLine(rest)
      return
    }
    this.keep(rest)
    const line = this.kept.subarray(0, this.length)
    this.length = 0
    this.onLine(line)
    // One long line is no reason to hold its memory for ever.
    if (this.kept.length > 64 * FIRST_BYTES) this.kept = Buffer.alloc(0)
  }

  private keep(part: Buffer): void {
    if (this.skipping) return
    const needed = this.length + part.length
    if (needed > this.maxBytes) {
      this.skipping = true
      this.length = 0
      this.kept = Buffer.alloc(0)
      return
    }
    if (needed > this.kept.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.max(FIRST_BYTES, needed, Math.min(this.kept.length * 2, this.maxBytes)),
      )
      this.kept.copy(larger, 0, 0, this.length)
      this.kept = larger
    }
    part.copy(this.kept, this.length)
    this.length = needed
  }
}
