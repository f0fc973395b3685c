/**
 * Events as a busy tenant makes them, from a seed: 40 servers, legacy sessions and modern requests, calls with arguments and results,
 * tokens, requests, now and then a registry. Ids and keyed hashes are random, as they are in life: they do not compress.
 */
import { createHash } from 'node:crypto'
import type { AuditEvent } from '../../schemas/event.ts'

/** Small deterministic generator (mulberry32): benches must repeat. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
const START_MS = Date.UTC(2026, 10, 24)
const TOOLS = [
  'search',
  'read_file',
  'write_file',
  'run_query',
  'send_mail',
  'list_issues',
  'create_issue',
  'fetch',
  'echo',
]

export function* realisticEvents(count: number, seed = 1): Generator<AuditEvent> {
  const random = generator(seed)
  const below = (n: number) => Math.floor(random() * n)
  const hex = (digits: number) =>
    Array.from({ length: digits / 8 }, () =>
      below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  const stable = (text: string, digits: number) => createHash('sha256').update(text).digest('hex').slice(0, digits)
  const uuid = (ms: number) => {
    const time = ms.toString(16).padStart(12, '0')
    const rest = hex(24)
    return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`
  }
  const sequences = new Map<number, number>()
  let ms = START_MS
  let made = 0
  while (made < count) {
    ms += below(20)
    const server = Math.floor(40 * random() ** 2)
    const user = Math.floor(400 * random() ** 2)
    const legacy = server % 3 !== 0
    const tool = TOOLS[below(TOOLS.length)]!
    const request = uuid(ms)
    const event = (eventType: string, atMs: number, fields: Record<string, unknown>): AuditEvent => {
      const seq = (sequences.get(server) ?? 0) + 1
      sequences.set(server, seq)
      return {
        eventType,
        eventId: uuid(atMs),
        eventTime: new Date(atMs).toISOString().replace('Z', `${String(below(1_000_000)).padStart(6, '0')}Z`),
        receivedAt: new Date(atMs + 2 + below(8)).toISOString(),
        serverId: `mcp-server-${server}`,
        tenant: 'acme',
        schemaVersion: 1,
        producerId: stable(`producer${server}`, 32),
        producerSeq: seq,
        sdk: '@modelcontextprotocol/sdk',
        sdkVersion: legacy ? '1.32.2' : '2.4.0',
        integrationVersion: '0.1.0',
        serverName: `server ${server}`,
        serverVersion: `1.${server % 5}.0`,
        transport: 'http',
        era: legacy ? 'legacy' : 'modern',
        protocolVersion: legacy ? '2025-11-25' : '2026-07-28',
        requestUid: request,
        logicalCallId: request,
        principalKey: stable(`user${user}`, 32),
        principalKind: user % 10 === 0 ? 'workload' : 'user',
        tenantKey: stable('idp', 32),
        clientKey: `client-${user % 12}`,
        clientKind: 'prereg',
        clientName: ['claude-desktop', 'cursor', 'vscode'][user % 3],
        clientVersion: '1.4.2',
        ...(legacy ? { sessionFp: stable(`session${server}/${user}/${Math.floor(ms / 3_600_000)}`, 32) } : {}),
        correlationKey: stable(`session${server}/${user}/${legacy ? Math.floor(ms / 3_600_000) : ''}`, 32),
        sourceAddressFp: stable(`address${user % 150}`, 32),
        addressClass: 'private',
        decision: 'allow',
        vantage: 'server',
        source: 'native',
        captureLevel: 'shape',
        ...fields,
      } as unknown as AuditEvent
    }
    const trace = { traceId: hex(32), spanId: hex(16) }
    const call = { method: 'tools/call', toolName: tool, definitionHash: stable(`def${server}/${tool}`, 64) }
    const args = Array.from({ length: 1 + below(3) }, (_, i) => ({
      path: `$.${['query', 'path', 'limit', 'body'][i]}`,
      type: 'string',
      length: below(200),
      hmac: hex(32),
    }))
    const roll = random()
    if (roll < 0.1) {
      yield event('auth.token.validated', ms, {
        method: 'tools/call',
        scheme: 'bearer',
        tokenKind: 'jwt',
        iss: 'https://login.example/acme',
        aud: [`https://mcp-server-${server}.example`],
        expectedAud: [`https://mcp-server-${server}.example`],
        scopes: ['read', 'write'].slice(0, 1 + (user % 2)),
        expAt: Math.floor(ms / 1000) + 3600,
        issuedAt: Math.floor(ms / 1000),
        tokenFp: stable(`token${user}/${Math.floor(ms / 3_600_000)}`, 32),
        jtiKind: 'jti',
        joseAlg: 'RS256',
        signatureOk: true,
      })
      made += 1
    } else if (roll < 0.3) {
      yield event('http.request', ms, {
        ...trace,
        method: 'tools/list',
        verb: 'POST',
        status: 200,
        outcome: 'ok',
        durationMs: below(900) / 100,
        processed: true,
      })
      made += 1
    } else {
      const failed = random() < 0.03
      yield event('tool.call', ms, {
        ...trace,
        ...call,
        jsonrpcIdHash: hex(32),
        args,
        argsHmac: hex(64),
        argsBytes: 40 + below(900),
        round: 1,
      })
      yield event('tool.result', ms + 1 + below(400), {
        ...trace,
        ...call,
        jsonrpcIdHash: hex(32),
        outcome: failed ? 'tool_error' : 'ok',
        durationMs: below(400_000) / 1000,
        resultType: 'complete',
        isError: failed,
        bytes: 100 + below(4000),
        parts: 1,
        contentTypes: ['text'],
        contentHmac: hex(64),
        round: 1,
      })
      made += 2
    }
  }
}
