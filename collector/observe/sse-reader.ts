/** Reads a copy of a text/event-stream (HTML standard, 9.2): events as they are complete, within a bound. */
import { LineReader, MAX_MESSAGE_BYTES } from './line-reader.ts'

export interface StreamEvent {
  /** `message` unless it says otherwise. */
  readonly event: string
  readonly data: string
}

const COLON = 0x3a
const SPACE = 0x20
const CARRIAGE_RETURN = 0x0d

export class SseReader {
  private readonly onEvent: (event: StreamEvent) => void
  private readonly onTooLong: () => void
  private readonly lines: LineReader
  private data: string[] = []
  private dataLength = 0
  private event = ''
  private skipping = false

  constructor(onEvent: (event: StreamEvent) => void, onTooLong: () => void) {
    this.onEvent = onEvent
    this.onTooLong = onTooLong
    this.lines = new LineReader(
      (line) => this.line(line),
      () => {
        this.skipping = true
      },
    )
  }

  get bufferedBytes(): number {
    return this.lines.bufferedBytes + this.dataLength
  }

  write(chunk: Buffer): void {
    this.lines.write(chunk)
  }

  /** An event without its blank line is none (standard, 9.2.6); what is kept of it goes. */
  end(): void {
    this.reset()
  }

  private line(whole: Buffer): void {
    const line = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole
    if (line.length === 0) {
      this.dispatch()
      return
    }
    const at = line.indexOf(COLON)
    // Comments keep connections open; `id` and `retry` are for clients.
    if (at === 0) return
    const field = line.toString('latin1', 0, at < 0 ? line.length : at)
    if (field !== 'data' && field !== 'event') return
    const from = at < 0 ? line.length : line[at + 1] === SPACE ? at + 2 : at + 1
    if (field === 'event') this.event = line.toString('utf8', from).slice(0, 128)
    else if (this.dataLength + line.length > MAX_MESSAGE_BYTES) this.skipping = true
    else if (!this.skipping) {
      this.data.push(line.toString('utf8', from))
      this.dataLength += line.length
    }
  }

  private dispatch(): void {
    const { data, event, skipping } = this
    this.reset()
    if (skipping) this.onTooLong()
    else if (data.length > 0) this.onEvent({ event: event === '' ? 'message' : event, data: data.join('\n') })
  }

  private reset(): void {
    this.data = []
    this.dataLength = 0
    this.event = ''
    this.skipping = false
  }
}
