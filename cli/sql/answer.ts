/** Answers of ClickHouse's HTTP interface: headers, content types, compression, and errors with the engine's code. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib'
import { type EngineFault, faultOf } from '../../connectors/clickhouse/failure.ts'
import { isTransient } from '../../schemas/errors.ts'

/** What the engine says of itself: stands in headers and behind errors. */
export interface EngineIdentity {
  readonly version: string
  readonly timezone: string
}
export interface WholeAnswer {
  readonly pieces: readonly Uint8Array[]
  readonly format: string
  readonly readRows: number
  readonly readBytes: number
  readonly elapsedNs: bigint
}

const OCTETS = 'application/octet-stream'
const CONTENT_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^(JSONEachRow|JSONCompact.*EachRow|JSONStringsEachRow|NDJSON|JSONLines).*/, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/, 'application/json; charset=UTF-8'],
  [/^(CSV)/, 'text/csv; charset=UTF-8; header=absent'],
  [/^(TabSeparated|TSV)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML$/, 'application/xml; charset=UTF-8'],
  [/^(Native|RowBinary|Parquet|Arrow|ORC|Avro|MsgPack|BSON|Npy|Protobuf|Null)/, OCTETS],
]
/** Not zstd: Node 24 ends a stream with an empty frame of its own, over which clickhouse-connect stumbles. */
const ENCODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGzip({ level: 3 }),
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 3 } }),
  deflate: () => createDeflate({ level: 3 }),
}
/** Smaller answers are not worth it. */
const COMPRESSED_FROM_BYTES = 512

/** Statuses of codes that are the asker's; others are 500, as the engine answers them. */
const STATUSES: Readonly<Record<number, number>> = {
  ...Object.fromEntries(
    [6, 25, 26, 27, 36, 38, 41, 42, 43, 44, 53, 62, 69, 70, 72, 89, 117, 271, 456].map((code) => [code, 400]),
  ),
  ...Object.fromEntries([46, 47, 50, 56, 60, 63, 73, 78, 81, 115].map((code) => [code, 404])),
  ...Object.fromEntries([164, 192, 193, 497, 516].map((code) => [code, 403])),
  ...{ 48: 501, 159: 408, 202: 503, 210: 503, 307: 413, 394: 499 },
}

/** Sends the whole answer, waiting for the reader. Resolves also when it has gone away. */
export async function sendAnswer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: WholeAnswer,
  compressed: boolean,
): Promise<void> {
  const size = answer.pieces.reduce((sum, piece) => sum + piece.length, 0)
  const encoding = compressed && size >= COMPRESSED_FROM_BYTES ? chosenEncoding(incoming) : undefined
  outgoing.setHeader(
    'Content-Type',
    CONTENT_TYPES.find(([pattern]) => pattern.test(answer.format))?.[1] ?? 'text/plain; charset=UTF-8',
  )
  outgoing.setHeader('X-ClickHouse-Format', answer.format)
  outgoing.setHeader('X-ClickHouse-Summary', JSON.stringify(summaryOf(answer, size)))
  if (encoding === undefined) outgoing.setHeader('Content-Length', size)
  else outgoing.setHeader('Content-Encoding', encoding)
  if (incoming.method === 'HEAD') return void outgoing.end()
  const source = Readable.from(answer.pieces, { objectMode: false })
  const ways = encoding === undefined ? [] : [ENCODERS[encoding]!()]
  await pipeline([source, ...ways, outgoing]).catch(() => outgoing.destroy())
}

function chosenEncoding(incoming: IncomingMessage): string | undefined {
  const offered = String(incoming.headers['accept-encoding'] ?? '')
    .split(',')
    .filter((part) => !/;\s*q=0(\.0*)?\s*$/.test(part))
    .map((part) => part.split(';', 1)[0]!.trim().toLowerCase())
  return Object.keys(ENCODERS).find((name) => offered.includes(name))
}

/** Numbers are texts there, because some are larger than JavaScript's. */
const summaryOf = ({ readRows, readBytes, elapsedNs }: WholeAnswer, resultBytes: number) => ({
  read_rows: String(readRows),
  read_bytes: String(readBytes),
  written_rows: '0',
  written_bytes: '0',
  total_rows_to_read: '0',
  result_rows: '0',
  result_bytes: String(resultBytes),
  elapsed_ns: String(elapsedNs),
})

/** `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version 26.7.2.1)`, which clients take apart. */
export function sendFault(outgoing: ServerResponse, fault: EngineFault, engine: EngineIdentity): void {
  if (outgoing.headersSent) return void outgoing.destroy()
  outgoing.statusCode = STATUSES[fault.code] ?? 500
  outgoing.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  outgoing.setHeader('X-ClickHouse-Exception-Code', String(fault.code))
  outgoing.removeHeader('Content-Encoding')
  outgoing.end(`Code: ${fault.code}. DB::Exception: ${fault.message} (${fault.type}) (version ${engine.version})\n`)
}

/** What a failure is called on this interface. Trouble of the store is told without its inner words. */
export function faultOfAny(error: unknown): EngineFault {
  const fault = faultOf(error)
  if (fault !== undefined) return fault
  if (isTransient(error)) return { code: 202, type: 'TOO_MANY_SIMULTANEOUS_QUERIES', message: (error as Error).message }
  return { code: 1002, type: 'UNKNOWN_EXCEPTION', message: error instanceof Error ? error.message : 'unknown' }
}
