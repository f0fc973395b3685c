/** Request bodies as bytes: decompressed while they stream in, and abandoned the moment they exceed a bound. */
import type { Readable, Transform } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'

/** Why a body was not read to its end, with the status to answer. */
export class BodyRefused extends Error {
  readonly status: 400 | 413 | 429 | 503
  constructor(status: 400 | 413 | 429 | 503, reason: string) {
    super(reason)
    this.status = status
  }
}

/** Bytes of all requests being worked on. One authenticated producer gets at most half, so that it cannot starve the others. */
export class InFlightBytes {
  private total = 0
  private readonly perProducer = new Map<string, number>()
  private readonly limit: number
  constructor(limit: number) {
    this.limit = limit
  }

  /** Take room for more bytes; throws BodyRefused when there is none. */
  take(producer: string, bytes: number): void {
    const own = (this.perProducer.get(producer) ?? 0) + bytes
    if (this.total + bytes > this.limit) throw new BodyRefused(503, 'too many bytes in flight, try again')
    if (producer !== '' && own > this.limit / 2)
      throw new BodyRefused(429, 'this producer has too many bytes in flight, try again')
    this.total += bytes
    this.perProducer.set(producer, own)
  }

  give(producer: string, bytes: number): void {
    this.total -= bytes
    const own = (this.perProducer.get(producer) ?? 0) - bytes
    if (own > 0) this.perProducer.set(producer, own)
    else this.perProducer.delete(producer)
  }
}

/** Content encodings that are read; others are 415. */
export const ENCODINGS: ReadonlyMap<string, () => Transform | undefined> = new Map<string, () => Transform | undefined>(
  [
    ['', () => undefined],
    ['identity', () => undefined],
    ['gzip', () => createGunzip({ chunkSize: CHUNK_BYTES })],
    // A frame may ask for a window of gigabytes; 8 MiB is what encoders use without being told otherwise.
    ['zstd', () => createZstdDecompress({ chunkSize: CHUNK_BYTES, params: { [constants.ZSTD_d_windowLogMax]: 23 } })],
  ],
)
const CHUNK_BYTES = 65_536

/**
 * The whole body. `admit` is called for each piece after decompression, before it is kept, and throws to stop: a bomb costs what
 * has been admitted and no more. The request stream itself is left open, because its socket must still carry the answer; see
 * discardRest().
 */
export function readBody(
  request: Readable,
  decompressor: Transform | undefined,
  admit: (bytes: number) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const source = decompressor === undefined ? request : request.pipe(decompressor)
    const settle = (error?: Error): void => {
      source.off('data', onData)
      if (decompressor !== undefined) {
        request.unpipe(decompressor)
        decompressor.destroy()
        decompressor.on('error', () => undefined)
      }
      if (error === undefined) resolve(Buffer.concat(pieces))
      else reject(error)
      if (decompressor !== undefined) freeAtOnce(pieces)
      // This closure lives as long as the request, which a refusal may outlast.
      pieces.length = 0
    }
    const onData = (piece: Buffer): void => {
      try {
        admit(piece.length)
        pieces.push(piece)
      } catch (error) {
        settle(error as Error)
      }
    }
    source.on('data', onData)
    source.once('end', () => settle())
    // Closing before the end is the client's doing; there may be nobody left to read the answer.
    request.once('close', () => request.readableEnded || settle(new BodyRefused(400, 'the request was cut off')))
    request.once('error', () => settle(new BodyRefused(400, 'the request was cut off')))
    decompressor?.once('error', () => settle(new BodyRefused(400, 'the body does not decompress')))
  })
}

/**
 * After an answer that came before the end of the body: read on a little, so that the client sees the answer and may keep its
 * connection; then stop, and close. Reading on to the end would let the sender fill our memory with dead buffers.
 */
export function discardRest(request: Readable): void {
  if (request.readableEnded || request.destroyed) return
  let discarded = 0
  const onData = (piece: Buffer): void => {
    discarded += piece.length
    if (discarded <= DISCARDED_BYTES) return
    request.off('data', onData)
    request.pause()
    setTimeout(() => request.destroy(), CLOSE_AFTER_MS).unref()
  }
  request.on('data', onData)
  request.resume()
}
const DISCARDED_BYTES = 4 * 1024 * 1024
/** Time for the client to read the answer before the connection goes. */
const CLOSE_AFTER_MS = 1_000

/**
 * Give the memory of decompressed pieces back now: V8 lets tens of megabytes of dead buffers pile up before it looks, and a
 * sender of bombs decides how many there are. zlib fills its own buffers of CHUNK_BYTES one after the other, so all but the one
 * of the last piece, into which a thread may still be writing, are ours alone.
 */
function freeAtOnce(pieces: readonly Buffer[]): void {
  const inUse = pieces.at(-1)?.buffer
  for (const { buffer } of pieces)
    if (buffer !== inUse && buffer instanceof ArrayBuffer && buffer.byteLength === CHUNK_BYTES) buffer.transfer(0)
}
