/** `@mcp-auditd/instrument/fastify`: the edge as a plugin of Fastify 5. */
import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EdgeOptions } from './edge/edge-options.ts'
import { type Exchange, exchangeInFlight, withinExchange } from './edge/exchange.ts'
import { watchNode } from './edge/node-exchange.ts'
import { auditHttp, type NodeServerLike } from './http.ts'

export type { DeclaredMetadata, EdgeOptions } from './edge/edge-options.ts'

interface RequestLike {
  readonly raw: IncomingMessage
  readonly originalUrl?: string
  readonly body?: unknown
}
interface ReplyLike {
  readonly raw: ServerResponse
}
type Hook = (request: never, reply: never, done: () => void) => void
/** What is needed of an application; any Fastify instance is one. */
export interface FastifyLike {
  readonly server: object
  addHook(name: never, hook: never): unknown
}

/**
 * `await app.register(auditFastify(audit))`, at any place before it listens: the server itself is watched, so that also hooks that stand
 * before it are seen (those of `createMcpFastifyApp`), and what is injected without a server.
 */
export function auditFastify(
  options: EdgeOptions = {},
): (instance: FastifyLike, settings: unknown, done: () => void) => void {
  const scopes = new WeakMap<object, AsyncResource>()
  const onRequest = (request: RequestLike, reply: ReplyLike, done: () => void): void => {
    const outer = exchangeInFlight()
    const opened = outer === undefined ? watchNode(request.raw, reply.raw, options, request.originalUrl) : undefined
    const exchange = outer ?? opened
    if (exchange === undefined) done()
    else {
      supply(exchange, request)
      withinExchange(exchange, () => {
        // The parser of the body calls back from the stream, outside of every context: the next hook finds it here.
        scopes.set(request, new AsyncResource('mcp-auditd.exchange'))
        done()
      })
    }
  }
  const preValidation = (request: RequestLike, _reply: ReplyLike, done: () => void): void => {
    const scope = scopes.get(request)
    if (scope === undefined) done()
    else scope.runInAsyncScope(done)
  }
  const plugin = (instance: FastifyLike, _settings: unknown, done: () => void): void => {
    auditHttp(instance.server as NodeServerLike, options)
    instance.addHook('onRequest' as never, onRequest as Hook as never)
    instance.addHook('preValidation' as never, preValidation as Hook as never)
    done()
  }
  // For the whole application and not only for what the plugin itself registers.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

/** Fastify keeps the body on its own object, middleware the caller on either. */
function supply(exchange: Exchange, request: RequestLike): void {
  exchange.parsedBody = () => request.body
  exchange.callerOf = () => (request as { auth?: object }).auth ?? (request.raw as { auth?: object }).auth
}
