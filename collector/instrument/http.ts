/** `@mcp-auditd/instrument/http`: the edge of any Node HTTP server, whatever framework answers behind it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EdgeOptions } from './edge/edge-options.ts'
import { withinExchange } from './edge/exchange.ts'
import { watchNode } from './edge/node-exchange.ts'

export type { DeclaredMetadata, EdgeOptions } from './edge/edge-options.ts'

/** What is needed of a server of node:http or node:https. */
export interface NodeServerLike {
  emit(event: string, ...args: never[]): boolean
}
type Listener = (request: never, response: never, ...rest: never[]) => unknown

/**
 * The same server, or a listener of the same type around the given one; nothing is delayed, and what the listener throws passes through.
 * On a server it sees what middleware refuses that stands before everything else, such as that of `createMcpExpressApp()`:
 * `auditHttp(app.listen(3000), audit)`.
 */
export function auditHttp<T extends NodeServerLike | Listener>(serverOrListener: T, options: EdgeOptions = {}): T {
  if (typeof serverOrListener === 'function') return wrapListener(serverOrListener as Listener, options) as T
  const server = serverOrListener as NodeServerLike
  const { emit } = server
  server.emit = function emitWatched(this: NodeServerLike, event: string, ...args: never[]): boolean {
    const pass = (): boolean => Reflect.apply(emit, this, [event, ...args]) as boolean
    return event === 'request' ? watchedRun(args, options, pass) : pass()
  }
  return serverOrListener
}

function wrapListener(listener: Listener, options: EdgeOptions): Listener {
  return new Proxy(listener, {
    apply: (target, self, args: never[]) => watchedRun(args, options, () => Reflect.apply(target, self, args)),
  })
}

function watchedRun<T>([request, response]: readonly unknown[], options: EdgeOptions, run: () => T): T {
  const exchange = watchNode(request as IncomingMessage, response as ServerResponse, options)
  return exchange === undefined ? run() : withinExchange(exchange, run)
}
