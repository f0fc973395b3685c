/** A reverse proxy in front of one HTTP MCP server: passes everything on as it is, and tells what passes. */
import {
  createServer,
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, Agent as HttpsAgent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditSink } from '../instrument/delivery/audit-sink.ts'
import type { Exchange } from '../instrument/edge/exchange.ts'
import { watchNode } from '../instrument/edge/node-exchange.ts'
import type { InstrumentOptions } from '../instrument/options.ts'
import { openGateway } from '../observe/gateway-context.ts'
import { Unread } from '../observe/unread.ts'
import { CopyBudget } from './body-copy.ts'
import { type Forwarder, forward, MAX_HEADER_BYTES, refuse, type Watcher } from './forward.ts'
import { ObservedExchange, type ProxyObservation } from './observed-exchange.ts'
import { type Addressing, type Forwarding, targetOf } from './target.ts'
import { WireSessions } from './wire-sessions.ts'

export interface ProxyOptions
  extends Pick<
    InstrumentOptions,
    'authRequired' | 'expectedAudiences' | 'anonymousMethods' | 'anonymousTools' | 'capture' | 'heartbeatMs' | 'keys'
  > {
  /** Origin of the one server behind. */
  readonly target: string
  readonly host: string
  readonly port: number
  readonly sink: AuditSink
  /** Default: MCP_AUDIT_SERVER_ID, else host and port of the target. */
  readonly serverId?: string | undefined
  /** Further names under which clients know the proxy; they mean the target. */
  readonly ownHosts?: readonly string[]
  /** Host passes as it came, always. Default false. */
  readonly keepHost?: boolean
  /** Default `pass`. */
  readonly forwarding?: Forwarding
  /** Proxies in front of this one that are believed about the source address. Default 0. */
  readonly trustedHops?: number
  readonly ticketParameters?: readonly string[]
  /** PEM; the listener then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** A broken stream may be resumed so long; 30000. */
  readonly resumeMs?: number
  /** The first events wait so long for the name of the server; 2000. */
  readonly holdMs?: number
  /** Bytes of copies under way at most, of all exchanges; 64 MiB. */
  readonly copyBytes?: number
}
export interface RunningProxy {
  readonly url: string
  /** Bytes of copies under way, and the most there ever were. */
  readonly copies: { readonly used: number; readonly peak: number }
  readonly unreadMessages: number
  /** Takes no new connection, gives exchanges under way `graceMs`, then tells the end; the sink stays open. */
  close(graceMs?: number): Promise<void>
}

const RESUME_MS = 30_000
const COPY_BYTES = 64 * 1024 * 1024
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1']
/** Idle connections: shorter than what servers keep (Node 5 s), so that a request never meets a connection that is being closed. */
const IDLE_TO_TARGET_MS = 4_000
const IDLE_TO_CLIENT_MS = 60_000

/** Rejects when it cannot listen. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const target = targetOf(options.target)
  const hosts = ownHosts(options)
  if (target.port === options.port && hosts.has(target.host.toLowerCase()))
    throw new AuditdError('usage', 'proxy', '--target', 'is the proxy itself')
  const gateway = openGateway(options.sink, auditOptions(options), target.authority, options.holdMs)
  const { context } = gateway
  const observation: ProxyObservation = {
    gateway,
    sessions: new WireSessions(gateway),
    budget: new CopyBudget(options.copyBytes ?? COPY_BYTES),
    unread: new Unread(context, 'proxy'),
    tickets: options.ticketParameters ?? [],
    open: new Set(),
    resumeMs: options.resumeMs ?? RESUME_MS,
  }
  const edge = {
    ...auditOptions(options),
    sink: gateway.held,
    serverId: context.serverId,
    trustProxy: options.trustedHops,
    ticketParameters: options.ticketParameters,
  }
  const Agent = target.isTls ? HttpsAgent : HttpAgent
  const agent = new Agent({ keepAlive: true, timeout: IDLE_TO_TARGET_MS, maxFreeSockets: 256 })
  let port = options.port
  const addressing: Addressing = {
    target,
    own: () => ({ port, hosts }),
    keepHost: options.keepHost ?? false,
    forwarding: options.forwarding ?? 'pass',
  }
  const forwarder: Forwarder = { addressing, agent }
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    // A request for somewhere else, in the form that proxies take: this one has one target.
    if (!/^(\/|\*$)/.test(request.url ?? '')) {
      refuse(response, 400, 'proxy: request: has one fixed target; ask for a path')
      return
    }
    forward(forwarder, request, response, watcherFor(observation, watchNode(request, response, edge), response))
  }
  const server = listener(options, serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  port = (server.address() as AddressInfo).port
  context.guard(() => context.start({}))
  const scheme = options.tls === undefined ? 'http' : 'https'
  return {
    url: `${scheme}://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    copies: observation.budget,
    get unreadMessages() {
      return observation.unread.total
    },
    async close(graceMs = 1_000) {
      await closed(server, graceMs)
      agent.destroy()
      for (const exchange of observation.open) exchange.abandon()
      observation.unread.tell()
      context.guard(() => context.stop('the proxy ended'))
      context.guard(() => gateway.held.release())
    },
  }
}

/** What cannot be watched passes all the same. */
function watcherFor(shared: ProxyObservation, exchange: Exchange | undefined, response: ServerResponse): Watcher {
  let watcher: Watcher = UNWATCHED
  if (exchange !== undefined)
    shared.gateway.context.guard(() => {
      const observed = new ObservedExchange(shared, exchange)
      // Before the edge tells the end of the exchange.
      response.prependOnceListener('close', () => observed.over())
      watcher = observed
    })
  return watcher
}
const nothing = (): void => undefined
const UNWATCHED: Watcher = {
  requestBody: nothing,
  requestEnd: nothing,
  head: nothing,
  responseBody: nothing,
  responseEnd: nothing,
  unreachable: nothing,
}

function auditOptions(options: ProxyOptions): Omit<InstrumentOptions, 'sink'> {
  const { serverId, authRequired, expectedAudiences, anonymousMethods, anonymousTools, capture, heartbeatMs, keys } =
    options
  return { serverId, authRequired, expectedAudiences, anonymousMethods, anonymousTools, capture, heartbeatMs, keys }
}

/** Names of this machine that mean this listener: what it listens on, and every loopback name where it listens on loopback or on all. */
function ownHosts({ host, ownHosts = [] }: ProxyOptions): ReadonlySet<string> {
  const isLocal = LOOPBACK_NAMES.includes(host) || host === '0.0.0.0' || host === '::'
  return new Set([host, ...(isLocal ? LOOPBACK_NAMES : []), ...ownHosts].map((name) => name.toLowerCase()))
}

function listener({ tls }: ProxyOptions, serve: RequestListener): Server {
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0, keepAliveTimeout: IDLE_TO_CLIENT_MS }
  const server: Server = tls === undefined ? createServer(limits, serve) : createTlsServer({ ...limits, ...tls }, serve)
  // `Expect: 100-continue` is the target's to answer.
  server.on('checkContinue', serve)
  return server
}

function closed(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
