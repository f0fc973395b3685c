/** The standalone GET stream of Streamable HTTP and of the older SSE transport, and the DELETE of a session, where no edge watches the server. */
import type { AuditContext } from '../audit-context.ts'
import { elapsedMs, instantNow } from '../clock.ts'
import { exchangeInFlight } from '../edge/exchange.ts'
import type { TransportLike } from '../server-shape.ts'
import type { Connection } from './connection.ts'
import type { MessageExtra } from './request.ts'
import { watchedStream } from './sse-frames.ts'

type Handle = (request: Request, options?: { readonly authInfo?: object }) => Promise<Response>
interface WebTransport {
  handleRequest?: Handle
}

/**
 * `handleRequest` of the web-standard transport of both SDKs; their transports for Node have one inside. Other transports answer to
 * somebody else, and their streams are not seen.
 */
export function watchStreams(context: AuditContext, connection: Connection, transport: TransportLike): void {
  const { _webStandardTransport: inner } = transport as { _webStandardTransport?: WebTransport }
  const target = inner ?? (transport as WebTransport)
  const { handleRequest } = target
  if (transport.constructor.name === 'SSEServerTransport') watchSse(context, connection, transport)
  if (typeof handleRequest !== 'function') return
  target.handleRequest = (request, options) => {
    const run = (): Promise<Response> => handleRequest.call(target, request, options)
    const verb = (request as { method?: unknown } | undefined)?.method
    // The edge sees both of them, and more of them than can be seen from here.
    if ((verb !== 'GET' && verb !== 'DELETE') || !(request instanceof Request) || exchangeInFlight() !== undefined)
      return run()
    return verb === 'GET' ? watchGet(context, connection, request, options?.authInfo, run) : connection.deleting(run)
  }
}

async function watchGet(
  context: AuditContext,
  connection: Connection,
  request: Request,
  authInfo: object | undefined,
  run: () => Promise<Response>,
): Promise<Response> {
  const response = await run()
  try {
    const isStream = response.status === 200 && /^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')
    return isStream ? openedGet(context, connection, request, authInfo, response) : response
  } catch {
    context.errors++
    return response
  }
}

function openedGet(
  context: AuditContext,
  connection: Connection,
  request: Request,
  authInfo: object | undefined,
  response: Response,
): Response {
  const lastEventId = request.headers.get('last-event-id')
  const closed = openStream(context, connection, { authInfo, request } as MessageExtra, lastEventId)
  let messages = 0
  return watchedStream(response, {
    message: () => messages++,
    closed: (by) => context.guard(() => closed(by, messages)),
  })
}

type Closed = (closedBy: 'client' | 'server' | 'unknown', messages: number) => void

/** stream.opened; what it answers tells the end. */
function openStream(
  context: AuditContext,
  connection: Connection,
  extra: MessageExtra,
  lastEventId: string | null,
): Closed {
  const { own, common, started } = connection.caller(extra)
  const lastEventFp = lastEventId === null ? undefined : context.hashes.handles.hash(lastEventId)
  context.emit({ eventType: 'stream.opened', ...own, streamKind: 'get', lastEventFp }, undefined, common)
  return (closedBy, messages) => {
    const time = instantNow()
    const durationMs = elapsedMs(started, time)
    const early = closedBy === 'unknown' ? undefined : closedBy === 'client'
    const fields = {
      eventType: 'stream.closed' as const,
      ...own,
      durationMs,
      streamKind: 'get',
      closedBy,
      early,
      messages,
    }
    context.emit(fields, time, common)
  }
}

/** The transport before Streamable HTTP: its one stream opens when it starts, and carries every answer. Who ends it cannot be seen. */
function watchSse(context: AuditContext, connection: Connection, transport: TransportLike): void {
  const { start } = transport
  transport.start = async () => {
    await start?.call(transport)
    if (exchangeInFlight() !== undefined) return
    context.guard(() => {
      const closed = openStream(context, connection, {}, null)
      let messages = 0
      const { send, onclose } = transport
      transport.send = (message, options) => {
        messages++
        return send.call(transport, message, options)
      }
      transport.onclose = () => {
        context.guard(() => closed('unknown', messages))
        onclose?.()
      }
    })
  }
}
