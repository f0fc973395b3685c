/** What the fake receivers share: a real HTTP server on a free port, a log of what came, and faults on demand. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}
/**
 * `hang`: no answer. `reset`: the connection is cut before it. `drip`: one byte every 20 ms, for ever. `accept-then-hang`: the service
 * takes the message and its answer is lost. `redirect`: 302 to `to`. `flood`: an endless answer, fast. A reply is sent as it is.
 */
export type Fault = 'hang' | 'reset' | 'drip' | 'accept-then-hang' | 'flood' | { readonly redirect: string } | Reply

export class WebhookServer {
  readonly received: Received[] = []
  /** Taken one by one by the next requests; then the service behaves well again. */
  readonly faults: Fault[] = []
  readonly #server: Server
  readonly #drips = new Set<NodeJS.Timeout>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(
    answer: (request: Received) => Reply,
    tls?: { readonly key: string; readonly cert: string },
  ): Promise<WebhookServer> {
    let fake: WebhookServer
    const listener: RequestListener = (request, response) => void fake.#take(request, response, answer)
    const server = tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener)
    fake = new WebhookServer(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async #take(request: IncomingMessage, response: ServerResponse, answer: (request: Received) => Reply): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const received: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: Buffer.concat(chunks).toString('utf8'),
    }
    this.received.push(received)
    const fault = this.faults.shift()
    if (fault === 'hang') return
    if (fault === 'reset') return void request.socket.resetAndDestroy()
    if (fault === 'drip') return this.#drip(response)
    if (fault === 'flood') return flood(response)
    if (fault === 'accept-then-hang') return void answer(received)
    const reply =
      fault === undefined
        ? answer(received)
        : 'redirect' in fault
          ? { status: 302, headers: { location: fault.redirect }, body: '' }
          : fault
    response.writeHead(reply.status, { 'content-type': 'text/plain', ...reply.headers }).end(reply.body)
  }

  #drip(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/plain' })
    const drip = setInterval(() => response.write('o'), 20)
    this.#drips.add(drip)
    response.on('close', () => clearInterval(drip))
  }

  async close(): Promise<void> {
    for (const drip of this.#drips) clearInterval(drip)
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' })
  const block = Buffer.alloc(64 * 1024, 'o')
  const pour = () => {
    while (!response.destroyed && response.write(block));
  }
  response.on('drain', pour)
  pour()
}
