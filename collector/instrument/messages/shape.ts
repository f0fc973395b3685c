/** What is recorded of arguments and results: paths, types, lengths, sizes and keyed hashes. Never a value. */
import type { ArgumentLeaf, HandleSeen } from '../../../schemas/events/calls.ts'
import { canonical } from '../keys/canonical.ts'
import type { Hashes } from '../keys/keys.ts'
import { type Declared, HandleFinder, holdsHandle, recordedPath } from './handles.ts'
import { type TextShares, textShares } from './text-shares.ts'

/** Work per call, whatever a caller sends. Beyond it the event says `content_bounded` and the rest counts as unscanned. */
const MAX_LEAVES = 64
const MAX_DEPTH = 16
const MAX_ARGUMENT_CHARACTERS = 65_536
const MAX_RESULT_CHARACTERS = 262_144
const MAX_DOMAINS = 32
const MAX_PARTS = 256
const MAX_TYPES = 16
const NO_DOMAINS: readonly string[] = []

export interface ArgumentShape {
  readonly args: readonly ArgumentLeaf[]
  readonly argsHmac: string
  readonly argsBytes: number
  readonly argHandles: readonly HandleSeen[]
  readonly fingerprints: ReadonlySet<string>
  readonly bounded: boolean
}
export interface ResultShape {
  readonly bytes: number
  readonly parts: number
  readonly contentTypes: readonly string[]
  readonly urlDomains: readonly string[]
  readonly contentHmac: string
  readonly mintedHandles: readonly HandleSeen[]
  readonly bounded: boolean
  /** Of its longest text, where that is long. */
  readonly shares: TextShares | undefined
}

/** Keys are the caller's words too: one that is not an identifier, or looks like a handle, stands as `*`. */
const IDENTIFIER = /^[A-Za-z_$][\w$-]{0,63}$/
const segmentOf = (key: string): string => (IDENTIFIER.test(key) && !holdsHandle(key) ? key : '*')

type Visit = (path: string, value: unknown) => boolean
/** Visits the leaves of a JSON value, empty arrays and objects included, until `visit` answers false. False: not all were visited. */
function walk(value: unknown, path: string, depth: number, visit: Visit): boolean {
  if (value === null || typeof value !== 'object') return value === undefined || visit(path, value)
  if (depth >= MAX_DEPTH) return false
  if (Array.isArray(value)) {
    if (value.length === 0) return visit(path, value)
    // A hole is sent as null, and counts: an array may be nothing else.
    for (const element of value) if (!walk(element ?? null, `${path}[]`, depth + 1, visit)) return false
    return true
  }
  const keys = Object.keys(value)
  if (keys.length === 0) return visit(path, value)
  for (const key of keys) {
    const segment = segmentOf(key)
    const inner = path === '' ? segment : `${path}.${segment}`
    if (!walk((value as Record<string, unknown>)[key], inner, depth + 1, visit)) return false
  }
  return true
}

const typeOf = (value: unknown): ArgumentLeaf['type'] =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : (typeof value as ArgumentLeaf['type'])

function leafOf(path: string, value: unknown, hashes: Hashes): ArgumentLeaf {
  const type = typeOf(value)
  const at = recordedPath(path)
  if (typeof value === 'string') {
    const known = value.length <= MAX_ARGUMENT_CHARACTERS
    return { path: at, type, length: value.length, ...(known && { hmac: hashes.arguments.hash(`s${value}`) }) }
  }
  // A keyed hash of a boolean or null would say nothing that the type does not, or everything.
  return type === 'number'
    ? { path: at, type, hmac: hashes.arguments.hash(`n${String(value)}`) }
    : { path: at, type, length: 0 }
}

/** Undefined arguments have the shape of none. */
export function argumentShape(value: unknown, hashes: Hashes, declared?: Declared): ArgumentShape {
  const args: ArgumentLeaf[] = []
  const finder = new HandleFinder(hashes, declared)
  const whole = walk(value, '', 0, (path, leaf) => {
    if (args.length >= MAX_LEAVES) return false
    args.push(leafOf(path, leaf, hashes))
    finder.leaf(path, leaf)
    return true
  })
  const text = value === undefined ? '' : canonical(value, MAX_ARGUMENT_CHARACTERS)
  return {
    args,
    argsHmac: text === undefined || text === '' ? '' : hashes.arguments.hash(text),
    argsBytes: text === undefined ? MAX_ARGUMENT_CHARACTERS : byteLength(text),
    argHandles: finder.found,
    fingerprints: finder.fingerprints,
    bounded: !whole || finder.bounded || text === undefined,
  }
}

interface ToolResult {
  readonly content?: unknown
  readonly structuredContent?: unknown
}
interface Part {
  readonly type?: unknown
  readonly text?: unknown
  readonly uri?: unknown
  readonly resource?: { readonly uri?: unknown; readonly text?: unknown }
}

/** `presented`: handles of the arguments; a result that repeats them mints nothing. */
export function resultShape(
  result: ToolResult,
  hashes: Hashes,
  presented: ReadonlySet<string>,
  declared?: Declared,
): ResultShape {
  const finder = new HandleFinder(hashes, declared, presented)
  let domains: Set<string> | undefined
  const types: string[] = []
  const parts = Array.isArray(result.content) ? (result.content as Part[]) : []
  let whole = parts.length <= MAX_PARTS
  let room = MAX_RESULT_CHARACTERS
  let longest = ''
  const text = (path: string, value: unknown): void => {
    if (typeof value !== 'string') return
    if (value.length > longest.length) longest = value
    if (declared !== undefined) readJson(value, finder)
    finder.leaf(path, value)
    const searched = value.length <= room ? value : value.slice(0, room)
    room -= searched.length
    if (searched.length < value.length) whole = false
    if (searched.includes('://')) {
      domains ??= new Set()
      collectDomains(searched, domains)
    }
  }
  for (let index = 0; index < parts.length && index < MAX_PARTS; index++) {
    const part = parts[index]
    if (part === null || typeof part !== 'object') continue
    if (typeof part.type === 'string' && !types.includes(part.type)) types.push(part.type)
    text('content[].text', part.text)
    text('content[].uri', part.uri)
    text('content[].resource.uri', part.resource?.uri)
    text('content[].resource.text', part.resource?.text)
  }
  let leaves = 0
  if (result.structuredContent !== undefined) {
    const all = walk(result.structuredContent, '', 0, (path, leaf) => {
      finder.leaf(path, leaf)
      return ++leaves < MAX_LEAVES * 8
    })
    whole &&= all
  }
  const body = canonical(result, MAX_RESULT_CHARACTERS)
  return {
    bytes: body === undefined ? MAX_RESULT_CHARACTERS : byteLength(body),
    parts: parts.length,
    contentTypes: types.slice(0, MAX_TYPES).map(segmentOf),
    urlDomains: domains === undefined ? NO_DOMAINS : [...domains],
    contentHmac: body === undefined ? '' : hashes.arguments.hash(body),
    mintedHandles: finder.found,
    bounded: !whole || finder.bounded || body === undefined,
    shares: textShares(longest),
  }
}

/** Many servers answer JSON as text: declared handles are looked for in it under their own paths. */
function readJson(text: string, finder: HandleFinder): void {
  const first = text.charCodeAt(0)
  if ((first !== 0x7b && first !== 0x5b) || text.length > MAX_ARGUMENT_CHARACTERS) return
  try {
    let leaves = 0
    walk(JSON.parse(text), '', 0, (path, leaf) => {
      finder.leaf(path, leaf)
      return ++leaves < MAX_LEAVES * 8
    })
  } catch {
    // Not JSON after all: the text was searched as text.
  }
}

const URL_HOST = /[a-z][a-z0-9+.-]{1,20}:\/\/(?:[^\s/"'<>]*@)?(\[[0-9a-f:.]+\]|[^\s/:?#"'<>\\)]+)/gi

/** Internationalised names and addresses; anything else is no host, and may be what was put in front of one. */
const HOST = /^(?:[\p{L}\p{N}._-]+|\[[0-9a-f:.]+\])$/u

export function collectDomains(text: string, into: Set<string>): void {
  for (const [, host] of text.slice(0, MAX_ARGUMENT_CHARACTERS).matchAll(URL_HOST)) {
    if (into.size >= MAX_DOMAINS) return
    // A label may carry a secret (exfiltration by DNS): such a host keeps its last two labels only.
    const name = host!.toLowerCase().slice(0, 253)
    const isPlain = HOST.test(name) && !holdsHandle(name)
    into.add(isPlain ? name : `*.${name.split('.').slice(-2).map(segmentOf).join('.')}`)
  }
}

/** UTF-8 bytes of canonical JSON; mostly ASCII, where both lengths agree. */
const byteLength = (text: string): number => Buffer.byteLength(text)
