/** Sends batches to an OTLP/HTTP receiver as protobuf, over node:http with kept connections, outside of any trace. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { context, createContextKey } from '@opentelemetry/api'
import { EVIDENCE_HEADER } from '../../../schemas/evidence.ts'
import { evidenceAsked } from '../content/evidence-requests.ts'
import { resolveSecret, type SecretReference } from '../keys/secret.ts'
import type { AuditExporter, EncodedBatch, ExportOutcome } from './audit-sink.ts'

export interface OtlpExporterOptions {
  /** Base address; `/v1/logs` is appended unless the path ends so. Default from the environment, else http://127.0.0.1:4318. */
  readonly url?: string
  /** Such as the authorization of this producer. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Bearer token, by reference (`env:NAME`, `file:PATH`, `cmd:PROGRAM`) or as it is; default MCP_AUDIT_OTLP_TOKEN. It is read again when the
   * receiver does not take it any more.
   */
  readonly token?: SecretReference
  /** gzip by default: events repeat themselves, and a kernel copies a fifteenth for less CPU than the compression takes. */
  readonly compression?: 'gzip' | 'none'
  /** One request at most, ms; 10000. */
  readonly timeoutMs?: number
}

/** The key by which every OpenTelemetry instrumentation knows not to trace what happens here (@opentelemetry/core, trace/suppress-tracing). */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')
/** In the thread pool, so that calls go on meanwhile. Level 1 is within 5 % of the size of level 6 on these bytes. */
const compress = promisify(gzip)
const TOKEN = { component: 'instrument', field: 'token' } as const
const MIN_COMPRESSED_BYTES = 1_024
const MAX_ANSWER_BYTES = 65_536
/** A receiver may ask for patience, not for silence. */
const MAX_RETRY_AFTER_MS = 300_000
/** Answers that never change for these bytes. Everything else (401, 404 and 429 too) may be mended while the events wait. */
const REFUSED = new Set([400, 413, 415, 422])

export class OtlpAuditExporter implements AuditExporter {
  private readonly url: URL
  private readonly headers: Record<string, string>
  private readonly token: SecretReference | undefined
  private bearer: string | undefined
  private readonly timeoutMs: number
  private readonly compression: 'gzip' | 'none'
  private readonly agent: HttpAgent | HttpsAgent

  constructor(options: OtlpExporterOptions = {}) {
    this.url = logsAddress(options.url ?? addressFromEnvironment())
    this.headers = { ...headersFromEnvironment(), ...options.headers, 'content-type': 'application/x-protobuf' }
    this.token = options.token ?? (process.env['MCP_AUDIT_OTLP_TOKEN'] || undefined)
    this.timeoutMs = options.timeoutMs ?? 10_000
    this.compression = options.compression ?? 'gzip'
    const Agent = this.url.protocol === 'https:' ? HttpsAgent : HttpAgent
    this.agent = new Agent({ keepAlive: true, maxSockets: 2 })
  }

  async export(batch: EncodedBatch): Promise<ExportOutcome> {
    const untraced = context.active().setValue(SUPPRESS_TRACING, true)
    // One request: concatenated ExportLogsServiceRequests are one (repeated fields add up).
    const outcome = await context.with(untraced, () => this.post(batch.parts.map((part) => part.bytes)))
    if (outcome.kind !== 'refused' || batch.parts.length === 1) return outcome
    // Refused as a whole: the parts of other servers must not suffer for one of them.
    let rejected = 0
    for (const part of batch.parts) {
      const alone = await context.with(untraced, () => this.post([part.bytes]))
      if (alone.kind === 'retry') return alone
      rejected += alone.kind === 'refused' ? part.count : (alone.rejected ?? 0)
    }
    return rejected === batch.count ? outcome : { kind: 'sent', rejected }
  }

  private async post(chunks: readonly Uint8Array[]): Promise<ExportOutcome> {
    try {
      if (this.token !== undefined) this.bearer ??= await resolveSecret(this.token, TOKEN, { literal: true })
    } catch (error) {
      // A file that is not there yet: the events wait for it.
      return { kind: 'retry', reason: (error as Error).message }
    }
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    if (this.compression === 'none' || body.length < MIN_COMPRESSED_BYTES) return this.send(body, {})
    return this.send(await compress(body, { level: 1 }), { 'content-encoding': 'gzip' })
  }

  private send(body: Uint8Array, encoding: Readonly<Record<string, string>>): Promise<ExportOutcome> {
    return new Promise((resolve) => {
      const again = (reason: string): void => resolve({ kind: 'retry', reason })
      const send = this.url.protocol === 'https:' ? httpsRequest : httpRequest
      const authorization = this.bearer === undefined ? {} : { authorization: `Bearer ${this.bearer}` }
      const headers = { ...this.headers, ...authorization, ...encoding, 'content-length': String(body.length) }
      const request = send(this.url, { method: 'POST', agent: this.agent, headers })
      // Not the socket's timeout, which an answer byte by byte would put off for ever.
      const timer = setTimeout(() => request.destroy(new Error('timeout')), this.timeoutMs)
      request.on('close', () => clearTimeout(timer))
      request.on('error', (error: NodeJS.ErrnoException) => again(`${error.code ?? error.message} at ${this.url.host}`))
      request.on('response', (response) => {
        // It may have been rotated: the next attempt reads it anew.
        if (response.statusCode === 401 || response.statusCode === 403) this.bearer = undefined
        evidenceAsked(response.headers[EVIDENCE_HEADER])
        readAnswer(response).then(
          (body) => resolve(outcomeOf(response, body)),
          () => again('answer not readable'),
        )
      })
      request.end(body)
    })
  }

  async shutdown(): Promise<void> {
    this.agent.destroy()
  }
}

async function readAnswer(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length <= MAX_ANSWER_BYTES) chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function outcomeOf(response: IncomingMessage, body: Uint8Array): ExportOutcome {
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return { kind: 'sent', rejected: rejectedRecords(body) }
  if (REFUSED.has(status)) return { kind: 'refused', reason: `receiver answered ${status}` }
  const afterSeconds = Number(response.headers['retry-after'])
  const reason = `receiver answered ${status}`
  if (!(afterSeconds > 0)) return { kind: 'retry', reason }
  return { kind: 'retry', reason, afterMs: Math.min(afterSeconds * 1000, MAX_RETRY_AFTER_MS) }
}

/** ExportLogsServiceResponse.partial_success.rejected_log_records: field 1, in it field 1 as varint. Anything else counts as none. */
function rejectedRecords(body: Uint8Array): number {
  if (body.length < 4 || body[0] !== 0x0a || body[2] !== 0x08) return 0
  let value = 0
  for (let at = 3, scale = 1; at < body.length && at < 12; at++, scale *= 128) {
    value += (body[at]! & 0x7f) * scale
    if (body[at]! < 0x80) return value
  }
  return 0
}

function logsAddress(text: string): URL {
  const url = new URL(text)
  if (!url.pathname.endsWith('/v1/logs')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/logs`
  return url
}

const addressFromEnvironment = (): string =>
  process.env['MCP_AUDIT_OTLP_ENDPOINT'] ??
  process.env['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'] ??
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ??
  'http://127.0.0.1:4318'

/** MCP_AUDIT_OTLP_HEADERS, in the form of OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20x,other=y`. */
function headersFromEnvironment(): Record<string, string> {
  const text = process.env['MCP_AUDIT_OTLP_HEADERS'] ?? process.env['OTEL_EXPORTER_OTLP_HEADERS'] ?? ''
  const headers: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    if (at < 1) continue
    try {
      headers[pair.slice(0, at).trim().toLowerCase()] = decodeURIComponent(pair.slice(at + 1).trim())
    } catch {
      // A header that cannot be decoded is left out; the receiver then says what is missing.
    }
  }
  return headers
}
