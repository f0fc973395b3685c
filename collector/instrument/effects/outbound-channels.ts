/** The diagnostics channels of fetch, undici and node:http, as outbound requests. Subscribed once a process, when a server asks for it. */
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { followCalls } from '../messages/call-in-flight.ts'
import { Outbound, type PeerSocket } from './outbound.ts'

/** What undici publishes; shapes of lib/core/request.js, versions 6 to 8. */
interface UndiciRequest {
  readonly origin?: string | URL
  readonly path?: string
  readonly method?: string
  readonly headers?: readonly unknown[] | string
  readonly contentLength?: number | null
}
interface UndiciMessage {
  readonly request: UndiciRequest
  readonly socket?: PeerSocket
  readonly error?: unknown
  readonly chunk?: Uint8Array | string
  readonly response?: { readonly statusCode: number; readonly headers: readonly (Uint8Array | string)[] }
}

let isWatching = false
const undici = new WeakMap<object, Outbound>()
const http = new WeakMap<object, Outbound>()

/** Idempotent. Errors of ours stay here: a subscriber that throws would end the server's process. */
export function watchOutbound(): void {
  if (isWatching) return
  isWatching = true
  followCalls()
  const on = <M>(channel: string, listener: (message: M) => void): void =>
    subscribe(channel, (message) => {
      try {
        listener(message as M)
      } catch {
        // Told less, never broken.
      }
    })
  const undiciOn = (name: string, listener: (outbound: Outbound, message: UndiciMessage) => void): void =>
    on<UndiciMessage>(`undici:${name}`, (message) => {
      const outbound = undici.get(message.request)
      if (outbound !== undefined) listener(outbound, message)
    })

  on<UndiciMessage>('undici:request:create', ({ request }) => {
    const outbound = Outbound.begin({
      origin: String(request.origin ?? ''),
      target: request.path ?? '/',
      verb: request.method ?? 'GET',
      headers: undiciHeaders(request.headers),
      bodyBytes: request.contentLength ?? undefined,
    })
    if (outbound !== undefined) undici.set(request, outbound)
  })
  undiciOn('client:sendHeaders', (outbound, { socket }) => outbound.connected(socket))
  undiciOn('request:headers', (outbound, { response }) => {
    if (response !== undefined) outbound.answered(response.statusCode, rawHeader(response.headers, 'location'))
  })
  undiciOn('request:error', (outbound, { error }) => outbound.failed(error))
  undiciOn('request:bodyChunkSent', (outbound, { chunk }) => {
    if (outbound.isTokenEndpoint && chunk !== undefined) outbound.sentBody(textOf(chunk))
  })
  undiciOn('request:bodyChunkReceived', (outbound, { chunk }) => {
    if (outbound.isTokenEndpoint && chunk !== undefined) outbound.receivedBody(textOf(chunk))
  })
  undiciOn('request:trailers', (outbound) => outbound.completed())

  // `created` (Node 22 on) comes before the first write, `start` after the headers are complete.
  on<{ request: ClientRequest }>('http.client.request.created', ({ request }) => keepTokenBody(request))
  on<{ request: ClientRequest }>('http.client.request.start', ({ request }) => {
    const outbound = Outbound.begin({
      origin: originOf(request),
      target: request.path,
      verb: request.method,
      headers: nodeHeaders(request),
      bodyBytes: lengthOf(request),
    })
    if (outbound === undefined) return
    http.set(request, outbound)
    const body = tokenBodies.get(request)
    if (body !== undefined && outbound.isTokenEndpoint) outbound.sentBody(body.join(''))
  })
  on<{ request: ClientRequest; response: IncomingMessage }>('http.client.response.finish', ({ request, response }) => {
    const outbound = http.get(request)
    if (outbound === undefined) return
    outbound.connected(response.socket as PeerSocket)
    if (outbound.isTokenEndpoint) readBeside(response, outbound)
    outbound.answered(response.statusCode ?? 0, response.headers.location)
  })
  on<{ request: ClientRequest; error: unknown }>('http.client.request.error', ({ request, error }) =>
    http.get(request)?.failed(error),
  )
}

const textOf = (chunk: unknown): string =>
  typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString('utf8') : ''

/** Version 6 on: a flat list of names and values; before: one block of lines. */
function* undiciHeaders(headers: UndiciRequest['headers']): Generator<readonly [string, string]> {
  const list =
    typeof headers === 'string' ? headers.split('\r\n').flatMap((line) => line.split(/:\s(.*)/s, 2)) : headers
  for (let at = 0; at + 1 < (list?.length ?? 0); at += 2) yield [String(list![at]), String(list![at + 1])]
}

function rawHeader(headers: readonly (Uint8Array | string)[], name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (textOf(headers[at]).toLowerCase() === name) return textOf(headers[at + 1])
  return undefined
}

function* nodeHeaders(request: ClientRequest): Generator<readonly [string, string]> {
  for (const name of request.getHeaderNames()) yield [name, String(request.getHeader(name))]
}

/** The name that is connected to; a Host header may say another, and only lends its port. */
function originOf(request: ClientRequest): string {
  const { protocol, host } = request
  const name = host.includes(':') ? `[${host}]` : host
  const port = /:(\d+)$/.exec(String(request.getHeader('host') ?? ''))?.[1]
  return `${protocol}//${name}${port === undefined ? '' : `:${port}`}`
}

function lengthOf(request: ClientRequest): number | undefined {
  const length = Number(request.getHeader('content-length'))
  return Number.isSafeInteger(length) && length >= 0 && request.hasHeader('content-length') ? length : undefined
}

const tokenBodies = new WeakMap<ClientRequest, string[]>()
const MAX_CHUNKS = 64

/** What is written to a token endpoint is kept for a moment, to see whether the caller's token is exchanged in it. */
function keepTokenBody(request: ClientRequest): void {
  if (request.method !== 'POST' || !/\/(token|access_token)(\?|$)/i.test(request.path)) return
  const chunks: string[] = []
  tokenBodies.set(request, chunks)
  for (const method of ['write', 'end'] as const) {
    const original = request[method] as (...args: unknown[]) => unknown
    Object.defineProperty(request, method, {
      configurable: true,
      writable: true,
      value(this: ClientRequest, ...args: unknown[]) {
        if (chunks.length < MAX_CHUNKS) chunks.push(textOf(args[0]))
        return original.apply(this, args)
      },
    })
  }
}

/** The answer is read where it is pushed into the stream: listening would set it flowing before its reader is there. */
function readBeside(response: IncomingMessage, outbound: Outbound): void {
  const { push } = response
  response.push = function pushObserved(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk !== null) outbound.receivedBody(textOf(chunk))
    else outbound.completed()
    return push.call(this, chunk, encoding)
  }
}
