/** Mirrored headers of a modern request over HTTP (2026-07-28): MCP-Protocol-Version, Mcp-Method, Mcp-Name and Mcp-Param-* against the body. */
import { namesOf } from '../names.ts'

/** A parameter that its tool asks clients to send as a header too (`x-mcp-header`). */
export interface MirroredParameter {
  /** Keys from `arguments` to the value. */
  readonly path: readonly string[]
  /** Name behind `Mcp-Param-`. */
  readonly header: string
  readonly isNumber: boolean
}
export interface MirrorVerdict {
  readonly headerCheck: 'ok' | 'mismatch' | 'missing'
  /** Headers that are missing or say something else, in lower case. */
  readonly headerMismatches: readonly string[] | undefined
  readonly mirroredParameters: readonly string[] | undefined
}

/** The member of `params` that Mcp-Name repeats, by method: the core methods, and those of the tasks extension (SEP-2663). */
const NAMED_BY: Readonly<Record<string, 'name' | 'uri' | 'taskId'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}
const VERSION_META = 'io.modelcontextprotocol/protocolVersion'
const AGREES: MirrorVerdict = { headerCheck: 'ok', headerMismatches: undefined, mirroredParameters: undefined }

interface Mirrored {
  readonly method?: unknown
  readonly params?: unknown
}
type Reader = (name: string) => string | null | undefined

/**
 * What the headers say against the body. `header` answers undefined or null for one that was not sent. A header without anything in
 * the body to mirror is no fault; one that the body asks for and that is not there is `missing`.
 */
export function mirrorVerdict(
  header: Reader,
  { method, params }: Mirrored,
  parameters: readonly MirroredParameter[] = [],
): MirrorVerdict {
  const given = params !== null && typeof params === 'object' ? (params as Readonly<Record<string, unknown>>) : {}
  const wrong: string[] = []
  let absent = false
  let differs = false
  const compare = (name: string, expected: unknown, equals = isSame): void => {
    if (typeof expected !== 'string') return
    const value = header(name)
    if (value !== undefined && value !== null && equals(value, expected)) return
    wrong.push(name)
    if (value === undefined || value === null) absent = true
    else differs = true
  }
  const meta = given['_meta'] as Readonly<Record<string, unknown>> | null | undefined
  compare('mcp-protocol-version', meta?.[VERSION_META])
  compare('mcp-method', method)
  const named = typeof method === 'string' && Object.hasOwn(NAMED_BY, method) ? NAMED_BY[method] : undefined
  if (named !== undefined) compare('mcp-name', given[named], (value, body) => decoded(value) === body)
  const carried: string[] = []
  for (const parameter of parameters) {
    const name = `mcp-param-${parameter.header.toLowerCase()}`
    const sent = header(name)
    if (sent !== undefined && sent !== null) carried.push(parameter.path.join('.'))
    compare(name, textAt(given['arguments'], parameter.path), (value, body) => isEqualParameter(value, body, parameter))
  }
  if (wrong.length === 0 && carried.length === 0) return AGREES
  return {
    headerCheck: differs ? 'mismatch' : absent ? 'missing' : 'ok',
    headerMismatches: wrong.length === 0 ? undefined : namesOf(wrong),
    mirroredParameters: carried.length === 0 ? undefined : namesOf(carried),
  }
}

const isSame = (value: string, body: string): boolean => value.trim() === body

function isEqualParameter(value: string, body: string, { isNumber }: MirroredParameter): boolean {
  const plain = decoded(value)
  return plain === body || (isNumber && plain !== undefined && plain !== '' && Number(plain) === Number(body))
}

const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/
/** A value that a header cannot carry as it is stands in Base64 between sentinels; undefined when that is not valid. */
function decoded(value: string): string | undefined {
  const text = value.trim()
  if (!text.startsWith('=?base64?')) return text
  const match = SENTINEL.exec(text)
  return match === null ? undefined : Buffer.from(match[1]!, 'base64').toString('utf8')
}

/** The parameter as clients write it into a header; undefined when the body has none that could be mirrored. */
function textAt(root: unknown, path: readonly string[]): string | undefined {
  let at = root
  for (const key of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return undefined
    at = (at as Readonly<Record<string, unknown>>)[key]
  }
  return typeof at === 'string' || typeof at === 'boolean' || typeof at === 'number' ? String(at) : undefined
}

const MAX_DEPTH = 8
const MAX_MIRRORED = 64
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/

/** The parameters that an input schema declares as mirrored: on properties, at any depth, by the chain of `properties` alone. */
export function mirroredParametersOf(inputSchema: unknown): readonly MirroredParameter[] {
  const found: MirroredParameter[] = []
  const visit = (node: unknown, path: readonly string[]): void => {
    if (node === null || typeof node !== 'object' || path.length > MAX_DEPTH || found.length >= MAX_MIRRORED) return
    const { 'x-mcp-header': header, type, properties } = node as Readonly<Record<string, unknown>>
    if (typeof header === 'string' && TOKEN.test(header) && path.length > 0)
      found.push({ path, header, isNumber: type === 'integer' || type === 'number' })
    if (properties === null || typeof properties !== 'object') return
    for (const [key, child] of Object.entries(properties as object)) visit(child, [...path, key])
  }
  visit(inputSchema, [])
  return found
}
