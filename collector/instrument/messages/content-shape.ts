/** What is recorded of resources, prompts and completions: sizes, types, hosts and a keyed hash. Never content. */
import type { AuditContext } from '../audit-context.ts'
import { canonical } from '../keys/canonical.ts'
import { nameOf } from '../names.ts'
import { collectDomains } from './shape.ts'

/** Work per answer, as for tool results. */
const MAX_CHARACTERS = 262_144
const MAX_PARTS = 256
const MAX_TYPES = 16
const MAX_TYPE_CHARACTERS = 64

export interface ContentPart {
  /** MIME type, or the type of a prompt's part. */
  readonly type: unknown
  /** Texts in it that are searched for host names. */
  readonly texts: readonly unknown[]
  /** Base64 data: counted, not read. */
  readonly blob?: unknown
}
export interface ContentShape {
  readonly bytes?: number | undefined
  readonly parts?: number
  readonly contentTypes?: readonly string[]
  readonly urlDomains?: readonly string[] | undefined
  readonly contentHmac?: string | undefined
  readonly unscannedBytes?: number | undefined
  readonly bounded: boolean
}

/** `whole`: the answer as it is sent; its size is estimated from its texts when it is too large to be made canonical. */
export function contentShape(context: AuditContext, whole: unknown, parts: readonly ContentPart[]): ContentShape {
  if (context.captureLevel === 'minimal') return { bounded: false }
  const domains = new Set<string>()
  const types = new Set<string>()
  let room = MAX_CHARACTERS
  let bounded = parts.length > MAX_PARTS
  let length = 0
  for (const { type, texts, blob } of parts.slice(0, MAX_PARTS)) {
    if (typeof type === 'string' && types.size < MAX_TYPES) types.add(nameOf(type.slice(0, MAX_TYPE_CHARACTERS))!)
    if (typeof blob === 'string') length += blob.length
    for (const text of texts) {
      if (typeof text !== 'string') continue
      length += text.length
      const searched = text.length <= room ? text : text.slice(0, room)
      room -= searched.length
      if (searched.length < text.length) bounded = true
      if (searched.includes('://')) collectDomains(searched, domains)
    }
  }
  const body = canonical(whole, MAX_CHARACTERS)
  const bytes = body === undefined ? length : Buffer.byteLength(body)
  return {
    bytes,
    parts: parts.length,
    contentTypes: [...types],
    urlDomains: domains.size === 0 ? undefined : [...domains],
    contentHmac: body === undefined ? undefined : context.hashes.arguments.hash(body),
    unscannedBytes: bytes,
    bounded: bounded || body === undefined,
  }
}
