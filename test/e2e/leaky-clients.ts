/** Clients that carry secrets to instrumented servers over HTTP and stdio, and telemetry on its way to a service. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Client as ClientV2, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioClientV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { type AuditSink, auditTokenVerifier, instrumentMcpServer } from '../../collector/instrument/index.ts'
import type { Canaries } from '../fakes/canaries.ts'
import { elicited, type LeakyClient, leakyV1, leakyV2, misuse, sampled } from './leaky-servers.ts'

export const KEY = Buffer.alloc(32, 5).toString('base64')

export const send = async (otlpUrl: string, path: 'logs' | 'traces', body: unknown): Promise<number> =>
  (
    await fetch(`${otlpUrl}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).status
/** Events as OTLP log records, as our own exporter would send them. */
export const asLogs = (events: readonly object[]) => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'careless' } }] },
      scopeLogs: [
        {
          scope: { name: 'careless' },
          logRecords: events.map((event) => ({
            timeUnixNano: `${Date.now()}000000`,
            eventName: `mcp_audit.${(event as { eventType: string }).eventType}`,
            body: { stringValue: JSON.stringify(event) },
          })),
        },
      ],
    },
  ],
})

/** Both SDKs' clients against both SDKs' servers, over HTTP in this process. */
export async function overHttp(canaries: Canaries, sink: AuditSink): Promise<void> {
  const options = { sink, serverId: 'leaky-http', keys: KEY, authRequired: true }
  const verifier = auditTokenVerifier(
    {
      async verifyAccessToken(token: string) {
        if (token !== canaries.accessJwt && token !== canaries.accessToken)
          throw new Error(`no such token: ${token}, ${canaries.refreshToken}`)
        return { token, clientId: canaries.clientSecret, scopes: ['a'], extra: { sub: canaries.sessionId } }
      },
    },
    options,
  )
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => canaries.sessionId })
  await instrumentMcpServer(leakyV1(canaries), options).connect(transport as never)
  const handler = createMcpHandler(instrumentMcpServer(() => leakyV2(canaries), options))
  const modern = toNodeHandler(handler)
  const server = createServer(async (request, response) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    const auth = await verifier.verifyAccessToken(token).catch(() => undefined)
    if (auth === undefined) return void response.writeHead(401).end()
    Object.assign(request, { auth })
    if (request.url?.startsWith('/v2')) await modern(request as never, response)
    else await transport.handleRequest(request as never, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = (path: string) =>
    new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}?access_token=${canaries.queryToken}`)
  const headers = {
    cookie: `sid=${canaries.cookie}`,
    origin: `https://${canaries.stateHandle}.example`,
    'last-event-id': canaries.taskId,
    'user-agent': canaries.apiKey,
    'x-api-key': canaries.apiKey,
  }
  const given = (token: string) => ({ requestInit: { headers: { ...headers, authorization: `Bearer ${token}` } } })
  await fetch(address('mcp'), { method: 'POST', headers: { authorization: `Bearer ${canaries.code}` } })
  const first = clientV1(canaries)
  await first.connect(new HttpClientV1(address('mcp'), given(canaries.accessJwt)) as never)
  await misuse(first as unknown as LeakyClient, canaries)
  await first.close()
  const second = clientV2(canaries)
  await second.connect(new HttpClientV2(address('v2'), given(canaries.accessToken)))
  await misuse(second as unknown as LeakyClient, canaries)
  await second.close()
  await handler.close()
  await new Promise((resolve) => server.close(resolve).closeAllConnections())
  if (!(await sink.flush())) throw new Error('not everything was sent')
}
function clientV1(canaries: Canaries): ClientV1 {
  const capabilities = { sampling: {}, elicitation: {} }
  const client = new ClientV1({ name: canaries.clientSecret, version: canaries.code }, { capabilities })
  client.setRequestHandler(ElicitRequestSchema, () => elicited(canaries))
  client.setRequestHandler(CreateMessageRequestSchema, () => sampled(canaries))
  return client
}
function clientV2(canaries: Canaries): ClientV2 {
  const options = {
    capabilities: { elicitation: { form: {} } },
    versionNegotiation: { mode: 'auto' as const },
  }
  const client = new ClientV2({ name: canaries.clientSecret, version: canaries.code }, options)
  client.setRequestHandler('elicitation/create', () => elicited(canaries))
  return client
}

/** Spawned servers that report by themselves. `spool`: where they keep what they cannot send, and they are killed at the end. */
export async function overStdio(canaries: Canaries, otlpUrl: string, spool?: string): Promise<void> {
  const command = (sdk: string) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'leaky-servers.ts'), sdk],
    env: {
      PATH: process.env['PATH'] ?? '',
      CANARIES: JSON.stringify(canaries),
      MCP_AUDIT_OTLP_ENDPOINT: otlpUrl,
      MCP_AUDIT_KEY: KEY,
      ...(spool !== undefined && { MCP_AUDIT_SPOOL: spool }),
    },
  })
  const end = async (client: { close(): Promise<void> }, { pid }: { readonly pid: number | null }): Promise<void> => {
    if (spool !== undefined) process.kill(pid!, 'SIGKILL')
    await client.close()
  }
  const first = clientV1(canaries)
  const firstServer = new StdioClientV1({ ...command('v1'), stderr: 'ignore' })
  await first.connect(firstServer as never)
  await misuse(first as unknown as LeakyClient, canaries)
  await end(first, firstServer)
  const second = clientV2(canaries)
  const secondServer = new StdioClientV2({ ...command('v2'), stderr: 'ignore' })
  await second.connect(secondServer)
  await misuse(second as unknown as LeakyClient, canaries)
  await end(second, secondServer)
}
