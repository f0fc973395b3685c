/** Events of the benchmark: fourteen types in the proportions of a busy server, keys by Zipf's law, about 1,030 bytes each. */

const TYPES: readonly (readonly [type: string, weight: number])[] = [
  ['tool.call', 26],
  ['tool.result', 26],
  ['auth.token.validated', 18],
  ['http.request', 14],
  ['outbound.request', 6],
  ['authz.decision', 3],
  ['content.finding', 2],
  ['auth.challenge.sent', 1],
  ['server.heartbeat', 1],
  ['session.created', 1],
  ['tools.registry', 0.5],
  ['elicitation.requested', 0.5],
  ['server.started', 0.5],
  ['auditd.error', 0.5],
]
const EVENTS_PER_REQUEST = 3
const TOTAL = TYPES.reduce((sum, [, weight]) => sum + weight, 0)

/** A generator of its own, so that each run has the same events. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
const hex = (n: number, length: number): string =>
  Math.imul(n + 1, 2_654_435_761)
    .toString(16)
    .replace('-', 'a')
    .padStart(8, '5')
    .repeat(8)
    .slice(0, length)

export interface Mix {
  readonly count: number
  readonly only?: string
  readonly users?: number
  /** Skew of keys: 1 is Zipf, 0 uniform. */
  readonly skew?: number
}
/** NDJSON lines as bytes. Event time advances by about 5 ms; tokens and results carry what the real rules read. */
export function eventLines({ count, only, users = 2_000, skew = 1 }: Mix): Uint8Array[] {
  const next = random(7)
  const pick = (n: number): number => Math.floor(skew === 0 ? next() * n : n ** next() - 1) % n
  const encoder = new TextEncoder()
  const startMs = Date.UTC(2026, 10, 24)
  let user = 0
  let server = 0
  return Array.from({ length: count }, (_, i) => {
    const type = only ?? typeAt(next() * TOTAL)
    // The events of one request have one server and one caller.
    if (i % EVENTS_PER_REQUEST === 0) {
      user = pick(users)
      server = pick(20)
    }
    const time = new Date(startMs + i * 5).toISOString()
    const call = Math.floor(i / EVENTS_PER_REQUEST)
    const event: Record<string, unknown> = {
      eventType: type,
      eventId: `019aa5f0-0000-7000-8000-${hex(i, 12)}`,
      eventTime: `${time.slice(0, -1)}123456Z`,
      serverId: `mcp-${server}.example.com`,
      schemaVersion: 1,
      receivedAt: time,
      tenant: 'default',
      producerId: hex(user % 20, 32),
      producerSeq: i + 1,
      sdk: '@modelcontextprotocol/server',
      sdkVersion: '2.4.0',
      transport: 'http',
      era: user % 2 === 0 ? 'legacy' : 'modern',
      protocolVersion: '2026-07-28',
      requestUid: `019aa5f0-0000-7000-8001-${hex(call, 12)}`,
      traceId: hex(call, 32),
      spanId: hex(i, 16),
      principalKey: hex(user, 32),
      principalKind: 'user',
      clientKey: `https://client-${user % 7}.example/metadata.json`,
      sessionFp: user % 2 === 0 ? hex(user + 9_000, 32) : '',
      decision: next() < 0.02 ? 'deny' : 'allow',
      vantage: 'server',
      source: 'native',
      ...fieldsOf(type, user, startMs + i * 5, pick, next),
    }
    return encoder.encode(JSON.stringify(event))
  })
}
function typeAt(place: number): string {
  let rest = place
  for (const [type, weight] of TYPES) {
    rest -= weight
    if (rest <= 0) return type
  }
  return 'tool.call'
}

/** Of an hour, as access tokens are; renewed at the full hour. */
const TOKEN_SECONDS = 3_600

function fieldsOf(
  type: string,
  user: number,
  timeMs: number,
  pick: (n: number) => number,
  next: () => number,
): Record<string, unknown> {
  const tool = { toolName: `tool_${pick(40)}`, method: 'tools/call', definitionHash: hex(pick(40), 64) }
  switch (type) {
    case 'tool.call':
      return {
        ...tool,
        argsBytes: 100 + pick(900),
        ...(next() < 0.1 && { argHandles: [{ fp: hex(pick(200), 32), path: '/basket', policy: 'shared' }] }),
        argsHmac: hex(pick(900), 32),
        args: [{ path: '/path', type: 'string', length: 12, hmac: hex(pick(90), 32) }],
      }
    case 'tool.result':
      return {
        ...tool,
        outcome: 'ok',
        resultType: 'complete',
        ...(next() < 0.1 && { mintedHandles: [{ fp: hex(pick(200), 32), path: '/basket', policy: 'shared' }] }),
        bytes: 500 + pick(4_000),
        durationMs: 5 + 100 * next(),
        contentTypes: ['text'],
        contentHmac: hex(pick(900), 32),
      }
    case 'auth.token.validated': {
      // An accepted token is valid and its user’s own: a bench of expired or shared ones would measure attacks.
      const issuedAt = Math.floor(timeMs / 1_000 / TOKEN_SECONDS) * TOKEN_SECONDS
      return {
        scheme: 'bearer',
        tokenKind: 'jwt',
        iss: 'https://login.example.com/tenant/v2.0',
        aud: ['https://mcp.example.com'],
        expectedAud: ['https://mcp.example.com'],
        scopes: ['files:read', 'files:list'],
        expAt: issuedAt + TOKEN_SECONDS,
        issuedAt,
        tokenFp: hex(user + 20_000, 32),
        jtiKind: 'jti',
        joseAlg: 'ES256',
        joseTyp: 'at+jwt',
        keyKnown: true,
        signatureOk: true,
        ver: '2.0',
      }
    }
    case 'http.request':
      return {
        method: 'tools/list',
        verb: 'POST',
        status: 200,
        origin: 'https://app.example.com',
        host: 'mcp.example.com',
        headerCheck: 'ok',
        credentialLocation: 'header',
        processed: true,
        outcome: 'ok',
        sourceAddressFp: hex(pick(900), 32),
      }
    case 'outbound.request':
      return {
        destinationHost: `api-${pick(60)}.example`,
        pathClass: 'api',
        verb: 'GET',
        ipClass: 'public',
        credentialRelation: 'exchanged',
        status: 200,
        bytesOut: pick(2_000),
      }
    case 'authz.decision':
      return {
        resourceClass: 'tool',
        requiredScopes: ['files:read'],
        grantedScopes: ['files:read', 'files:list'],
        policyId: 'default',
      }
    case 'content.finding':
      return {
        surface: 'result',
        findingClass: pick(9) === 8 ? 'injection' : 'pii',
        hits: 1,
        score: next(),
        detector: 'lexical',
        detectorVersion: '1',
      }
    case 'tools.registry':
      return {
        registrySource: 'list',
        listHash: hex(1, 64),
        definitions: Array.from({ length: 4 }, (_, i) => ({
          name: `tool_${i}`,
          hash: hex(i, 64),
          descriptionHash: hex(i + 1, 64),
          inputHash: hex(i + 2, 64),
          nameKey: `tool${i}`,
        })),
      }
    case 'server.started':
      return { authRequired: false, bindAddress: '0.0.0.0:3000' }
    case 'server.heartbeat':
      return { eventsSent: pick(9_000), drops: 0 }
    default:
      return {}
  }
}
