/** A connection that is seen on the wire: messages that pass by, fed to the same observation as inside a server. */
import { Connection } from '../instrument/messages/connection.ts'
import type { MessageExtra, Request, RpcMessage, Transport } from '../instrument/messages/request.ts'
import type { ServerRegistry } from '../instrument/registry/registry.ts'
import type { TransportLike } from '../instrument/server-shape.ts'
import type { Gateway } from './gateway-context.ts'
import { lighten } from './rpc-text.ts'

const SERVER_INFO = 'io.modelcontextprotocol/serverInfo'

export class WireConnection {
  private readonly gateway: Gateway
  private readonly connection: Connection
  private readonly transport: TransportLike

  constructor(gateway: Gateway, registry: ServerRegistry, kind: Transport) {
    this.gateway = gateway
    this.transport = { send: async () => undefined }
    this.connection = new Connection(gateway.context, registry, this.transport, kind, undefined)
  }

  get sessionId(): string | undefined {
    return this.transport.sessionId
  }
  /** To be said before the request that it came with. */
  set sessionId(id: string | undefined) {
    this.transport.sessionId = id
  }

  /** `bytes`: size of the message. The request that it opened, if it did. Never throws. */
  fromClient(message: RpcMessage, bytes: number, extra?: MessageExtra): Request | undefined {
    let request: Request | undefined
    this.gateway.context.guard(() => {
      request = this.connection.received(message, extra)
    })
    this.gateway.context.guard(() => lighten(message, bytes))
    return request
  }

  /** `relatedId`: the request in whose stream it came, where that is known. Never throws. */
  fromServer(message: RpcMessage, relatedId?: string | number): void {
    this.gateway.context.guard(() => this.readServerInfo(message.result))
    const options = relatedId === undefined ? undefined : { relatedRequestId: relatedId }
    this.gateway.context.guard(() => this.connection.sending(message, options))
  }

  /** Nobody waits for this answer any more; one that has come already is not changed. */
  gaveUp(id: string | number): void {
    const message = { method: 'notifications/cancelled', params: { requestId: id } }
    this.gateway.context.guard(() => this.connection.received(message, undefined))
  }

  closed(): void {
    this.gateway.context.guard(() => this.connection.closed())
  }

  /** In the answer to initialize, or in the `_meta` of any answer of the modern era. Claimed, as everything a server says of itself. */
  private readServerInfo(result: unknown): void {
    if (result === null || typeof result !== 'object') return
    const { serverInfo, _meta } = result as { serverInfo?: unknown; _meta?: Readonly<Record<string, unknown>> | null }
    const info = (serverInfo ?? _meta?.[SERVER_INFO]) as { name?: unknown; version?: unknown } | null | undefined
    if (info === null || typeof info !== 'object' || typeof info.name !== 'string') return
    this.gateway.named(info.name, typeof info.version === 'string' ? info.version : undefined)
  }
}
