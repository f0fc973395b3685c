/** A client that asks a server what it offers and nothing else: of either era, over stdio or Streamable HTTP. It never calls a tool. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { z } from 'zod'
import { guardedFetch } from '../../connectors/guarded-fetch.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { ProbeConfig } from '../../schemas/job-config.ts'
import type { ProbeObserver } from './probe-observer.ts'

/** What one server may answer altogether over HTTP; a line over stdio has the SDK's own bound. */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_PAGES = 64
const LISTS = [
  ['tools', 'tools/list'],
  ['prompts', 'prompts/list'],
  ['resources', 'resources/list'],
  ['resources', 'resources/templates/list'],
] as const
const page = z.looseObject({ nextCursor: z.string().optional() })
const METHOD_NOT_FOUND = -32_601

export interface ProbeSecrets {
  readonly headers: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
}
interface Watched {
  onmessage?: unknown
  send(...sent: never[]): Promise<void>
  close(): Promise<void>
}

/** Resolves when everything was listed. Throws AuditdError('target_failed') with the reason, `address_denied` where it may not go. */
export async function listServer(
  probe: ProbeConfig,
  secrets: ProbeSecrets,
  observer: ProbeObserver,
  signal: AbortSignal,
): Promise<void> {
  const guard = guardedFetch({ allowPrivate: probe.allowPrivate, maxBytes: MAX_BYTES })
  const transport = watched(openTransport(probe, secrets, guard.fetch), observer)
  const client = new Client(
    { name: 'mcp-auditd-probe', version: '1.0.0' },
    { capabilities: {}, versionNegotiation: { mode: 'auto' } },
  )
  const stop = (): void => void client.close().catch(() => undefined)
  const options = { signal, timeout: probe.timeoutMs }
  try {
    signal.addEventListener('abort', stop, { once: true })
    await within(signal, client.connect(transport, options))
    observer.begin(client.getProtocolEra() ?? 'legacy')
    const offered = client.getServerCapabilities() ?? {}
    for (const [capability, method] of LISTS)
      if (offered[capability] !== undefined) await within(signal, listAll(client, method, options))
  } catch (error) {
    throw asFailure(error, probe, signal)
  } finally {
    signal.removeEventListener('abort', stop)
    await client.close().catch(() => undefined)
    await transport.close().catch(() => undefined)
    await guard.close()
  }
}

/** Pages are read for their cursors alone: what they hold was taken from the wire, whatever the SDK thinks of it. */
async function listAll(
  client: Client,
  method: string,
  options: { readonly signal: AbortSignal; readonly timeout: number },
): Promise<void> {
  let cursor: string | undefined
  for (let number = 0; number < MAX_PAGES; number++) {
    const params = cursor === undefined ? {} : { cursor }
    try {
      const answer = await client.request({ method, params }, page, options)
      cursor = answer.nextCursor
    } catch (error) {
      // Templates belong to the capability of resources, and many servers have none.
      if ((error as { code?: unknown }).code === METHOD_NOT_FOUND) return
      throw error
    }
    if (cursor === undefined) return
  }
  throw new AuditdError('target_failed', 'probe', method, `has more than ${MAX_PAGES} pages`)
}

function openTransport(probe: ProbeConfig, { headers, env }: ProbeSecrets, fetch: typeof globalThis.fetch) {
  const { command, url } = probe
  if (command === undefined)
    return new StreamableHTTPClientTransport(new URL(url!), {
      fetch,
      requestInit: { headers, redirect: 'error' },
      reconnectionOptions: {
        maxRetries: 0,
        initialReconnectionDelay: 1,
        maxReconnectionDelay: 1,
        reconnectionDelayGrowFactor: 1,
      },
    })
  const [program, ...args] = command
  // Not our own environment: it holds secrets, and the program is somebody else's.
  return new StdioClientTransport({
    command: program!,
    args,
    env: { ...getDefaultEnvironment(), ...env },
    stderr: 'ignore',
  })
}

/** Every message passes by the observer, whoever sets the handler and how often: negotiation sets one of its own. */
function watched<Transport extends Watched>(transport: Transport, observer: ProbeObserver): Transport {
  const send = transport.send.bind(transport) as (...sent: unknown[]) => Promise<void>
  transport.send = ((message: unknown, ...rest: unknown[]) => {
    for (const one of [message].flat()) observer.fromClient(one)
    return send(message, ...rest)
  }) as Transport['send']
  let handler: ((message: unknown, ...rest: unknown[]) => void) | undefined
  Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    get: () => handler,
    set(next: typeof handler) {
      handler =
        next === undefined
          ? undefined
          : (message, ...rest) => {
              observer.fromServer(message)
              next(message, ...rest)
            }
    },
  })
  return transport
}

function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** A server's own words are cut and kept out of the field; a URL may hold a secret and is not repeated. */
function asFailure(error: unknown, probe: ProbeConfig, signal: AbortSignal): AuditdError {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++)
    if (cause instanceof AuditdError) return cause
  const reason = signal.aborted
    ? `no complete answer within ${probe.timeoutMs} ms`
    : error instanceof Error
      ? error.message
      : String(error)
  return new AuditdError('target_failed', 'probe', probe.name, reason.slice(0, 300), error)
}
