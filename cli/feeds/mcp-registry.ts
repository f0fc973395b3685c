/** The registry API of MCP servers (v0.1/servers), as the official registry and the data plane of API Center answer it. */
import { z } from 'zod'
import { failed, jsonOf, type Outside, type Reading } from './document.ts'

/** Newer registries wrap the server and put its state beside it; older ones do not. */
const entry = z.looseObject({
  name: z.string().optional(),
  server: z.looseObject({ name: z.string() }).optional(),
  _meta: z.record(z.string(), z.looseObject({ status: z.string().optional() }).or(z.unknown())).optional(),
})
const page = z.looseObject({
  servers: z.array(entry).max(10_000),
  metadata: z.looseObject({ nextCursor: z.string().nullish(), next_cursor: z.string().nullish() }).nullish(),
})
const PAGE = 100
const MAX_PAGES = 2_000

export interface RegisteredServers {
  /** Sorted, each once whatever its versions; deleted ones are not there. */
  readonly names: readonly string[]
  readonly deprecated: readonly string[]
}

export async function readRegistry(source: Outside, reading: Reading): Promise<RegisteredServers> {
  const base = (source.url ?? '').replace(/\/+$/, '').replace(/\/v0(\.1)?\/servers$/, '')
  const states = new Map<string, boolean>()
  let cursor: string | undefined
  const seen = new Set<string>()
  for (let number = 0; ; number++) {
    if (number >= MAX_PAGES) throw failed(source, `has more than ${MAX_PAGES} pages`)
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor !== undefined && { cursor }) })
    const { text } = await reading.get(`${base}/v0.1/servers?${query}`, 'application/json')
    const parsed = page.safeParse(jsonOf(source, text))
    if (!parsed.success) throw failed(source, `is no registry: ${parsed.error.issues[0]?.path.join('.')}`)
    for (const one of parsed.data.servers) {
      const name = one.server?.name ?? one.name
      const status = statusOf(one)
      if (name === undefined || status === 'deleted') continue
      // A server is deprecated when all of its versions are.
      states.set(name, (states.get(name) ?? true) && status === 'deprecated')
    }
    cursor = parsed.data.metadata?.nextCursor ?? parsed.data.metadata?.next_cursor ?? undefined
    if (cursor === undefined || cursor === '') break
    if (seen.has(cursor)) throw failed(source, 'repeats a page')
    seen.add(cursor)
  }
  const names = [...states.keys()].sort()
  return { names, deprecated: names.filter((name) => states.get(name)) }
}

function statusOf({ server, _meta: meta = {} }: z.infer<typeof entry>): string | undefined {
  for (const value of Object.values(meta)) {
    const status = (value as { status?: unknown } | null)?.status
    if (typeof status === 'string') return status
  }
  const own = server?.['status']
  return typeof own === 'string' ? own : undefined
}
