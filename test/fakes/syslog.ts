/** A syslog receiver over TLS or TCP: it counts octets, reads RFC 5424 and CEF strictly, never answers, and closes when the sender has. */

import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Authority, authority, certificate } from './certificate.ts'
import { type CefEvent, parseCef, parseSyslog, type SyslogMessage } from './syslog-messages.ts'

export interface ReceivedMessage extends SyslogMessage {
  readonly cef: CefEvent | undefined
  readonly uid: string
}
/**
 * `refuse`: the connection is ended before TLS, `reset`: cut there. `close`: it is ended in order after that, without reading. `deaf`: accepted,
 * and nothing is ever read. `read-then-reset`: everything is taken, and the connection is cut instead of ended.
 */
export type SyslogFault = 'refuse' | 'close' | 'reset' | 'deaf' | 'read-then-reset'

export class FakeSyslog {
  readonly messages: ReceivedMessage[] = []
  /** Why something was not read; the connection is cut then. */
  readonly refusals: string[] = []
  fault: SyslogFault | undefined
  connections = 0
  readonly ca: Authority
  readonly #server: Server
  readonly #open = new Set<Socket>()

  private constructor(tls: boolean, name: string, expired: boolean) {
    this.ca = authority('the test authority')
    const issued = certificate({ name, ca: this.ca, ...(expired ? { fromDays: -20, toDays: -10 } : {}) })
    const options = { allowHalfOpen: true, pauseOnConnect: false }
    const listener = (socket: Socket) => this.#serve(socket)
    this.#server = tls ? createTlsServer({ ...options, ...issued }, listener) : createServer(options, listener)
    this.#server.on('tlsClientError', () => undefined)
    this.#server.on('connection', (socket: Socket) => {
      this.connections++
      this.#open.add(socket)
      socket.on('error', () => undefined).on('close', () => this.#open.delete(socket))
      if (this.fault === 'refuse') socket.destroy()
      if (this.fault === 'reset') socket.resetAndDestroy()
    })
  }
  static async start({ tls = true, name = 'localhost', expired = false } = {}): Promise<FakeSyslog> {
    const fake = new FakeSyslog(tls, name, expired)
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get uids(): ReadonlySet<string> {
    return new Set(this.messages.map(({ uid }) => uid))
  }

  #serve(socket: Socket): void {
    socket.on('error', () => undefined)
    const { fault } = this
    if (fault === 'deaf') return void socket.pause()
    if (fault === 'close') return void socket.end()
    let waiting: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk])
      try {
        waiting = this.#take(waiting)
      } catch (error) {
        this.refusals.push(error instanceof Error ? error.message : 'unknown')
        socket.destroy()
      }
    })
    socket.on('end', () => {
      if (waiting.length > 0) this.refusals.push('half a frame')
      if (fault === 'read-then-reset') this.#reset()
      else socket.end()
    })
  }

  /** As the kernel does it for a process that is gone with bytes unread. */
  #reset(): void {
    for (const socket of this.#open) socket.resetAndDestroy()
  }

  /** Whole frames; what is left over waits for more. */
  #take(bytes: Buffer): Buffer {
    let rest = bytes
    for (;;) {
      const head = /^([1-9]\d{0,5}) /.exec(rest.subarray(0, 8).toString('latin1'))
      if (head === null) {
        if (rest.length >= 8 || !/^\d*$/.test(rest.toString('latin1'))) throw new Error('no message length')
        return rest
      }
      const from = head[0].length
      const to = from + Number(head[1])
      if (rest.length < to) return rest
      const message = parseSyslog(rest.subarray(from, to))
      const cef = message.text.startsWith('CEF:') ? parseCef(message.text) : undefined
      if (cef === undefined) JSON.parse(message.text)
      const [params] = message.data.values()
      this.messages.push({ ...message, cef, uid: params?.get('uid') ?? '' })
      rest = rest.subarray(to)
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
