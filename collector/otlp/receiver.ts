/** The HTTP receiver of OTLP and of others' JSON: decode, normalise, hand to the intake, and acknowledge only what is durable. */
import type { IncomingMessage } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { AuditdError, isTransient } from '../../schemas/errors.ts'
import { EVIDENCE_HEADER, type EvidenceRequest } from '../../schemas/evidence.ts'
import type { Caller, Clock, Intake, Telemetry } from '../../schemas/ports.ts'
import { deadLetter } from '../dead-letter.ts'
import { readFacts } from '../facts.ts'
import type { Fingerprint } from '../foreign.ts'
import { type Reader, type Readings, readLogs, readSpans } from '../normalize.ts'
import { parseLines, SOURCE_ENDPOINTS, type SourceEndpoint } from '../sources/endpoints.ts'
import { readRecords, recordsIn, recordsOf } from '../sources/read-json.ts'
import { JSON_TYPE, type MediaType, PROTOBUF, partialSuccess, type Signal, statusBody } from './answers.ts'
import type { Authenticate } from './credentials.ts'
import { decodeLogsJson, decodeTracesJson } from './decode-json.ts'
import { decodeLogs } from './decode-logs.ts'
import { decodeTraces } from './decode-traces.ts'
import { OtlpUnreadable } from './records.ts'
import { BodyRefused, discardRest, ENCODINGS, InFlightBytes, readBody } from './request-body.ts'
import { batchSlices, readInTurns, slicesOf } from './slices.ts'

export interface ReceiverParts {
  readonly intake: Intake
  readonly authenticate: Authenticate
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Keyed hashes for foreign telemetry; absent: raw session ids and addresses are left out. */
  readonly fingerprint?: Fingerprint
  /** What to ask the producer for in the answer. */
  readonly evidence?: (caller: Caller) => readonly EvidenceRequest[]
  readonly limits: {
    /** One request after decompression. */
    readonly requestBytes: number
    /** All requests being worked on; more is answered 503. */
    readonly inFlightBytes: number
  }
}
export interface Receiver {
  /** Start listening; answers the port, which matters when 0 was asked for. */
  listen(host: string, port: number): Promise<number>
  /** Stop accepting, finish what is in flight. */
  close(): Promise<void>
}

/** A refusal with the status to answer. */
class Refused extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, reason: string, headers: Readonly<Record<string, string>> = {}) {
    super(reason)
    this.status = status
    this.headers = headers
  }
}

/** Seconds. A Collector waits the longer of this and its own back-off. */
const RETRY_AFTER = '1'
/** A body that takes longer than this is not a slow network. */
const REQUEST_TIMEOUT_MS = 30_000

export function createReceiver(parts: ReceiverParts): Receiver {
  const app = fastify({
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    exposeHeadRoutes: false,
  })
  // Bodies are read by the handler, with bounds that fastify does not have: after decompression, and over all requests.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const inFlight = new InFlightBytes(parts.limits.inFlightBytes)
  for (const signal of ['logs', 'traces'] as const) route(app, parts, inFlight, `/v1/${signal}`, otlp(parts, signal))
  route(app, parts, inFlight, '/v1/facts', facts(parts))
  for (const endpoint of SOURCE_ENDPOINTS)
    for (const path of endpoint.paths) route(app, parts, inFlight, path, foreign(parts, endpoint))
  app.setNotFoundHandler((request, reply) =>
    fail(
      parts,
      request,
      reply,
      'other',
      new Refused(404, 'only /v1/logs, /v1/traces, /v1/facts and /v1/sources/NAME are served'),
    ),
  )
  app.setErrorHandler((error, request, reply) => fail(parts, request, reply, 'other', error))
  return {
    async listen(host, port) {
      await app.listen({ host, port })
      const address = app.server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    },
    close: () => app.close(),
  }
}

/** What a request comes to: who sent it, and what it is told. */
interface Answered {
  readonly caller: Caller
  readonly media: string
  readonly body: Uint8Array | string
}
/** `bodyFor` reads the body for the account of a producer. */
type Handle = (request: FastifyRequest, bodyFor: (producer: string) => Promise<Buffer>) => Promise<Answered>

function route(
  app: FastifyInstance,
  parts: ReceiverParts,
  inFlight: InFlightBytes,
  path: string,
  handle: Handle,
): void {
  app.all(path, async (request, reply) => {
    let taken = 0
    let account = ''
    try {
      if (request.method !== 'POST') throw new Refused(405, 'only POST is allowed', { allow: 'POST' })
      const { caller, media, body } = await handle(request, (producer) => {
        account = producer
        return bodyOf(request, parts.limits.requestBytes, (bytes) => {
          inFlight.take(account, bytes)
          taken += bytes
        })
      })
      parts.telemetry.count('mcp_auditd_requests_total', 1, { path, status: '200' })
      const asked = parts.evidence?.(caller) ?? []
      if (asked.length > 0) reply.header(EVIDENCE_HEADER, encodeURIComponent(JSON.stringify(asked)))
      return reply.code(200).header('content-type', media).send(Buffer.from(body))
    } catch (error) {
      return fail(parts, request, reply, path, error)
    } finally {
      inFlight.give(account, taken)
    }
  })
}

const otlp =
  (parts: ReceiverParts, signal: Signal): Handle =>
  async (request, bodyFor) => {
    const caller = callerOf(parts, request)
    const media = requestMedia(request)
    const body = await bodyFor(caller.producer)
    const readings = await read(signal, media, body, readerOf(parts, caller))
    const { rejected, reason } = await accept(parts, caller, 'otlp', readings)
    return { caller, media, body: partialSuccess(media, signal, rejected, reason) }
  }

/** Facts that people and pipelines tell; admission decides who may. */
const facts =
  (parts: ReceiverParts): Handle =>
  async (request, bodyFor) => {
    const caller = callerOf(parts, request)
    const { records, refused } = parseLines(await bodyFor(caller.producer))
    const readings = readFacts(recordsOf(records), readerOf(parts, caller))
    const lines = refused.map(({ field, reason }) =>
      deadLetter('facts', field, reason, caller.tenant, parts.clock.nowMs(), field),
    )
    const taken = await accept(parts, caller, 'facts', { ...readings, refused: [...lines, ...readings.refused] })
    return { caller, media: JSON_TYPE, body: JSON.stringify(taken) }
  }

/** Others in a form of their own, with the same credentials wherever their clients put them. */
const foreign =
  (parts: ReceiverParts, endpoint: SourceEndpoint): Handle =>
  async (request, bodyFor) => {
    const source = endpoint.source(request.params as Record<string, string>)
    if (source === undefined) throw new Refused(404, 'no source of this name')
    const known = endpoint.keyOf(request.headers, request.query as Record<string, unknown>)
    const before = endpoint.needsBody && known === '' ? undefined : callerOf(parts, request, known)
    const body = await bodyFor(before?.producer ?? UNKNOWN_PRODUCER)
    const { records, key, refused } = endpoint.parse(body)
    const caller = before ?? callerOf(parts, request, key)
    const reader = readerOf(parts, caller)
    // One by one: such a record is call and result with all of their content.
    const readings = await readInTurns(slicesOf(recordsIn(source, records), 1), (slice) =>
      readRecords(source, slice, reader),
    )
    const lines = refused.map(({ field, reason }) =>
      deadLetter(source.name, field, reason, caller.tenant, parts.clock.nowMs(), field),
    )
    const all = { ...readings, refused: [...lines, ...readings.refused] }
    const taken = await accept(parts, caller, source.name, all)
    return { caller, media: JSON_TYPE, body: JSON.stringify(endpoint.answer(taken)) }
  }

/** Room for bodies of those who say only in the body who they are; half of all, like anybody else's. */
const UNKNOWN_PRODUCER = '(unknown)'

function readerOf({ clock, fingerprint }: ReceiverParts, caller: Caller): Reader {
  return { caller, atMs: clock.nowMs(), ...(fingerprint === undefined ? {} : { fingerprint }) }
}

async function accept(parts: ReceiverParts, caller: Caller, component: string, readings: Readings) {
  const { candidates, refused, ignored } = readings
  if (ignored > 0) parts.telemetry.count('mcp_auditd_events_dropped_total', ignored, { component, reason: 'not_mcp' })
  if (candidates.length === 0 && refused.length === 0) return { accepted: 0, rejected: 0, reason: '' }
  return parts.intake.take(candidates, refused, caller)
}

function read(signal: Signal, media: MediaType, body: Uint8Array, reader: Reader): Promise<Readings> {
  if (signal === 'logs') {
    const batches = (media === PROTOBUF ? decodeLogs : decodeLogsJson)(body)
    return readInTurns(batchSlices(batches), (slice) => readLogs(slice, reader))
  }
  const batches = (media === PROTOBUF ? decodeTraces : decodeTracesJson)(body)
  return readInTurns(batchSlices(batches), (slice) => readSpans(slice, reader))
}

/** `key`: a credential that stands elsewhere than in `Authorization`. */
function callerOf(parts: ReceiverParts, request: FastifyRequest, key = ''): Caller {
  const caller = parts.authenticate(key === '' ? request.headers : { authorization: `Bearer ${key}` })
  if (caller === undefined)
    throw new Refused(401, 'a bearer token of a configured producer is needed', { 'www-authenticate': 'Bearer' })
  // Without keys a web page could otherwise post to the loopback address; browsers always say where a post comes from.
  if (caller.claimed && request.headers.origin !== undefined)
    throw new Refused(403, 'requests from web pages need configured keys')
  return caller
}

/** The request's media type, parameters aside. */
function mediaOf(request: FastifyRequest): MediaType | undefined {
  const media = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return media === PROTOBUF || media === JSON_TYPE ? media : undefined
}
function requestMedia(request: FastifyRequest): MediaType {
  const media = mediaOf(request)
  if (media === undefined) throw new Refused(415, `content-type must be ${PROTOBUF} or ${JSON_TYPE}`)
  return media
}

function bodyOf(request: FastifyRequest, limit: number, take: (bytes: number) => void): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()
  const decompressor = ENCODINGS.get(encoding)
  if (decompressor === undefined)
    throw new Refused(415, 'content-encoding must be gzip or zstd', { 'accept-encoding': 'gzip, zstd' })
  const tooLarge = `a request may have ${limit} bytes after decompression`
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new Refused(413, tooLarge)
  let total = 0
  return readBody(request.raw as IncomingMessage, decompressor(), (bytes) => {
    total += bytes
    if (total > limit) throw new BodyRefused(413, tooLarge)
    take(bytes)
  })
}

/** Answer an error in the request's encoding. What we cannot do now is 503, never 500: a Collector drops data on 500. */
function fail(
  parts: ReceiverParts,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  error: unknown,
): FastifyReply {
  const refusal = refusalOf(error)
  if (refusal === undefined) parts.telemetry.log('request_failed', { path, error: whereThrown(error) })
  const { status, reason, headers } = refusal ?? TRY_AGAIN
  parts.telemetry.count('mcp_auditd_requests_total', 1, { path, status: String(status) })
  const media = mediaOf(request) ?? JSON_TYPE
  discardRest(request.raw)
  const retry = status === 429 || status === 503 ? { 'retry-after': RETRY_AFTER } : {}
  return reply
    .code(status)
    .headers({ ...headers, ...retry, 'content-type': media })
    .send(Buffer.from(statusBody(media, status, reason)))
}

interface Refusal {
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
}
const TRY_AGAIN: Refusal = { status: 503, reason: 'not accepted, try again', headers: {} }

/** Undefined for what should not happen. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refused) return { status: error.status, reason: error.message, headers: error.headers }
  if (error instanceof BodyRefused) return { status: error.status, reason: error.message, headers: {} }
  if (error instanceof OtlpUnreadable) return { status: error.tooLarge ? 413 : 400, reason: error.message, headers: {} }
  if (error instanceof AuditdError && error.kind === 'input') return { status: 400, reason: error.message, headers: {} }
  if (isTransient(error)) return TRY_AGAIN
  // Of fastify: a content-type that cannot be read, a URL that cannot be decoded.
  const { statusCode: status = 0 } = error as { statusCode?: number }
  return status >= 400 && status < 500 ? { status, reason: 'not a request that can be read', headers: {} } : undefined
}

/** Kind and places of an error without its message, which may quote what was sent. */
function whereThrown(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const places = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return [error.name, ...places.slice(0, 5).map((line) => line.trim())].join(' ')
}
