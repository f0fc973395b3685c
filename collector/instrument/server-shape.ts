/** The structure of servers and transports that observation relies on, the same in SDK v1 and v2; no SDK is imported. */

/** Structure common to McpServer and Server of SDK v1 and v2, all of it optional: what is missing is simply not observed. */
export interface ServerLike {
  connect?: (transport: TransportLike) => Promise<void>
  server?: ServerLike
  /** There while it is connected. */
  readonly transport?: TransportLike | undefined
  sendToolListChanged?: () => unknown
  _registeredTools?: Readonly<Record<string, RegisteredToolLike>>
  _requestHandlers?: ReadonlyMap<string, (request: unknown, extra: unknown) => unknown>
  _serverInfo?: { readonly name?: string; readonly version?: string }
  _negotiatedWireCodec?: () => { readonly era?: string; encodeResult(method: string, result: unknown): unknown }
}
export interface TransportLike {
  sessionId?: string | undefined
  onmessage?: ((message: never, extra?: never) => void) | undefined
  onclose?: (() => void) | undefined
  send(message: unknown, options?: unknown): Promise<void>
  start?(): Promise<void>
}
export interface RegisteredToolLike {
  readonly title?: unknown
  readonly description?: unknown
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly annotations?: unknown
  readonly enabled?: boolean
  readonly _meta?: unknown
}
