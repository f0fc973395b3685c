/** The real MCP clients of SDK v1 and v2, with one count of every tools/call that leaves them. */
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

export type Arguments = Readonly<Record<string, unknown>>
export interface DemoClient {
  /** Legacy era over HTTP only. */
  readonly sessionId: string | undefined
  /** The token of the next requests; undefined sends none. */
  present(token: string | undefined): void
  /** Structured content of the answer; throws what the client throws. */
  call(tool: string, args?: Arguments): Promise<Arguments>
  tools(): Promise<string[]>
  close(): Promise<void>
}
/** A round of a multi-round-trip call by hand: what a client does that keeps, or was given, the state of a call. */
export interface ModernClientByHand extends DemoClient {
  /** One tools/call without answering what the server asks back; its requestState. */
  begin(tool: string, args: Arguments): Promise<string>
  /** The next round, with a state, and yes to everything. */
  resume(tool: string, args: Arguments, requestState: string): Promise<Arguments>
}
/** Counts at the client: each JSON-RPC request, each round of a multi-round-trip call. */
export class SentCounter {
  #sent = 0
  get sent(): number {
    return this.#sent
  }
  /** Count what a transport sends from now on. */
  watch<T extends { send(...sent: never[]): Promise<void> }>(transport: T): T {
    const send = transport.send.bind(transport) as (...sent: unknown[]) => Promise<void>
    transport.send = ((message: unknown, ...rest: unknown[]) => {
      for (const one of [message].flat()) if ((one as { method?: unknown }).method === 'tools/call') this.#sent++
      return send(message, ...rest)
    }) as T['send']
    return transport
  }
}

const NAME = { name: 'demo-desk', version: '3.2.0' }
/** Structured content, else the content parts: as far as the demo reads an answer of either SDK. */
function facts(answer: object): Arguments {
  const { structuredContent, content } = answer as { structuredContent?: Arguments; content?: unknown }
  return structuredContent ?? { content }
}

interface HttpOptions {
  readonly token: string | undefined
  /** Join a session that exists, without `initialize`: what a thief of a session id does. */
  readonly sessionId?: string
}

/** SDK v1 over Streamable HTTP: initialize, session, sessions end with DELETE. */
export async function connectLegacyHttp(url: URL, counter: SentCounter, options: HttpOptions): Promise<DemoClient> {
  let token = options.token
  const transport = new LegacyHttp(url, {
    ...(options.sessionId === undefined ? {} : { sessionId: options.sessionId }),
    fetch: (address, init) => {
      const headers = new Headers(init?.headers)
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
      return fetch(address, { ...init, headers })
    },
  })
  const client = new LegacyClient(NAME)
  await client.connect(counter.watch(transport) as Parameters<LegacyClient['connect']>[0])
  return {
    get sessionId() {
      return transport.sessionId
    },
    present: (next) => {
      token = next
    },
    call: async (name, args = {}) => facts(await client.callTool({ name, arguments: { ...args } })),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: async () => {
      // Who joined a session leaves it alone; who opened it ends it.
      if (options.sessionId === undefined) await transport.terminateSession().catch(() => undefined)
      await client.close()
    },
  }
}

/** SDK v2, protocol 2026-07-28: no session; the user answers yes to whatever the server asks back. */
export async function connectModernHttp(
  url: URL,
  counter: SentCounter,
  options: HttpOptions,
): Promise<ModernClientByHand> {
  let token = options.token
  const transport = new ModernHttp(url, { authProvider: { token: async () => token } })
  const client = new ModernClient(NAME, {
    capabilities: { elicitation: { form: {} } },
    versionNegotiation: { mode: { pin: '2026-07-28' } },
  })
  const yes = { action: 'accept' as const, content: { publish: true } }
  client.setRequestHandler('elicitation/create', async () => yes)
  await client.connect(counter.watch(transport))
  return {
    sessionId: undefined,
    present: (next) => {
      token = next
    },
    call: async (name, args = {}) => facts(await client.callTool({ name, arguments: { ...args } })),
    async begin(name, args) {
      const asked = await client.callTool({ name, arguments: { ...args } }, { allowInputRequired: true })
      return String((asked as { requestState?: unknown }).requestState)
    },
    async resume(name, args, requestState) {
      // The SDK sends these two fields and does not type them: its own retries go another way.
      const retry = { name, arguments: { ...args }, inputResponses: { publish: yes }, requestState }
      return facts(await client.callTool(retry as Parameters<typeof client.callTool>[0]))
    },
    // The list may be cached by the client; a person who reloads asks the server.
    tools: async () => (await client.listTools({}, { cacheMode: 'refresh' })).tools.map((tool) => tool.name),
    close: () => client.close(),
  }
}

export interface StdioCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A local server over stdio, started by the client of SDK v1 or v2; no identity but the operating system's user. */
export async function connectStdio(sdk: 'v1' | 'v2', start: StdioCommand, counter: SentCounter): Promise<DemoClient> {
  const parameters = { command: start.command, args: [...start.args], env: { ...start.env }, stderr: 'ignore' as const }
  const client = sdk === 'v1' ? new LegacyClient(NAME) : new ModernClient(NAME)
  if (client instanceof LegacyClient)
    await client.connect(counter.watch(new LegacyStdio(parameters)) as Parameters<LegacyClient['connect']>[0])
  else await client.connect(counter.watch(new ModernStdio(parameters)))
  return {
    sessionId: undefined,
    present: () => undefined,
    call: async (name, args = {}) => facts(await client.callTool({ name, arguments: { ...args } })),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    close: () => client.close(),
  }
}
