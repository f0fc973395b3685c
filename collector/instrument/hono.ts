/** `@mcp-auditd/instrument/hono`: the edge as a middleware of Hono 4, on Node and on fetch-style platforms. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EdgeOptions } from './edge/edge-options.ts'
import { type Exchange, exchangeInFlight, withinExchange } from './edge/exchange.ts'
import { watchNode } from './edge/node-exchange.ts'
import { answeredFetch, openFetch } from './fetch.ts'

export type { DeclaredMetadata, EdgeOptions } from './edge/edge-options.ts'

/** What is needed of Hono's Context; any is one. */
export interface ContextLike {
  readonly req: { readonly raw: Request; readonly bodyCache?: Readonly<Record<string, unknown>> }
  readonly env?: unknown
  res: Response
  readonly error?: Error | undefined
  get(key: never): unknown
}

/**
 * `app.use(auditHono(audit))` before any other middleware. Where an app comes with middleware of its own (`createMcpHonoApp`), wrap what
 * serves it: `auditFetch(app.fetch, audit)` of the entry `fetch`, or `auditHttp(serve(app), audit)` of the entry `http`.
 */
export function auditHono(
  options: EdgeOptions = {},
): (context: ContextLike, next: () => Promise<void>) => Promise<void> {
  return async (given: ContextLike, next: () => Promise<void>): Promise<void> => {
    const outer = exchangeInFlight()
    if (outer !== undefined) {
      const readBody = supply(outer, given)
      return next().finally(readBody)
    }
    const { incoming, outgoing } = (given.env ?? {}) as { incoming?: IncomingMessage; outgoing?: ServerResponse }
    // On Node the answer that goes out is watched, and not the one that a middleware still may change.
    const isNode = incoming !== undefined && outgoing !== undefined
    const exchange = isNode ? watchNode(incoming, outgoing, options) : openFetch(given.req.raw, options)
    if (exchange === undefined) return next()
    const readBody = supply(exchange, given)
    await withinExchange(exchange, next).finally(readBody)
    if (isNode) return
    const watched = answeredFetch(exchange, given.res)
    if (watched !== given.res) given.res = watched
  }
}

/** A body that somebody has parsed: `createMcpHonoApp` keeps it, and Hono caches the promise of it. */
function supply(exchange: Exchange, context: ContextLike): () => void {
  let cached: unknown
  const before = exchange.parsedBody
  exchange.parsedBody = () => context.get('parsedBody' as never) ?? cached ?? before()
  exchange.callerOf = () => context.get('auth' as never) as object | undefined
  return () => {
    const promise = context.req.bodyCache?.['json']
    if (!(promise instanceof Promise)) return
    promise.then(
      (body: unknown) => {
        cached = body
      },
      () => undefined,
    )
  }
}
