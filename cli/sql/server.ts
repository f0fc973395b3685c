/** ClickHouse's HTTP interface, read-only: Grafana, clickhouse-connect and other clients of a server work against one machine. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { engineFault } from '../../connectors/clickhouse/failure.ts'
import type { ClientStore } from '../../schemas/client-store.ts'
import type { Telemetry } from '../../schemas/ports.ts'
import { isLoopback, splitAddress } from '../configuration.ts'
import type { KnownKey } from '../credentials.ts'
import { type EngineIdentity, faultOfAny, sendAnswer, sendFault } from './answer.ts'
import { mayAsk, userOf } from './login.ts'
import { nativeFor } from './native-blocks.ts'
import { readRequest } from './request.ts'

export interface SqlServerParts {
  readonly address: string
  /** Database that `default` and no name at all stand for. */
  readonly database: string
  readonly store: ClientStore
  /** Credentials of the service; none: everybody on loopback. */
  readonly keys: readonly KnownKey[]
  readonly telemetry: Telemetry
}
export interface SqlServer {
  readonly url: string
  close(): Promise<void>
}

/** From the last byte of a request to the first of its answer, the wait for a turn included. */
const ANSWER_WITHIN_MS = 120_000
/** A reader that takes nothing for so long is gone. */
const IDLE_MS = 60_000
/** Answers that wait for slow readers, all together; more questions are refused until they are taken. */
const MAX_WAITING_BYTES = 512 * 1024 * 1024
const MAX_CONNECTIONS = 256
const MAX_HEADER_BYTES = 128 * 1024
const ALIVE = new Set(['/ping', '/replicas_status'])

/** Undefined, with the reason in the log, where the address cannot be served: the service itself is not worse for it. */
export async function startSqlServer(parts: SqlServerParts): Promise<SqlServer | undefined> {
  const { address, keys, store, telemetry } = parts
  if (keys.length > 0 && !keys.some(({ role }) => role === 'operator')) {
    telemetry.log('sql_off', { address, reason: 'credentials are configured, and none of them is an operator' })
    return undefined
  }
  const engine = await identityOf(store)
  let waitingBytes = 0
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      telemetry.count('mcp_auditd_sql_queries_total', 1, { result: 'refused' })
      // What is left of a body that was refused is not read.
      if (!incoming.complete && !outgoing.headersSent) outgoing.setHeader('Connection', 'close')
      sendFault(outgoing, faultOfAny(error), engine)
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  server.keepAliveTimeout = 10_000
  server.requestTimeout = 30_000
  server.setTimeout(ANSWER_WITHIN_MS + IDLE_MS)

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const refusal = refusedAtTheDoor(incoming, isLoopback(address))
    if (refusal !== undefined) return void outgoing.writeHead(refusal.status).end(`${refusal.reason}\n`)
    const url = urlOf(incoming.url ?? '/')
    outgoing.setHeader('X-ClickHouse-Server-Display-Name', 'mcp-auditd')
    outgoing.setHeader('X-ClickHouse-Timezone', engine.timezone)
    const asks = url.searchParams.has('query') || incoming.method === 'POST'
    if (ALIVE.has(url.pathname) || (url.pathname === '/' && !asks)) return void outgoing.end('Ok.\n')
    if (url.pathname !== '/')
      return void outgoing.writeHead(404).end(`There is no handle ${JSON.stringify(url.pathname)}\n`)
    if (!mayAsk(incoming, url, keys))
      throw engineFault(516, 'AUTHENTICATION_FAILED', `${printable(userOf(incoming, url))}: Authentication failed.`)
    if (waitingBytes > MAX_WAITING_BYTES)
      throw engineFault(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many answers wait for their readers.')
    const gone = new AbortController()
    outgoing.once('close', () => gone.abort())
    await askStore(incoming, outgoing, url, gone.signal)
  }

  async function askStore(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    url: URL,
    gone: AbortSignal,
  ): Promise<void> {
    const request = await readRequest(incoming, url)
    outgoing.setHeader('X-ClickHouse-Query-Id', request.queryId)
    const began = process.hrtime.bigint()
    const { bytes, format, ...read } = await store.ask(request.sql, {
      format: request.format,
      database: request.database === 'default' || request.database === parts.database ? '' : request.database,
      settings: request.settings,
      parameterTexts: request.parameterTexts,
      signal: AbortSignal.any([gone, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    })
    const versioned = format === 'Native' && request.protocolVersion > 0
    const pieces = versioned
      ? nativeFor(request.protocolVersion, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
      : [bytes]
    telemetry.count('mcp_auditd_sql_queries_total', 1, { result: 'ok' })
    waitingBytes += bytes.length
    outgoing.setTimeout(IDLE_MS, () => outgoing.destroy())
    const whole = { pieces, format, ...read, elapsedNs: process.hrtime.bigint() - began }
    await sendAnswer(incoming, outgoing, whole, request.settings['enable_http_compression'] !== '0').finally(() => {
      waitingBytes -= bytes.length
    })
  }

  const bound = await listen()
  if (bound === undefined) return undefined
  const { host } = splitAddress(address)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function listen(): Promise<number | undefined> {
    try {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(splitAddress(address), resolve))
      return (server.address() as AddressInfo).port
    } catch (error) {
      telemetry.log('sql_off', { address, reason: (error as Error).message })
      return undefined
    }
  }
}

/** Before anything is read: what a browser sends on behalf of a page, and names that only DNS rebinding gives a loopback address. */
function refusedAtTheDoor(
  { headers, method }: IncomingMessage,
  loopback: boolean,
): { readonly status: number; readonly reason: string } | undefined {
  if (headers.origin !== undefined)
    return { status: 403, reason: 'Not for web pages: a request with an Origin is refused.' }
  if (['cross-site', 'same-site', 'same-origin'].includes(String(headers['sec-fetch-site'] ?? 'none')))
    return { status: 403, reason: 'Not for web pages.' }
  if (loopback && !isLoopback(headers.host ?? '')) return { status: 403, reason: 'Host must be a loopback address.' }
  if (method !== 'GET' && method !== 'POST' && method !== 'HEAD') return { status: 405, reason: 'GET, HEAD or POST.' }
  return undefined
}

/** A path such as `//[` would name a host, and none that a URL may have. */
function urlOf(target: string): URL {
  const url = URL.parse(target, 'http://sql')
  if (url === null) throw engineFault(36, 'BAD_ARGUMENTS', 'The address of the request cannot be read.')
  return url
}
async function identityOf(store: ClientStore): Promise<EngineIdentity> {
  const { bytes } = await store.ask('SELECT version() AS version, timezone() AS timezone', { format: 'JSONEachRow' })
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as EngineIdentity
}
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)
