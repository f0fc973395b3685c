/** Watches one request and answer of node:http: every chunk passes as it comes, only the beginning of an error is read along. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerBegins, beside, exchangeEnds, isReadAnswer, isStream, MAX_ANSWER_CHARACTERS } from './edge-events.ts'
import type { EdgeOptions } from './edge-options.ts'
import { type AnswerHeader, Exchange, exchangeInFlight, isUnwatched } from './exchange.ts'
import { nodeHead } from './http-head.ts'
import { tellDeclaredMetadata } from './metadata.ts'

/**
 * The exchange of this request, from now on watched; undefined when an outer edge has it already, or when it cannot be watched.
 * Express keeps its original URL apart while a router is at work: `target` is what the client asked for.
 */
export function watchNode(
  request: IncomingMessage,
  response: ServerResponse,
  options: EdgeOptions,
  target = (request as { originalUrl?: string }).originalUrl,
): Exchange | undefined {
  try {
    if (exchangeInFlight() !== undefined || !isUnwatched(request)) return undefined
    const exchange = new Exchange(nodeHead(request, target), options)
    // Frameworks and middlewares hang these on the request itself.
    exchange.parsedBody = () => (request as { body?: unknown }).body
    exchange.callerOf = () => (request as { auth?: object }).auth
    watchAnswer(response, exchange)
    const { metadata } = options
    if (metadata !== undefined) beside(exchange, (context) => tellDeclaredMetadata(context, metadata))
    return exchange
  } catch {
    return undefined
  }
}

function watchAnswer(response: ServerResponse, exchange: Exchange): void {
  const { writeHead, write, end } = response
  let messages = 0
  const seen = (chunk: unknown): void => {
    if (chunk === null || chunk === undefined || typeof chunk === 'function') return
    if (isStream(exchange)) messages += messagesIn(chunk)
    else if (isReadAnswer(exchange, exchange.status ?? response.statusCode)) read(exchange, chunk)
  }
  const headWritten = (args: readonly unknown[]): void => {
    // Informational heads (103) come before the answer.
    const status = Number(args[0])
    if (status >= 200) answerBegins(exchange, status, answerHeader(response, args))
  }
  response.writeHead = function writeHeadWatched(this: ServerResponse, ...args: unknown[]): ServerResponse {
    const answered = Reflect.apply(writeHead, this, args) as ServerResponse
    safely(() => headWritten(args))
    return answered
  } as ServerResponse['writeHead']
  response.write = function writeWatched(this: ServerResponse, ...args: unknown[]): boolean {
    const written = Reflect.apply(write, this, args) as boolean
    safely(() => seen(args[0]))
    return written
  } as ServerResponse['write']
  response.end = function endWatched(this: ServerResponse, ...args: unknown[]): ServerResponse {
    const ended = Reflect.apply(end, this, args) as ServerResponse
    safely(() => seen(args[0]))
    return ended
  } as ServerResponse['end']
  let isOver = false
  const over = (isAborted: boolean): void => {
    if (isOver) return
    isOver = true
    if (response.headersSent) answerBegins(exchange, response.statusCode, answerHeader(response, []))
    exchangeEnds(exchange, isAborted, messages)
  }
  response.once('finish', () => safely(() => over(false)))
  response.once('close', () => safely(() => over(!response.writableFinished)))
}

/** Our own faults stay ours. */
function safely(run: () => void): void {
  try {
    run()
  } catch {
    // Unobserved, never broken.
  }
}

/** Headers given to writeHead are not kept by Node, those set before are. */
function answerHeader(response: ServerResponse, args: readonly unknown[]): AnswerHeader {
  const given = args.find((argument) => argument !== null && typeof argument === 'object')
  const own = new Map<string, string>()
  if (Array.isArray(given)) {
    const pairs = Array.isArray(given[0]) ? (given as unknown[][]).flat() : given
    for (let at = 0; at + 1 < pairs.length; at += 2) own.set(String(pairs[at]).toLowerCase(), String(pairs[at + 1]))
  } else if (given !== undefined)
    for (const [name, value] of Object.entries(given as object)) own.set(name.toLowerCase(), String(value))
  return (name) => {
    const value = own.get(name) ?? response.getHeader(name)
    return value === undefined ? undefined : Array.isArray(value) ? value.join(', ') : String(value)
  }
}

function read(exchange: Exchange, chunk: unknown): void {
  const room = MAX_ANSWER_CHARACTERS - exchange.answerText.length
  if (room <= 0) return
  const text =
    typeof chunk === 'string'
      ? chunk
      : chunk instanceof Uint8Array
        ? Buffer.from(chunk.subarray(0, room)).toString()
        : ''
  exchange.answerText += text.slice(0, room)
}

/** Events of an SSE chunk that carry something; comments that keep the connection open do not. */
export function messagesIn(chunk: unknown): number {
  const text =
    typeof chunk === 'string'
      ? chunk
      : chunk instanceof Uint8Array
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
        : ''
  let count = text.startsWith('data:') ? 1 : 0
  for (let at = text.indexOf('\ndata:'); at >= 0; at = text.indexOf('\ndata:', at + 6)) count++
  return count
}
