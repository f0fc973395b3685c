/** One POST to a webhook: address checked and pinned, no redirect, TLS verified, one deadline for everything, answer capped. */
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, isIPv6 } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { AuditdError } from '../../schemas/errors.ts'
import type { TargetAnswer, TargetRequest } from '../../schemas/ports.ts'
import { addressDenied, bareHost, urlDenied } from './address.ts'

export const ANSWER_BYTES = 64 * 1024
export const DEADLINE_MS = 15_000

/** All addresses of a name, in the order to try them. */
export type Resolve = (host: string) => Promise<readonly string[]>
export type Send = (request: TargetRequest, signal: AbortSignal) => Promise<TargetAnswer>
export interface SendOptions {
  /** Loopback and private addresses and plain http. Link-local, multicast and reserved ones stay refused. */
  readonly allowPrivate: boolean
  /** From name lookup to the last byte of the answer, milliseconds. */
  readonly deadlineMs?: number
  readonly resolve?: Resolve
  /** Certificates to trust instead of the system's; for a private CA. */
  readonly ca?: string
  /** Told of each socket just before it is opened; the tests of refused addresses listen here. */
  readonly onConnect?: (address: string) => void
}

/** Where the console target "posts": not a network address. */
export const CONSOLE_URL = 'console:'

/** Requests of the console target are written, all others posted. `write` resolves when the text has been handed on. */
export const withConsole =
  (post: Send, write: (text: string) => void | Promise<void>): Send =>
  async (request, signal) => {
    if (request.url !== CONSOLE_URL) return post(request, signal)
    await write(request.body)
    return { status: 200, headers: {}, body: '' }
  }

const resolveSystem: Resolve = async (host) => (await systemLookup(host, { all: true })).map((found) => found.address)

/**
 * A sender of POSTs. Throws AuditdError('address_denied') before any socket is opened, and AuditdError('target_failed') for DNS, TLS,
 * reset and deadline; the receiver may then have taken the alert, so the caller repeats with the same idempotency key.
 */
export function createSend(options: SendOptions): Send {
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS
  return async (request, signal) => {
    const url = new URL(request.url)
    const denied = urlDenied(url, options.allowPrivate)
    if (denied !== undefined) throw new AuditdError('address_denied', 'webhook', url.hostname, denied)
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
    try {
      const address = await checkedAddress(bareHost(url), options, deadline)
      return await post(request, url, address, options, deadline)
    } catch (error) {
      if (error instanceof AuditdError) throw error
      throw new AuditdError(
        'target_failed',
        'webhook',
        url.hostname,
        failure(error, signal, deadline, deadlineMs),
        error,
      )
    }
  }
}

/**
 * The address the socket will use. It is looked up here, once, so that a second answer of the resolver (rebinding) cannot matter;
 * one refused address among several refuses the name.
 */
export async function checkedAddress(
  host: string,
  options: Pick<SendOptions, 'allowPrivate' | 'resolve'>,
  signal: AbortSignal,
): Promise<string> {
  if (isIP(host) !== 0) return host
  const found = await abortable((options.resolve ?? resolveSystem)(host), signal)
  for (const address of found) {
    const denied = addressDenied(address, options.allowPrivate)
    if (denied !== undefined) throw new AuditdError('address_denied', 'webhook', host, `resolves to a ${denied}`)
  }
  const first = found.find((address) => !isIPv6(address)) ?? found[0]
  if (first === undefined) throw new AuditdError('target_failed', 'webhook', host, 'the name has no address')
  return first
}

/** An agent per request: a pooled socket would outlive the check of its address. */
async function post(
  request: TargetRequest,
  url: URL,
  address: string,
  options: SendOptions,
  signal: AbortSignal,
): Promise<TargetAnswer> {
  const connector = buildConnector({
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    // One exchange and the socket is gone: HTTP/2 would gain nothing.
    allowH2: false,
    timeout: 0,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  })
  const agent = new Agent({
    connections: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    // `hostname` becomes the pinned address; `servername` stays the name the certificate must carry (none for an address, RFC 6066).
    connect: (target, done) => {
      options.onConnect?.(address)
      const servername = isIP(bareHost(url)) === 0 ? bareHost(url) : ''
      connector({ ...target, hostname: address, host: address, servername }, done)
    },
  })
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: { 'user-agent': 'mcp-auditd', ...request.headers },
      body: request.body,
      signal,
    })
    const body = await cappedText(answer.body)
    return { status: answer.statusCode, headers: flat(answer.headers), body }
  } finally {
    // Not awaited close(): a receiver that keeps dripping must not hold us.
    await agent.destroy()
  }
}

/** The first 64 KB of the answer; what follows is not read. */
async function cappedText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, ANSWER_BYTES - bytes))
    bytes += chunk.length
    if (bytes >= ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

const flat = (headers: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? ''].flat().join(', ')]),
  )

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** A short reason by code (`ENOTFOUND`, `CERT_HAS_EXPIRED`); messages of the driver can carry the URL and are not repeated. */
function failure(error: unknown, stop: AbortSignal, deadline: AbortSignal, deadlineMs: number): string {
  if (stop.aborted) return 'stopped'
  if (deadline.aborted) return `no complete answer within ${deadlineMs} ms`
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'the exchange failed'
}
