/**
 * ClickHouse's HTTP interface over the embedded engine, for tests only: no recent server can be installed where this project is tested.
 * The SQL is the real engine's; the protocol around it is ours and speaks what `@clickhouse/client` and curl use: settings and parameters
 * in the URL, streamed inserts, exception codes, summaries. Also runs alone: `node test/clickhouse-http.ts FOLDER [PORT]`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createGunzip } from 'node:zlib'
import { createChdbConnection } from 'chdb/connection'

export interface ShimRequest {
  readonly method: string
  readonly path: string
  /** Everything of the URL's query but settings and parameters. */
  readonly query: string
  readonly database: string
  readonly settings: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
  readonly user: string
  readonly bodyBytes: number
}
/** `before`: the line breaks and nothing was done. `after`: it was done and the line breaks: the client cannot know. */
export type Cut = 'before' | 'after' | undefined
export interface ShimOptions {
  readonly path: string
  readonly port?: number
  readonly username?: string
  readonly password?: string
  /** Asked for every request; may wait. */
  readonly cut?: (request: ShimRequest) => Cut | Promise<Cut>
}
export interface Shim {
  readonly url: string
  /** Every request, oldest first. */
  readonly requests: ShimRequest[]
  close(): Promise<void>
}

/** Only of the HTTP layer; the embedded engine does not know them. */
const HTTP_SETTINGS = new Set([
  ...[
    'wait_end_of_query',
    'enable_http_compression',
    'send_progress_in_http_headers',
    'http_headers_progress_interval_ms',
  ],
  ...['http_response_buffer_size', 'buffer_size'],
])
const NOT_SETTINGS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'role',
  'user',
  'password',
])
const INSERT = /^\s*INSERT\s+INTO\s+([A-Za-z0-9_.`]+)\s*(?:\(([^)]*)\))?\s*FORMAT\s+([A-Za-z]+)\s*$/i

export async function startClickHouseHttp(options: ShimOptions): Promise<Shim> {
  // One connection stays open, so that the engine keeps the folder between requests.
  const keeper = createChdbConnection({ path: options.path })
  const requests: ShimRequest[] = []
  const server = createServer((incoming, outgoing) => {
    answer(options, requests, incoming, outgoing).catch((error: unknown) => fail(outgoing, error))
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await keeper.close()
    },
  }
}

async function answer(
  options: ShimOptions,
  requests: ShimRequest[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://shim')
  if (url.pathname === '/ping') return void outgoing.end('Ok.\n')
  const body = await bytesOf(incoming)
  const request = requestOf(incoming, url, body)
  requests.push(request)
  authenticate(options, incoming)
  const cut = await options.cut?.(request)
  if (cut === 'before') return void incoming.socket.destroy()
  const inQuery = url.searchParams.has('query')
  const sql = inQuery ? request.query : body.toString('utf8')
  const result = await execute(
    options.path,
    request,
    sql,
    inQuery ? body : undefined,
    url.searchParams.get('default_format'),
  )
  if (cut === 'after') return void incoming.socket.destroy()
  outgoing.writeHead(200, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Query-Id': url.searchParams.get('query_id') ?? '',
    'X-ClickHouse-Summary': JSON.stringify(result.summary),
  })
  outgoing.end(result.bytes)
}

/** A connection per request: settings end with the request, as they do on a server. `readonly` comes last, because after it none can be set. */
async function execute(
  path: string,
  request: ShimRequest,
  sql: string,
  data: Buffer | undefined,
  format: string | null,
) {
  const connection = createChdbConnection({ path })
  const run = (query: string) => connection.command({ query })
  try {
    if (request.database !== '' && request.database !== 'default') await run(`USE \`${request.database}\``)
    // Texts with the escapes of TabSeparated, as the server reads them.
    for (const [name, value] of Object.entries(request.parameters))
      await run(`SET param_${name} = '${value.replace(/[\\']/g, '\\$&')}'`)
    const settings = Object.entries(request.settings).sort(
      ([a], [b]) => Number(a === 'readonly') - Number(b === 'readonly'),
    )
    for (const [name, value] of settings) await run(`SET ${name} = '${value.replaceAll("'", "''")}'`)
    const insert = INSERT.exec(sql)
    if (insert !== null && data !== undefined) {
      const columns = insert[2]?.split(',').map((column) => column.trim())
      const done = await connection.chdb.rawInsert({
        table: insert[1]!,
        format: insert[3] as 'JSONCompactEachRow',
        values: data,
        ...(columns === undefined ? {} : { columns }),
      })
      return { bytes: Buffer.alloc(0), summary: { written_rows: String(done.rowsWritten), read_rows: '0' } }
    }
    const answered = await connection.exec({
      query: data === undefined || data.length === 0 ? sql : `${sql}\n${data.toString('utf8')}`,
      clickhouse_settings: { default_format: format ?? 'TabSeparated' } as Record<string, string>,
    })
    const chunks: Buffer[] = []
    for await (const chunk of answered.stream) chunks.push(chunk as Buffer)
    return {
      bytes: Buffer.concat(chunks),
      summary: { read_rows: answered.summary?.read_rows ?? '0', written_rows: '0' },
    }
  } finally {
    await connection.close()
  }
}

function requestOf(incoming: IncomingMessage, url: URL, body: Buffer): ShimRequest {
  const settings: Record<string, string> = {}
  const parameters: Record<string, string> = {}
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) parameters[name.slice('param_'.length)] = value
    else if (!NOT_SETTINGS.has(name) && !HTTP_SETTINGS.has(name)) settings[name] = value
  }
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams.get('query') ?? '',
    database: url.searchParams.get('database') ?? '',
    settings,
    parameters,
    user: credentials(incoming)[0],
    bodyBytes: body.length,
  }
}

function credentials(incoming: IncomingMessage): readonly [user: string, password: string] {
  const basic = /^Basic (.+)$/.exec(incoming.headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const [user = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':')
    return [user, rest.join(':')]
  }
  const header = (name: string) => String(incoming.headers[name] ?? '')
  return [header('x-clickhouse-user') || 'default', header('x-clickhouse-key')]
}
function authenticate(options: ShimOptions, incoming: IncomingMessage): void {
  const [user, password] = credentials(incoming)
  if (user !== (options.username ?? 'default') || password !== (options.password ?? ''))
    throw new Error(`Code: 516. DB::Exception: ${user}: Authentication failed. (AUTHENTICATION_FAILED)`)
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  const source = incoming.headers['content-encoding'] === 'gzip' ? incoming.pipe(createGunzip()) : incoming
  for await (const chunk of source) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** As the server answers: the code in a header, the message as text, a status that fits. */
function fail(outgoing: ServerResponse, error: unknown): void {
  const cause = (error as { cause?: unknown }).cause
  const text = cause instanceof Error ? cause.message : String((error as Error).message)
  const code = /Code: (\d+)/.exec(text)?.[1] ?? String((error as { code?: string }).code ?? '1002')
  const message = text.startsWith('Code:') ? text : `Code: ${code}. DB::Exception: ${text}`
  if (outgoing.headersSent) return void outgoing.destroy()
  const status =
    code === '516' ? 403 : ['60', '81', '47'].includes(code) ? 404 : ['62', '27', '6', '117'].includes(code) ? 400 : 500
  outgoing.writeHead(status, { 'X-ClickHouse-Exception-Code': code, 'Content-Type': 'text/plain; charset=UTF-8' })
  outgoing.end(`${message}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, port] = process.argv.slice(2)
  if (path === undefined) throw new Error('usage: clickhouse-http.ts FOLDER [PORT]')
  const shim = await startClickHouseHttp({ path, port: Number(port ?? 0) })
  process.stdout.write(`${JSON.stringify({ url: shim.url })}\n`)
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void shim.close().then(() => process.exit(0)))
}
