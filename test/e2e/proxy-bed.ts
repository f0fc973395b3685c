/** Any handler behind a proxy, for the tests of what HTTP is on both sides of it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { memorySink } from '../../collector/instrument/index.ts'
import { type ProxyOptions, type RunningProxy, startProxy } from '../../collector/proxy/proxy.ts'
import { type Listening, listen } from './proxy-servers.ts'

const open: { close(): Promise<unknown> }[] = []
/** For afterEach: ends what was started, newest first. */
export async function closeBed(): Promise<void> {
  for (const thing of open.splice(0).reverse()) await thing.close()
}
export type Handler = (request: IncomingMessage, response: ServerResponse) => void
export async function behind(
  handler: Handler,
  options: Partial<ProxyOptions> = {},
): Promise<{ server: Listening; proxy: RunningProxy; sink: ReturnType<typeof memorySink> }> {
  const inner = createServer(handler)
  inner.on('checkContinue', handler)
  const server = await listen(inner)
  open.push(server)
  const sink = memorySink()
  const proxy = await startProxy({ target: server.url, host: '127.0.0.1', port: 0, sink, heartbeatMs: 0, ...options })
  open.push({ close: () => proxy.close(0) })
  return { server, proxy, sink }
}
