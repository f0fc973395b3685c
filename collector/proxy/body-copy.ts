/** Reads a copy of a body: decompressed if need be, collected whole or cut into events, within bounds that all exchanges share. */
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { MAX_MESSAGE_BYTES } from '../observe/line-reader.ts'
import { SseReader, type StreamEvent } from '../observe/sse-reader.ts'
import type { UnreadReason } from '../observe/unread.ts'

/** Bytes of copies under way, of all exchanges: what does not fit passes unread. */
export class CopyBudget {
  readonly limit: number
  used = 0
  /** Highest `used` so far. */
  peak = 0

  constructor(limit: number) {
    this.limit = limit
  }
  take(bytes: number): boolean {
    if (bytes > 0 && this.used + bytes > this.limit) return false
    this.used += bytes
    if (this.used > this.peak) this.peak = this.used
    return true
  }
}

export interface CopyEvents {
  /** The whole body, in `whole` mode. */
  readonly whole?: (body: Buffer) => void
  /** One event, in `events` mode. */
  readonly event?: (event: StreamEvent) => void
  readonly unread: (reason: UnreadReason) => void
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}
/** Compressed bytes that wait for a decoder at most. */
const MAX_WAITING_BYTES = 1_048_576

export class BodyCopy {
  private readonly budget: CopyBudget
  private readonly events: CopyEvents
  private readonly decoder: Transform | undefined
  private readonly sse: SseReader | undefined
  private chunks: Buffer[] = []
  private held = 0
  private isOver = false
  private hasEnded = false
  private done: (() => void) | undefined

  /** Reads events if `events.event` is given, else the whole. `encoding`: Content-Encoding. */
  constructor(budget: CopyBudget, encoding: string | undefined, events: CopyEvents) {
    this.budget = budget
    this.events = events
    const { event } = events
    if (event !== undefined) this.sse = new SseReader(event, () => events.unread('too large'))
    const name = encoding?.trim().toLowerCase() ?? ''
    if (name === '' || name === 'identity') return
    const make = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
    if (make === undefined) {
      this.giveUp('compression not readable')
      return
    }
    this.decoder = make()
      .on('data', (chunk: Buffer) => this.take(chunk))
      .on('end', () => this.finish())
      .on('error', () => this.giveUp('compression not readable'))
  }

  write(chunk: Buffer): void {
    if (this.isOver) return
    if (this.decoder === undefined) this.take(chunk)
    else if (this.decoder.writableLength + chunk.length > MAX_WAITING_BYTES) this.giveUp('too much at once')
    else this.decoder.write(chunk)
  }

  /** The body is complete. With compression its content comes a moment later. */
  end(): void {
    if (this.isOver) return
    this.hasEnded = true
    if (this.decoder === undefined) this.finish()
    else this.decoder.end()
  }

  /** Runs when nothing more comes: at once, except for a complete body that is still being decompressed. */
  whenDone(run: () => void): void {
    if (this.isOver || !this.hasEnded) {
      this.drop()
      run()
    } else this.done = run
  }

  /** What is kept of it goes: the body was broken off, or was read. */
  drop(): void {
    this.isOver = true
    this.chunks = []
    this.sse?.end()
    this.hold(0)
    this.decoder?.destroy()
    const { done } = this
    this.done = undefined
    if (done !== undefined) queueMicrotask(done)
  }

  private giveUp(reason: UnreadReason): void {
    if (this.isOver) return
    this.drop()
    this.events.unread(reason)
  }

  /** Accounts for what is kept now; false when that is too much. */
  private hold(bytes: number): boolean {
    if (!this.budget.take(bytes - this.held)) return false
    this.held = bytes
    return true
  }

  private take(chunk: Buffer): void {
    if (this.isOver) return
    if (this.sse !== undefined) {
      this.sse.write(chunk)
      if (!this.isOver && !this.hold(this.sse.bufferedBytes)) this.giveUp('too much at once')
      return
    }
    if (this.held + chunk.length > MAX_MESSAGE_BYTES) this.giveUp('too large')
    else if (!this.hold(this.held + chunk.length)) this.giveUp('too much at once')
    else this.chunks.push(chunk)
  }

  private finish(): void {
    if (this.isOver) return
    const { chunks } = this
    this.drop()
    if (this.sse === undefined) this.events.whole?.(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
  }
}
