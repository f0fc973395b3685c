/** Forwards one HTTP exchange: both bodies as they flow, in both directions no faster than the slower side. */
import {
  type ClientRequest,
  type Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { endToEnd } from './end-to-end.ts'
import { type Addressing, requestHeaders } from './target.ts'

/** Watches copies; whatever it does changes nothing here. */
export interface Watcher {
  requestBody(chunk: Buffer): void
  requestEnd(): void
  /** The head of the answer, before it is passed on. */
  head(answer: IncomingMessage): void
  responseBody(chunk: Buffer): void
  /** The answer is complete; it is passed on right after. */
  responseEnd(): void
  /** There is no answer: the target was not reached, or broke off before its answer began. */
  unreachable(status: number): void
}

/** Headers of both sides together; large tokens and cookies pass. */
export const MAX_HEADER_BYTES = 65_536
/** Until a connection to the target stands. */
const CONNECT_MS = 30_000

export interface Forwarder {
  readonly addressing: Addressing
  readonly agent: HttpAgent | HttpsAgent
}

export function forward(
  { addressing, agent }: Forwarder,
  request: IncomingMessage,
  response: ServerResponse,
  watcher: Watcher,
): void {
  const { target } = addressing
  const isTls = 'encrypted' in request.socket
  const { rawHeaders, method = 'GET', socket } = request
  const send = target.isTls ? httpsRequest : httpRequest
  response.sendDate = false
  const failed = (error: NodeJS.ErrnoException): void => {
    // The rest of a body that nobody takes: read and dropped, or the client never gets to our answer.
    request.unpipe()
    request.resume()
    if (response.headersSent || response.destroyed) return
    const status = error.code === 'ETIMEDOUT' ? 504 : 502
    watcher.unreachable(status)
    refuse(response, status, `proxy: target: ${target.authority} ${reasonOf(error)}`)
  }
  let upstream: ClientRequest
  try {
    upstream = send({
      agent,
      host: target.host,
      port: target.port,
      method,
      path: request.url ?? '/',
      headers: requestHeaders(addressing, { rawHeaders, method, address: socket.remoteAddress, isTls }),
      maxHeaderSize: MAX_HEADER_BYTES,
    })
    passRequest(request, upstream, watcher)
  } catch (error) {
    failed(error as Error)
    return
  }
  // Both sides may send heads that Node reads and does not write: the end of this exchange, and of no other.
  const within =
    <A extends unknown[]>(run: (...args: A) => void) =>
    (...args: A): void => {
      try {
        run(...args)
      } catch (error) {
        upstream.destroy()
        failed(error as Error)
      }
    }
  limitConnecting(upstream)
  upstream.on('continue', () => response.writeContinue())
  upstream.on('information', ({ statusCode, headers }) => {
    if (statusCode === 103) passHints(headers as Record<string, string>, response)
  })
  upstream.on(
    'response',
    within((answer: IncomingMessage) => passAnswer(answer, request, response, watcher)),
  )
  // Nobody asked for another protocol: Upgrade is a header of the connection.
  upstream.on('upgrade', (_answer, wire) => {
    wire.destroy()
    failed(Object.assign(new Error('upgrade'), { code: 'HTTP 101' }))
  })
  upstream.on('error', failed)
  request.on('error', () => upstream.destroy())
  // The client is gone: the target learns of it as it would without us.
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy()
  })
}

/** A JSON-RPC error without an id, as both SDKs answer what they cannot relate to a request. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message: `mcp-auditd ${message}` }, id: null })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, STATUS_CODES[status], headers)
  response.end(body)
}

const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code === 'ECONNREFUSED'
    ? 'refuses connections (ECONNREFUSED)'
    : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? `has no address (${code})`
      : code === 'ECONNRESET'
        ? 'broke the connection off (ECONNRESET)'
        : code?.startsWith('ERR_') || code?.startsWith('HPE_') || code === 'HTTP 101'
          ? `sent what cannot be passed on (${code})`
          : `cannot be reached (${code ?? message})`

function limitConnecting(upstream: ClientRequest): void {
  upstream.on('socket', (socket) => {
    if (!socket.connecting) return
    const late = (): void => {
      upstream.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }))
    }
    const timer = setTimeout(late, CONNECT_MS)
    socket.once('connect', () => clearTimeout(timer))
    socket.once('close', () => clearTimeout(timer))
  })
}

/** Sends the head now. Latin-1, as it was read: `flushHeaders` would write the bytes above 127 of it as UTF-8. */
const sendHead = (message: ClientRequest | ServerResponse): boolean => message.write('', 'latin1')

function passRequest(request: IncomingMessage, upstream: ClientRequest, watcher: Watcher): void {
  // At once: who waits for `100 Continue` sends nothing before the target has seen the head.
  sendHead(upstream)
  request.pipe(upstream, { end: false })
  request.on('data', (chunk: Buffer) => watcher.requestBody(chunk))
  request.on('end', () => {
    passTrailers(request, upstream)
    upstream.end()
    watcher.requestEnd()
  })
}

/** What a reason phrase may not hold where Node writes it. */
const UNWRITABLE = /[^\t\u0020-\u007e\u0080-\u00ff]/g

function passAnswer(
  answer: IncomingMessage,
  { httpVersion }: IncomingMessage,
  response: ServerResponse,
  watcher: Watcher,
): void {
  watcher.head(answer)
  const { statusCode = 502, statusMessage = '', rawHeaders } = answer
  // `Trailer` announces what only a chunked body has.
  const isChunked = httpVersion !== '1.0' && 'transfer-encoding' in answer.headers && hasBody(response, statusCode)
  const headers = endToEnd(rawHeaders).filter((_, at, all) => isChunked || all[at & ~1]!.toLowerCase() !== 'trailer')
  response.writeHead(statusCode, statusMessage.replace(UNWRITABLE, ' '), headers)
  // An event stream may say nothing for long, and its client waits for the head.
  sendHead(response)
  answer.on('data', (chunk: Buffer) => watcher.responseBody(chunk))
  answer.on('end', () => {
    watcher.responseEnd()
    passTrailers(answer, response)
    response.end()
  })
  answer.pipe(response, { end: false })
  // Broken off in the middle: an answer that ended here would look whole.
  const broken = (): void => {
    if (!answer.complete) response.destroy()
  }
  answer.on('error', broken)
  answer.on('close', broken)
}

const hasBody = ({ req }: ServerResponse, status: number): boolean =>
  req.method !== 'HEAD' && status !== 204 && status !== 304

/** Early hints are a courtesy: Node writes those that it can read, and the answer comes without the others. */
function passHints(headers: Record<string, string>, response: ServerResponse): void {
  try {
    response.writeEarlyHints(headers)
  } catch {
    // The target's own mistake, which its answer does not need.
  }
}

function passTrailers({ rawTrailers }: IncomingMessage, to: ClientRequest | ServerResponse): void {
  if (rawTrailers.length === 0) return
  try {
    to.addTrailers(pairsOf(rawTrailers))
  } catch {
    // Trailers may be lost on any way (RFC 9110, 6.5); the body is whole without them.
  }
}

const pairsOf = (raw: readonly string[]): [string, string][] =>
  Array.from({ length: raw.length / 2 }, (_, at) => [raw[at * 2]!, raw[at * 2 + 1]!])
