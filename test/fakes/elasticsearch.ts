/** Elasticsearch's bulk API as documented: per-document results, dynamic mappings that conflict, and the values ECS allows. */
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

export const API_KEY = 'bXktaWQ6bXkta2V5'
/** Longest term of Lucene, bytes of UTF-8: a keyword beyond it refuses the document. */
const LONGEST_TERM = 32_766
const MOST_FIELDS = 1_000
/** `http.max_content_length`. */
export const MOST_BYTES = 100 * 1024 * 1024

/** https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-category: which types go with which category. */
const ECS_TYPES: Readonly<Record<string, readonly string[]>> = {
  api: ['access', 'admin', 'allowed', 'change', 'creation', 'deletion', 'denied', 'end', 'info', 'start', 'user'],
  authentication: ['start', 'end', 'info'],
  configuration: ['access', 'change', 'creation', 'deletion', 'info'],
  iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
  intrusion_detection: ['allowed', 'denied', 'info'],
  process: ['access', 'change', 'end', 'info', 'start'],
  session: ['start', 'end', 'info'],
  threat: ['indicator'],
}
const ECS_KINDS = ['alert', 'asset', 'enrichment', 'event', 'metric', 'pipeline_error', 'signal', 'state']
const ECS_OUTCOMES = ['success', 'failure', 'unknown']

type Document = Readonly<Record<string, unknown>>
type Failure = { readonly status: number; readonly type: string; readonly reason: string }

export class FakeElasticsearch {
  readonly server: WebhookServer
  readonly documents = new Map<string, Document>()
  /** Ids in the order in which they were written. */
  readonly order: string[] = []
  /** Documents that came again and were answered 409. */
  conflicts = 0
  maxBytes = MOST_BYTES
  /** So many documents of the next requests find the queue full. */
  fullQueue = 0
  /** Reads ECS strictly: the index has Elastic's own mappings. */
  ecs = true
  blocked = false
  readonly #fields = new Map<string, string>()

  private constructor(server: WebhookServer) {
    this.server = server
  }
  static async start(): Promise<FakeElasticsearch> {
    let fake: FakeElasticsearch
    const server = await WebhookServer.start((request) => fake.answer(request))
    fake = new FakeElasticsearch(server)
    return fake
  }
  get url(): string {
    return `http://127.0.0.1:${this.server.port}`
  }

  answer(request: Received): Reply {
    const url = new URL(request.path, 'http://fake')
    if (url.pathname !== '/_bulk') return failed(404, 'invalid_index_name_exception', 'no handler')
    if (request.method !== 'POST' && request.method !== 'PUT') return failed(405, 'method_not_allowed', request.method)
    if (request.headers['authorization'] !== `ApiKey ${API_KEY}`)
      return failed(401, 'security_exception', 'unable to authenticate')
    if (Buffer.byteLength(request.body) > this.maxBytes) return { status: 413, body: '' }
    if (!/^application\/(x-ndjson|json)\b/.test(request.headers['content-type'] ?? ''))
      return failed(406, 'media_type_header_exception', 'Content-Type header is not supported')
    if (request.body === '') return failed(400, 'parse_exception', 'request body is required')
    if (!request.body.endsWith('\n'))
      return failed(400, 'illegal_argument_exception', 'The bulk request must be terminated by a newline [\\n]')
    const lines = request.body.slice(0, -1).split('\n')
    const actions: { index: string; id: string; source: string }[] = []
    for (let at = 0; at < lines.length; at += 2) {
      const action = createOf(lines[at]!)
      if (action === undefined || lines[at + 1] === undefined)
        return failed(400, 'illegal_argument_exception', 'Malformed action/metadata line')
      actions.push({ ...action, source: lines[at + 1]! })
    }
    const items = actions.map((action) => this.#create(action))
    const errors = items.some(({ status }) => status >= 300)
    const filtered = items.map(({ status, type }) => ({
      create: { status, ...(type === '' ? {} : { error: { type } }) },
    }))
    const full = items.map(({ status, type, reason }, at) => ({
      create: {
        _index: actions[at]!.index,
        _id: actions[at]!.id,
        status,
        ...(type === '' ? {} : { error: { type, reason } }),
      },
    }))
    const body = { errors, items: url.searchParams.has('filter_path') ? filtered : full }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  }

  #create({ index, id, source }: { index: string; id: string; source: string }): Failure {
    if (Buffer.byteLength(id) > 512) return bad('illegal_argument_exception', 'id is too long')
    if (this.blocked) return { status: 403, type: 'cluster_block_exception', reason: 'read-only' }
    if (this.fullQueue > 0) {
      this.fullQueue--
      return { status: 429, type: 'es_rejected_execution_exception', reason: 'rejected execution' }
    }
    const uid = `${index}/${id}`
    if (this.documents.has(uid)) {
      this.conflicts++
      return { status: 409, type: 'version_conflict_engine_exception', reason: 'document already exists' }
    }
    let document: unknown
    try {
      document = JSON.parse(source)
    } catch {
      return bad('document_parsing_exception', 'failed to parse')
    }
    if (!isObject(document)) return bad('document_parsing_exception', 'not an object')
    if (!source.isWellFormed() || /\\ud[89ab]/i.test(source) !== /\\ud[c-f]/i.test(source))
      return bad('document_parsing_exception', 'unmatched surrogate')
    const { '@timestamp': at } = document
    if (typeof at !== 'string' || !/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(at))
      return bad('document_parsing_exception', 'data stream timestamp field [@timestamp] is missing')
    const refused = this.#mapped(index, document) ?? (this.ecs ? ecsRefusal(document) : undefined)
    if (refused !== undefined) return refused
    this.documents.set(uid, document)
    this.order.push(id)
    return { status: 201, type: '', reason: '' }
  }

  /** Dynamic mapping: the first value of a field decides its kind, and a document of another kind is refused. */
  #mapped(index: string, value: unknown, path = ''): Failure | undefined {
    if (Array.isArray(value)) {
      for (const one of value) {
        const refused = this.#mapped(index, one, path)
        if (refused !== undefined) return refused
      }
      return undefined
    }
    if (isObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        if (name.trim() === '' || name.split('.').some((part) => part.trim() === ''))
          return bad('document_parsing_exception', 'field name cannot be blank')
        const refused = this.#mapped(index, inner, path === '' ? name : `${path}.${name}`)
        if (refused !== undefined) return refused
      }
      return path === '' ? undefined : this.#kind(index, path, 'object')
    }
    if (value === null) return undefined
    if (typeof value === 'string' && Buffer.byteLength(value) > LONGEST_TERM)
      return bad('illegal_argument_exception', 'Document contains at least one immense term')
    return this.#kind(index, path, typeof value === 'number' ? 'long' : typeof value === 'boolean' ? 'boolean' : 'text')
  }

  #kind(index: string, path: string, kind: string): Failure | undefined {
    const known = this.#fields.get(`${index}/${path}`)
    if (known === undefined) {
      if (this.#fields.size >= MOST_FIELDS) return bad('illegal_argument_exception', 'Limit of total fields [1000]')
      this.#fields.set(`${index}/${path}`, kind)
      return undefined
    }
    if (known === kind || (known === 'text' && kind !== 'object')) return undefined
    return bad('document_parsing_exception', `failed to parse field [${path}] of type [${known}]`)
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

/** What Elastic's own mappings and its detection engine expect; a shipper that is checked against ECS fails on the same. */
function ecsRefusal(document: Document): Failure | undefined {
  const event = document['event']
  if (!isObject(event)) return undefined
  const { kind, category, type, outcome, severity } = event
  const wrong = (field: string) => bad('document_parsing_exception', `[event.${field}] is not allowed by ECS`)
  if (!ECS_KINDS.includes(String(kind))) return wrong('kind')
  if (outcome !== undefined && !ECS_OUTCOMES.includes(String(outcome))) return wrong('outcome')
  if (severity !== undefined && !Number.isInteger(severity)) return wrong('severity')
  if (!Array.isArray(category) || !Array.isArray(type)) return wrong('category')
  for (const one of category) {
    const allowed = ECS_TYPES[String(one)]
    if (allowed === undefined) return wrong('category')
    if (!type.every((kindOf) => allowed.includes(String(kindOf)))) return wrong('type')
  }
  return undefined
}

function createOf(line: string): { index: string; id: string } | undefined {
  try {
    const action: unknown = JSON.parse(line)
    if (!isObject(action) || Object.keys(action).length !== 1 || !isObject(action['create'])) return undefined
    const { _index: index, _id: id } = action['create']
    return typeof index === 'string' && /^[a-z0-9][a-z0-9._-]*$/.test(index) && typeof id === 'string'
      ? { index, id }
      : undefined
  } catch {
    return undefined
  }
}
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const bad = (type: string, reason: string): Failure => ({ status: 400, type, reason })
const failed = (status: number, type: string, reason: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { root_cause: [{ type, reason }], type, reason }, status }),
})

const lines = (document: object, id = 'a', action = 'create'): string =>
  `${JSON.stringify({ [action]: { _index: 'alerts', _id: id } })}\n${JSON.stringify(document)}\n`
const VALID = { '@timestamp': '2026-10-01T10:06:00Z' }
async function repliesTo(
  bodies: readonly string[],
  prepare: (fake: FakeElasticsearch) => void = () => undefined,
  authorization = `ApiKey ${API_KEY}`,
): Promise<readonly Reply[]> {
  const fake = await FakeElasticsearch.start()
  try {
    prepare(fake)
    const headers = { authorization, 'content-type': 'application/x-ndjson' }
    return bodies.map((body) => fake.answer({ method: 'POST', path: '/_bulk', headers, body }))
  } finally {
    await fake.close()
  }
}
const status = async (...asked: Parameters<typeof repliesTo>): Promise<number> => (await repliesTo(...asked))[0]!.status
/** Status of the last document, which a 200 for the request says nothing of. */
const documentStatus = async (...asked: Parameters<typeof repliesTo>): Promise<number> => {
  const { body } = (await repliesTo(...asked)).at(-1)!
  return (JSON.parse(body) as { items: { create: { status: number } }[] }).items.at(-1)!.create.status
}
export const selftest: readonly Refusal[] = [
  {
    name: 'a key it does not know',
    refuses: async () => (await status([lines(VALID)], undefined, 'ApiKey x')) === 401,
  },
  { name: 'a body without a line end', refuses: async () => (await status([lines(VALID).trimEnd()])) === 400 },
  { name: 'an action that is not create', refuses: async () => (await status([lines(VALID, 'a', 'index')])) === 400 },
  {
    name: 'a request larger than http.max_content_length',
    refuses: async () =>
      (await status([lines(VALID)], (fake) => {
        fake.maxBytes = 10
      })) === 413,
  },
  {
    name: 'a document that is there already',
    refuses: async () => (await documentStatus([lines(VALID), lines(VALID)])) === 409,
  },
  { name: 'a document without a time', refuses: async () => (await documentStatus([lines({})])) === 400 },
  {
    name: 'a blank name of a field',
    refuses: async () => (await documentStatus([lines({ ...VALID, ' ': 1 })])) === 400,
  },
  {
    name: 'a text of 32,767 bytes',
    refuses: async () => (await documentStatus([lines({ ...VALID, text: 'x'.repeat(LONGEST_TERM + 1) })])) === 400,
  },
  {
    name: 'a text where the mapping has an object',
    refuses: async () =>
      (await documentStatus([lines({ ...VALID, a: { b: 1 } }, '1'), lines({ ...VALID, a: 'x' }, '2')])) === 400,
  },
  {
    name: 'a category that ECS does not know',
    refuses: async () =>
      (await documentStatus([lines({ ...VALID, event: { kind: 'alert', category: ['mcp'], type: ['info'] } })])) ===
      400,
  },
]
