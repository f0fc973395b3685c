/** A request of ClickHouse's HTTP interface as what it asks for. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { engineFault } from '../../connectors/clickhouse/failure.ts'
import { assertBeginsReading } from '../../connectors/clickhouse/query-guard.ts'

export interface SqlRequest {
  readonly sql: string
  readonly queryId: string
  readonly database: string
  readonly format: string
  /** 0: the form without a version. */
  readonly protocolVersion: number
  readonly settings: Readonly<Record<string, string>>
  readonly parameterTexts: Readonly<Record<string, string>>
}

/** A statement with its parameters, after decompression. The engine itself parses 256 KB. */
const MAX_BODY_BYTES = 1024 * 1024
const DECODERS: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}
/** Names of the URL that are neither settings nor parameters of the statement. */
const OF_THE_REQUEST = new Set(['query', 'query_id', 'database', 'default_format', 'user', 'password'])
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** Throws AuditdError with the engine's code for a body that is too large or cannot be read. */
export async function readRequest(incoming: IncomingMessage, url: URL): Promise<SqlRequest> {
  assertBeginsReading(url.searchParams.get('query') ?? '')
  const body = await bodyOf(incoming)
  const form = await formOf(incoming, body)
  const settings: Record<string, string> = {}
  const parameterTexts: Record<string, string> = {}
  for (const [name, value] of [...url.searchParams, ...(form ?? [])]) {
    if (name.startsWith('param_')) parameterTexts[name.slice('param_'.length)] = value
    else if (!OF_THE_REQUEST.has(name)) settings[name] = value
  }
  const { client_protocol_version: version = '0', compress, decompress, ...others } = settings
  if ((compress ?? '0') !== '0' || (decompress ?? '0') !== '0')
    throw engineFault(48, 'NOT_IMPLEMENTED', "Not the engine's own compression: send Accept-Encoding.")
  const header = (name: string): string => String(incoming.headers[name] ?? '')
  const given = url.searchParams.get('query_id') ?? ''
  const database = url.searchParams.get('database') ?? header('x-clickhouse-database')
  const format = url.searchParams.get('default_format') || header('x-clickhouse-format') || 'TabSeparated'
  // Both stand in the statement as they are.
  if (database !== '' && !PLAIN_NAME.test(database))
    throw engineFault(36, 'BAD_ARGUMENTS', 'database must be a plain name of letters, digits and _.')
  if (!PLAIN_NAME.test(format)) throw engineFault(36, 'BAD_ARGUMENTS', 'default_format must be a name of a format.')
  return {
    sql: statement(url, form, body),
    queryId: /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID(),
    database,
    format,
    protocolVersion: /^\d{1,6}$/.test(version) ? Number(version) : 0,
    settings: others,
    parameterTexts,
  }
}

/** What the URL says comes first; a body is the rest of the statement. */
function statement(url: URL, form: readonly (readonly [string, string])[] | undefined, body: Buffer): string {
  const inBody = form === undefined ? body.toString('utf8') : form.find(([name]) => name === 'query')?.[1]
  return [url.searchParams.get('query'), inBody]
    .filter((part) => part !== null && part !== undefined && part !== '')
    .join('\n')
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const encoding = String(incoming.headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding === 'identity' || body.length === 0) return body
  const decode = DECODERS[encoding]
  // clickhouse-connect sends rows so, and nothing else.
  if (encoding === 'lz4') throw engineFault(164, 'READONLY', 'only reading is allowed, and a body in lz4 holds rows')
  if (decode === undefined) throw engineFault(89, 'UNKNOWN_COMPRESSION_METHOD', 'Content-Encoding is not known.')
  try {
    return await decode(body, { maxOutputLength: MAX_BODY_BYTES })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw engineFault(271, 'CANNOT_DECOMPRESS', 'The body is not what Content-Encoding says.')
  }
}

/** Fields of a multipart body, where clients put long parameters; undefined for any other body. A file would be a table to load. */
async function formOf(incoming: IncomingMessage, body: Buffer): Promise<readonly [string, string][] | undefined> {
  const type = incoming.headers['content-type'] ?? ''
  if (!/^multipart\/form-data\s*;/i.test(type)) return undefined
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined)
  if (form === undefined) throw engineFault(36, 'BAD_ARGUMENTS', 'The multipart body cannot be read.')
  return [...form].map(([name, value]) => {
    if (typeof value !== 'string') throw engineFault(164, 'READONLY', 'External tables are not taken.')
    return [name, value]
  })
}
const tooLarge = () => engineFault(307, 'TOO_MANY_BYTES', `A statement has at most ${MAX_BODY_BYTES} bytes.`)
