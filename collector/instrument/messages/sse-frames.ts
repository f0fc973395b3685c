/** Server-sent events that pass by: the body reaches the client byte for byte, and its messages are shown as they go. */

/** A frame longer than this is counted, not read. */
const MAX_FRAME = 262_144

export interface FrameWatch {
  /** One JSON-RPC message on its way; undefined when it is too long or no JSON. Must not throw. */
  message(message: unknown): void
  /** The stream is over: the client left, or the server is done. Called once. Must not throw. */
  closed(by: 'client' | 'server'): void
}

/** The same answer around a body that is watched. An answer without a body comes back as it is. */
export function watchedStream(response: Response, watch: FrameWatch): Response {
  const { body, status, statusText, headers } = response
  if (body === null) return response
  const reader = body.getReader()
  const frames = new FrameReader(watch)
  let isOver = false
  const end = (by: 'client' | 'server'): void => {
    if (isOver) return
    isOver = true
    watch.closed(by)
  }
  const passing = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            end('server')
            controller.close()
            return
          }
          frames.read(value)
          controller.enqueue(value)
        } catch (error) {
          end('server')
          controller.error(error)
        }
      },
      cancel(reason) {
        end('client')
        return reader.cancel(reason)
      },
    },
    // Nothing is read that the client has not asked for.
    { highWaterMark: 0 },
  )
  return new Response(passing, { status, statusText, headers })
}

/** Puts frames together however the stream is cut. Comments (keep-alive) are no messages. */
class FrameReader {
  private readonly watch: FrameWatch
  private readonly decoder = new TextDecoder()
  private text = ''
  private isSkipping = false

  constructor(watch: FrameWatch) {
    this.watch = watch
  }

  read(chunk: Uint8Array): void {
    this.text += this.decoder.decode(chunk, { stream: true })
    for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
      const frame = this.text.slice(0, end)
      this.text = this.text.slice(end + 2)
      if (this.isSkipping) this.isSkipping = false
      else this.frame(frame)
    }
    if (this.text.length <= MAX_FRAME) return
    if (!this.isSkipping) this.watch.message(undefined)
    this.isSkipping = true
    // The end of a frame may be cut in two.
    this.text = this.text.slice(-1)
  }

  private frame(frame: string): void {
    const data = frame
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(line.startsWith('data: ') ? 6 : 5))
    // An event without data only primes a stream.
    if (data.length === 0 || (data.length === 1 && data[0] === '')) return
    let message: unknown
    try {
      message = JSON.parse(data.join('\n'))
    } catch {
      message = undefined
    }
    this.watch.message(message)
  }
}
