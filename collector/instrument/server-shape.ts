/** The structure of servers and transports that observation relies on, the same in SDK v1 and v2; no SDK is imported. */

/** Structure common to McpServer and Server of SDK v1 and v2, all of it optional: what is missing is simply not observed. */
export interface ServerLike {
  connect?: (transport: TransportLike) => Promise<void>
  server?: ServerLike
  /** There while it is connected. */
  readonly transport?: TransportLike | undefined
  sendToolListChanged?: () => unknown
  sendPromptListChanged?: () => unknown
  sendResourceListChanged?: () => unknown
  _registeredTools?: Readonly<Record<string, RegisteredLike>>
  _registeredPrompts?: Readonly<Record<string, RegisteredLike>>
  _registeredResources?: Readonly<Record<string, RegisteredLike>>
  _registeredResourceTemplates?: Readonly<Record<string, RegisteredLike>>
  /** Its resource lists are made of the registrations, not by handlers of the author. */
  _resourceHandlersInitialized?: boolean
  _requestHandlers?: ReadonlyMap<string, (request: unknown, extra: unknown) => unknown>
  _serverInfo?: { readonly name?: string; readonly version?: string }
  _negotiatedWireCodec?: () => { readonly era?: string; encodeResult(method: string, result: unknown): unknown }
}
export interface TransportLike {
  sessionId?: string | undefined
  onmessage?: ((message: never, extra?: never) => void) | undefined
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  send(message: unknown, options?: unknown): Promise<void>
  start?(): Promise<void>
}
/** A registered tool, prompt, resource or resource template of an McpServer; each has some of these. */
export interface RegisteredLike {
  readonly name?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly argsSchema?: unknown
  readonly annotations?: unknown
  readonly metadata?: unknown
  readonly enabled?: boolean
  readonly _meta?: unknown
  readonly resourceTemplate?: { readonly uriTemplate?: unknown; readonly listCallback?: unknown }
  /** SDK v2: asked before dispatch whether the caller's scopes suffice. */
  readonly scopeChallenge?: unknown
}
