/** A fetch for addresses that people configure: checked at connect time, no redirects, TLS verified, and so many bytes altogether. */
import { isIP } from 'node:net'
import { Agent, buildConnector, fetch as undiciFetch } from 'undici'
import { AuditdError } from '../schemas/errors.ts'
import { bareHost, urlDenied } from './webhook/address.ts'
import { checkedAddress, type Resolve } from './webhook/send.ts'

export interface GuardedFetchOptions {
  /** Loopback and private addresses and plain http. Link-local, multicast and reserved ones stay refused. */
  readonly allowPrivate: boolean
  /** Of all answers together, after decompression. */
  readonly maxBytes: number
  readonly resolve?: Resolve
}
export interface GuardedFetch {
  readonly fetch: typeof fetch
  close(): Promise<void>
}
const LOOKUP_MS = 10_000
const WITHOUT_BODY = new Set([101, 204, 205, 304])

/** Throws AuditdError('address_denied') before any socket is opened. Its sockets are its own, so a check is never older than they are. */
export function guardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const connector = buildConnector({
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    allowH2: false,
    timeout: LOOKUP_MS,
  })
  let bytes = 0
  const agent = new Agent({
    allowH2: false,
    connect: (target, done) => {
      const host = target.hostname.replace(/^\[(.*)\]$/, '$1')
      checkedAddress(host, options, AbortSignal.timeout(LOOKUP_MS)).then(
        // The socket goes to the address that was checked; `servername` stays the name the certificate must carry.
        (address) =>
          connector({ ...target, hostname: address, host: address, servername: isIP(host) === 0 ? host : '' }, done),
        (error: Error) => done(error, null),
      )
    },
  })
  const counted = (): TransformStream<Uint8Array, Uint8Array> =>
    new TransformStream({
      transform(chunk, controller) {
        bytes += chunk.length
        if (bytes <= options.maxBytes) controller.enqueue(chunk)
        else
          controller.error(
            new AuditdError('event_too_large', 'fetch', '', `answers are larger than ${options.maxBytes} bytes`),
          )
      },
    })
  const guarded = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input)
    const denied = urlDenied(url, options.allowPrivate)
    if (denied !== undefined) throw new AuditdError('address_denied', 'fetch', bareHost(url), denied)
    const answer = await undiciFetch(url.href, { ...(init as object), redirect: 'error', dispatcher: agent }).catch(
      (error: Error & { cause?: unknown }) => {
        throw error.cause instanceof AuditdError ? error.cause : error
      },
    )
    const headers = new Headers([...answer.headers])
    // The body is decoded already.
    for (const name of ['content-encoding', 'content-length']) headers.delete(name)
    const body = answer.body as ReadableStream<Uint8Array> | null
    return new Response(body === null || WITHOUT_BODY.has(answer.status) ? null : body.pipeThrough(counted()), {
      status: answer.status,
      statusText: answer.statusText,
      headers,
    })
  }
  return { fetch: guarded as typeof fetch, close: () => agent.destroy() }
}
