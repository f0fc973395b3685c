/** What passes between a client and a stdio server, as audit events: lines are read from copies, in both directions. */
import type { Gateway } from '../observe/gateway-context.ts'
import { LineReader } from '../observe/line-reader.ts'
import { rpcMessagesOf } from '../observe/rpc-text.ts'
import { Unread } from '../observe/unread.ts'
import { WireConnection } from '../observe/wire-connection.ts'

const BLANK = /^\s*$/

export class StdioObserver {
  private readonly gateway: Gateway
  private readonly connection: WireConnection
  private readonly unread: Unread
  private readonly client: LineReader
  private readonly server: LineReader

  constructor(gateway: Gateway) {
    this.gateway = gateway
    // One caller and no scopes; a request says its era itself.
    this.connection = new WireConnection(gateway, gateway.registryFor('legacy', ''), 'stdio')
    this.unread = new Unread(gateway.context, 'wrap')
    this.client = this.reader('client')
    this.server = this.reader('server')
  }

  /** Bytes kept of lines under way. */
  get bufferedBytes(): number {
    return this.client.bufferedBytes + this.server.bufferedBytes
  }
  /** Messages that passed unread. */
  get unreadMessages(): number {
    return this.unread.total
  }

  fromClient(chunk: Buffer): void {
    this.gateway.context.guard(() => this.client.write(chunk))
  }
  fromServer(chunk: Buffer): void {
    this.gateway.context.guard(() => this.server.write(chunk))
  }

  /** The server is gone: whatever has no answer gets none. */
  ended(): void {
    this.gateway.context.guard(() => this.client.end())
    this.gateway.context.guard(() => this.server.end())
    this.connection.closed()
    this.unread.tell()
  }

  private reader(from: 'client' | 'server'): LineReader {
    const read = (line: Buffer): void => {
      const messages = rpcMessagesOf(line)
      if (messages === undefined) {
        // A program that prints an empty line has said nothing.
        if (line.length > 256 || !BLANK.test(line.toString('latin1'))) this.unread.count('not JSON-RPC', from)
        return
      }
      for (const message of messages)
        if (from === 'client') this.connection.fromClient(message, line.length)
        else this.connection.fromServer(message)
    }
    return new LineReader(read, () => this.unread.count('too large', from))
  }
}
