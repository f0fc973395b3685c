/** `@mcp-auditd/instrument/express`: the edge as a middleware of Express 4 and 5, and of everything that takes such (Connect, Polka). */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EdgeOptions } from './edge/edge-options.ts'
import { withinExchange } from './edge/exchange.ts'
import { watchNode } from './edge/node-exchange.ts'

export type { DeclaredMetadata, EdgeOptions } from './edge/edge-options.ts'

/**
 * `app.use(auditExpress(audit))` before any other middleware: what stands before it refuses unseen. Where an app comes with middleware
 * of its own (`createMcpExpressApp`), give its server to `auditHttp` of the entry `http` instead.
 */
export function auditExpress(
  options: EdgeOptions = {},
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  return function auditEdge(request, response, next) {
    const exchange = watchNode(request, response, options)
    if (exchange === undefined) next()
    else withinExchange(exchange, next)
  }
}
