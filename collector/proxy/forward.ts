/** Forwards one HTTP exchange: both bodies as they flow, in both directions no faster than the slower side. */
import {
  type ClientRequest,
  type Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
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
  const upstream = send({
    agent,
    host: target.host,
    port: target.port,
    method,
    path: request.url ?? '/',
    headers: requestHeaders(addressing, { rawHeaders, method, address: socket.remoteAddress, isTls }),
    maxHeaderSize: MAX_HEADER_BYTES,
  })
  response.sendDate = false
  limitConnecting(upstream)
  passRequest(request, upstream, watcher)
  upstream.on('continue', () => response.writeContinue())
  upstream.on('information', ({ statusCode, headers }) => {
    if (statusCode === 103) response.writeEarlyHints(headers as Record<string, string>)
  })
  upstream.on('response', (answer) => passAnswer(answer, response, watcher))
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    request.unpipe(upstream)
    // The rest of a body that nobody takes: read and dropped, or the client never gets to our answer.
    request.resume()
    if (response.headersSent || response.destroyed) return
    const status = error.code === 'ETIMEDOUT' ? 504 : 502
    watcher.unreachable(status)
    refuse(response, status, `proxy: target: ${target.authority} ${reasonOf(error)}`)
  })
  request.on('error', () => upstream.destroy())
  // The client is gone: the target learns of it as it would without us.
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy()
  })
}

/** A JSON-RPC error without an id, as both SDKs answer what they cannot relate to a request. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message: `mcp-auditd ${message}` }, id: null })
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code === 'ECONNREFUSED'
    ? 'refuses connections (ECONNREFUSED)'
    : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? `has no address (${code})`
      : code === 'ECONNRESET'
        ? 'broke the connection off (ECONNRESET)'
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

function passRequest(request: IncomingMessage, upstream: ClientRequest, watcher: Watcher): void {
  // At once: who waits for `100 Continue` sends nothing before the target has seen the head.
  upstream.flushHeaders()
  request.pipe(upstream, { end: false })
  request.on('data', (chunk: Buffer) => watcher.requestBody(chunk))
  request.on('end', () => {
    if (request.rawTrailers.length > 0) upstream.addTrailers(pairsOf(request.rawTrailers))
    upstream.end()
    watcher.requestEnd()
  })
}

function passAnswer(answer: IncomingMessage, response: ServerResponse, watcher: Watcher): void {
  watcher.head(answer)
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', endToEnd(answer.rawHeaders))
  // An event stream may say nothing for long, and its client waits for the head.
  response.flushHeaders()
  answer.on('data', (chunk: Buffer) => watcher.responseBody(chunk))
  answer.on('end', () => {
    watcher.responseEnd()
    if (answer.rawTrailers.length > 0) response.addTrailers(pairsOf(answer.rawTrailers))
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

const pairsOf = (raw: readonly string[]): [string, string][] =>
  Array.from({ length: raw.length / 2 }, (_, at) => [raw[at * 2]!, raw[at * 2 + 1]!])
