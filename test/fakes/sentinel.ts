/**
 * The Logs Ingestion API with a data collection rule, as documented. Stricter in one thing: a column that the rule does not declare, or of
 * another type, is lost silently there, and refused here with 400.
 */
import { readFileSync } from 'node:fs'
import { AUDIENCE, FakeEntra } from './entra.ts'
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

export const RULE_ID = `dcr-${'0a'.repeat(16)}`
export const CALL_BYTES = 1_048_576
export const FIELD_BYTES = 65_536
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

interface Declared {
  readonly name: string
  readonly type: string
}
/** Streams as the template that is deployed declares them. */
const deployed = JSON.parse(
  readFileSync(new URL('../../deploy/sentinel/columns.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { readonly stream: readonly Declared[] }>>
export type StoredRow = Readonly<Record<string, unknown>> & { readonly TimeGenerated: string }

export class FakeSentinel {
  readonly server: WebhookServer
  readonly entra: FakeEntra
  /** Rows of each table, repeats included: the service knows none. */
  readonly tables = new Map<string, StoredRow[]>(Object.keys(deployed).map((table) => [table, []]))
  /** The role on the rule. */
  hasRole = true
  maxBytes = CALL_BYTES
  perMinute = { requests: 12_000, bytes: 2 * 1024 ** 3 }
  /** A row whose JSON holds this is refused with 400, and the call with it. */
  poison: string | undefined
  /** Bytes of fields that were cut silently. */
  truncated = 0
  readonly #nowMs: () => number
  #minute = { startMs: 0, requests: 0, bytes: 0 }

  private constructor(server: WebhookServer, entra: FakeEntra, nowMs: () => number) {
    this.server = server
    this.entra = entra
    this.#nowMs = nowMs
  }
  static async start(nowMs: () => number = Date.now): Promise<FakeSentinel> {
    let sentinel: FakeSentinel
    const server = await WebhookServer.start((request) => sentinel.answer(request))
    sentinel = new FakeSentinel(server, await FakeEntra.start(nowMs), nowMs)
    return sentinel
  }
  get url(): string {
    return `http://127.0.0.1:${this.server.port}`
  }
  rows(table: string): readonly StoredRow[] {
    return this.tables.get(table)!
  }
  async close(): Promise<void> {
    await Promise.all([this.server.close(), this.entra.close()])
  }

  answer(request: Received): Reply {
    const url = new URL(request.path, this.url)
    const path = /^\/dataCollectionRules\/([^/]+)\/streams\/([^/]+)$/.exec(url.pathname)
    if (path === null || request.method !== 'POST') return refused(404, 'NotFound')
    if (url.searchParams.get('api-version') !== '2023-01-01') return refused(400, 'InvalidApiVersion')
    const token = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1] ?? ''
    if (!this.entra.takes(token, AUDIENCE)) return refused(401, 'InvalidAuthenticationToken')
    if (path[1] !== RULE_ID) return refused(404, 'InvalidDcrImmutableId')
    if (!this.hasRole) return refused(403, 'OperationFailed')
    const table = decodeURIComponent(path[2]!).replace(/^Custom-/, '')
    const declared = deployed[table]?.stream
    if (declared === undefined || !path[2]!.startsWith('Custom-')) return refused(400, 'InvalidStream')
    if (request.headers['content-type'] !== 'application/json') return refused(415, 'UnsupportedMediaType')
    const bytes = Buffer.byteLength(request.body)
    if (bytes > this.maxBytes) return refused(413, 'ContentLengthLimitExceeded')
    const limited = this.#limited(bytes)
    return limited ?? this.#take(table, declared, request.body)
  }

  #limited(bytes: number): Reply | undefined {
    const nowMs = this.#nowMs()
    if (nowMs - this.#minute.startMs >= MINUTE_MS) this.#minute = { startMs: nowMs, requests: 0, bytes: 0 }
    this.#minute.requests++
    this.#minute.bytes += bytes
    if (this.#minute.requests <= this.perMinute.requests && this.#minute.bytes <= this.perMinute.bytes) return undefined
    const seconds = Math.ceil((this.#minute.startMs + MINUTE_MS - nowMs) / 1000)
    return { ...refused(429, 'RateLimitExceeded'), headers: { 'retry-after': String(seconds) } }
  }

  #take(table: string, declared: readonly Declared[], body: string): Reply {
    const rows = parsed(body)
    if (!Array.isArray(rows)) return refused(400, 'InvalidRequestBody')
    const types = new Map(declared.map(({ name, type }) => [name, type]))
    for (const row of rows as unknown[]) {
      if (typeof row !== 'object' || row === null || Array.isArray(row)) return refused(400, 'InvalidRow')
      for (const [name, value] of Object.entries(row))
        if (!isOf(types.get(name), value)) return refused(400, 'InvalidRow')
      if (this.poison !== undefined && JSON.stringify(row).includes(this.poison)) return refused(400, 'InvalidRow')
    }
    for (const row of rows as Record<string, unknown>[]) this.tables.get(table)!.push(this.#stored(row))
    return { status: 204, body: '' }
  }

  /** What stands in the table: long fields cut without a word, a time too far away replaced by that of receipt. */
  #stored(row: Readonly<Record<string, unknown>>): StoredRow {
    const nowMs = this.#nowMs()
    const eventMs = Date.parse(String(row['EventTime']))
    const isNear = eventMs > nowMs - 2 * DAY_MS && eventMs < nowMs + DAY_MS
    const fields = Object.entries(row).map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      if (Buffer.byteLength(text) <= FIELD_BYTES) return [name, value] as const
      this.truncated += Buffer.byteLength(text) - FIELD_BYTES
      return [name, Buffer.from(text).subarray(0, FIELD_BYTES).toString('utf8')] as const
    })
    return { ...Object.fromEntries(fields), TimeGenerated: new Date(isNear ? eventMs : nowMs).toISOString() }
  }
}

function isOf(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string' && value.isWellFormed()
    case 'datetime':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$/.test(value)
    case 'int':
      return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31
    case 'long':
      return Number.isSafeInteger(value)
    case 'real':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'dynamic':
      return typeof value === 'object'
    default:
      return false
  }
}
const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
const refused = (status: number, code: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { code, message: `refused: ${code}` } }),
})

const STREAM = 'Custom-McpDetection_CL'
const ROW = { AlertUid: 'a', EventTime: '2026-10-01T10:00:00Z', Revision: 1 }
async function refuses(
  status: number,
  body: unknown,
  over: {
    readonly set?: (sentinel: FakeSentinel) => void
    readonly stream?: string
    readonly rule?: string
    readonly version?: string
    readonly audience?: string
    readonly lateMs?: number
  } = {},
): Promise<boolean> {
  let nowMs = Date.parse('2026-10-01T10:00:00Z')
  const sentinel = await FakeSentinel.start(() => nowMs)
  const { entra } = sentinel
  try {
    entra.audiences = [AUDIENCE, 'https://management.azure.com']
    const asked = await fetch(
      `${entra.url}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${over.audience ?? AUDIENCE}`,
      { headers: { metadata: 'true' } },
    )
    const { access_token: token } = (await asked.json()) as { access_token: string }
    over.set?.(sentinel)
    nowMs += over.lateMs ?? 0
    const path = `/dataCollectionRules/${over.rule ?? RULE_ID}/streams/${over.stream ?? STREAM}`
    const answer = await fetch(`${sentinel.url}${path}?api-version=${over.version ?? '2023-01-01'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return answer.status === status
  } finally {
    await sentinel.close()
  }
}
export const selftest: readonly Refusal[] = [
  { name: '1 MB and one byte', refuses: () => refuses(413, JSON.stringify([ROW]).padEnd(CALL_BYTES + 1)) },
  { name: 'an expired token', refuses: () => refuses(401, [ROW], { lateMs: 3_600_000 }) },
  {
    name: 'a token for another audience',
    refuses: () => refuses(401, [ROW], { audience: 'https://management.azure.com' }),
  },
  {
    name: 'an identity without the role',
    refuses: () => refuses(403, [ROW], { set: (fake) => (fake.hasRole = false) }),
  },
  { name: 'another rule', refuses: () => refuses(404, [ROW], { rule: `dcr-${'ff'.repeat(16)}` }) },
  { name: 'a stream that is not declared', refuses: () => refuses(400, [ROW], { stream: 'Custom-Other_CL' }) },
  { name: 'another API version', refuses: () => refuses(400, [ROW], { version: '2021-11-01' }) },
  { name: 'an object where an array is due', refuses: () => refuses(400, ROW) },
  { name: 'a column that is not declared', refuses: () => refuses(400, [{ ...ROW, Surprise: 'x' }]) },
  { name: 'a column of another type', refuses: () => refuses(400, [{ ...ROW, Revision: 'one' }]) },
  {
    name: 'more than 12,000 requests a minute',
    refuses: () => refuses(429, [ROW], { set: (fake) => (fake.perMinute = { ...fake.perMinute, requests: 0 }) }),
  },
  {
    name: 'more than 2 GB a minute',
    refuses: () => refuses(429, [ROW], { set: (fake) => (fake.perMinute = { ...fake.perMinute, bytes: 10 }) }),
  },
]
