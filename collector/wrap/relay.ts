/** Passes a stream on as it is, and shows a copy of each chunk: never re-written, never ahead of a reader that is slow. */
import { finished, type Readable, type Writable } from 'node:stream'

/**
 * Ends `to` when `from` ends. A reader that went away ends the reading too, so that the writer learns of it as it would without us.
 * Memory is that of the two streams: `from` is paused while `to` is full. `watch` sees a chunk after it was handed on. Resolves when
 * everything was handed on, or cannot be any more.
 */
export function relay(from: Readable, to: Writable, watch: (chunk: Buffer) => void): Promise<void> {
  from.pipe(to)
  // Second listener: whoever is slow to read our copy is not what the message waits for.
  from.on('data', watch)
  // Whatever breaks, the other side learns of it as it would without us: by an end, or by a broken pipe.
  to.on('error', () => from.destroy())
  to.on('close', () => {
    if (!from.readableEnded) from.destroy()
  })
  from.on('error', () => to.end())
  return new Promise((resolve) => {
    finished(to, { readable: false }, () => resolve())
    // process.stdout is never ended by Node, and where it is used it is synchronous (standard-streams.ts).
    if ('_isStdio' in to) from.on('close', resolve)
  })
}
