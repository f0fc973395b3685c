/**
 * The last look at an event's texts before anything keeps them: what is a secret by its form stands as its class, and what a caller
 * may have said and nobody could guess stands as a mark or a digest. Fields that lost something are named in `redactions`.
 */
import type { z } from 'zod'
import { type AuditEvent, EVENT_SCHEMAS, EVENT_TYPES, type EventType } from '../schemas/event.ts'
import { LIMITS, type Origin } from '../schemas/field.ts'
import { clientKeyOf, isUnguessable, REDACTED } from './instrument/names.ts'
import type { Subject } from './scan/classifier.ts'
import { secrets } from './scan/classifiers/secrets.ts'
import { redact } from './scan/redact.ts'
import { scannerOf } from './scan/scan.ts'

/** said: a caller’s words, a name that is no name when it cannot be guessed. id: of an OAuth client. prose: everything else. */
type Care = 'said' | 'id' | 'prose'
interface Plan {
  readonly fields: readonly (readonly [field: string, care: Care])[]
  /** Lists of objects: arguments, captured texts, handles, definitions. */
  readonly lists: readonly string[]
}

/** Client ids are often random and no secret; as a digest they still tell one client from another. */
const CLIENT_IDS: ReadonlySet<string> = new Set(['clientKey', 'oauthClientId'])
/** Codes and names that a server takes over from what it was sent. */
const TAKEN_OVER: ReadonlySet<string> = new Set(['errorCode', 'error', 'resultType'])
/** In telemetry of others nobody vouches for these either. */
const OTHERS_WORDS: ReadonlySet<string> = new Set(['serverName', 'serverVersion', 'sdk', 'sdkVersion'])
/** Free texts in which a caller’s words are quoted: each word is looked at by itself. */
const QUOTING: ReadonlySet<string> = new Set(['reason', 'message'])

const plans = new Map<EventType, Plan>(EVENT_TYPES.map((type) => [type, planOf(EVENT_SCHEMAS[type].shape)]))
function planOf(shape: Readonly<Record<string, z.core.$ZodType>>): Plan {
  const fields: [string, Care][] = []
  const lists: string[] = []
  for (const [field, schema] of Object.entries(shape)) {
    const meta = (schema as z.ZodType).meta() as { origin?: Origin; unit?: string } | undefined
    if (meta?.unit === 'text')
      fields.push([
        field,
        CLIENT_IDS.has(field) ? 'id' : meta.origin === 'client' || TAKEN_OVER.has(field) ? 'said' : 'prose',
      ])
    else if (meta?.unit?.startsWith('list') === true) lists.push(field)
  }
  return { fields, lists }
}

/** Shorter texts hold nothing that opens a door. */
const MIN_CHARACTERS = 16

/** The same event; changed in place where something had to go. */
export function redactEvent(event: AuditEvent): AuditEvent {
  const plan = plans.get(event.eventType)!
  const fields = event as unknown as { [field: string]: unknown }
  const isForeign = event.source !== undefined && event.source !== 'native'
  let touched: string[] | undefined
  for (const [field, care] of plan.fields) {
    const value = fields[field]
    if (value === undefined) continue
    const kept = keptOf(value, isForeign && OTHERS_WORDS.has(field) ? 'said' : care, QUOTING.has(field))
    if (kept === value) continue
    fields[field] = kept
    touched ??= []
    touched.push(field)
  }
  for (const field of plan.lists) {
    const value = fields[field]
    if (value === undefined) continue
    const kept = keptInside(value, field)
    if (kept === value) continue
    fields[field] = kept
    touched ??= []
    touched.push(field)
  }
  if (touched !== undefined) event.redactions = namesOf([...(event.redactions ?? []), ...touched])
  return event
}

const namesOf = (names: readonly string[]): string[] => [...new Set(names)].slice(-LIMITS.listLength)

/** A text or a list of texts; the value itself when nothing had to go. */
function keptOf(value: unknown, care: Care, isQuoting: boolean): unknown {
  if (typeof value === 'string') return value.length < MIN_CHARACTERS ? value : keptText(value, care, isQuoting)
  if (!Array.isArray(value)) return value
  let copy: unknown[] | undefined
  for (let at = 0; at < value.length; at++) {
    const kept = keptOf(value[at], care, isQuoting)
    if (kept === value[at]) continue
    copy ??= [...(value as unknown[])]
    copy[at] = kept
  }
  return copy ?? value
}

/** Objects in lists: a path is a caller’s words, a keyed hash is left alone. */
function keptInside(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (value.length < MIN_CHARACTERS || isHash(key)) return value
    return keptText(value, key === 'path' ? 'said' : 'prose', key === 'value')
  }
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    let list: unknown[] | undefined
    for (let at = 0; at < value.length; at++) {
      const kept = keptInside(value[at], key)
      if (kept === value[at]) continue
      list ??= [...(value as unknown[])]
      list[at] = kept
    }
    return list ?? value
  }
  const fields = value as Record<string, unknown>
  let copy: Record<string, unknown> | undefined
  for (const inner in fields) {
    const kept = keptInside(fields[inner], inner)
    if (kept === fields[inner]) continue
    copy ??= { ...fields }
    copy[inner] = kept
  }
  return copy ?? value
}
const isHash = (key: string): boolean => key === 'hmac' || key === 'fp' || key.endsWith('Hash')

const { scanText } = scannerOf([secrets])
const SUBJECT: Subject = { surface: 'error', role: 'unknown', path: '', toolName: '', otherTools: new Set() }

/** The same names come with every event. Bounded: callers choose them. */
const CACHED = 4_096
const CACHED_CHARACTERS = 256
const known: Readonly<Record<Care, Map<string, string>>> = { said: new Map(), id: new Map(), prose: new Map() }

function keptText(text: string, care: Care, isQuoting: boolean): string {
  if (text.length > CACHED_CHARACTERS || isQuoting) return readText(text, care, isQuoting)
  const cache = known[care]
  let kept = cache.get(text)
  if (kept === undefined) {
    kept = readText(text, care, isQuoting)
    if (cache.size >= CACHED) cache.clear()
    cache.set(text, kept)
  }
  return kept
}

function readText(text: string, care: Care, isQuoting: boolean): string {
  if (care === 'id') return clientKeyOf(text)
  const hits = scanText(text, SUBJECT).hits.filter(({ verdict }) => verdict !== 'benign')
  if (care === 'said') return hits.length > 0 || isUnguessable(text) ? REDACTED : text
  const kept = hits.length === 0 ? text : redact(text, hits)
  const words = isQuoting
    ? kept.split(/(\s+)/).map((word) => (word.length >= MIN_CHARACTERS && isUnguessable(word) ? REDACTED : word))
    : [kept]
  return noLonger(words.join(''), text.length)
}
/** A mark may be longer than what it stands for, and the field has no room for it. */
const noLonger = (text: string, characters: number): string =>
  text.length <= characters ? text : text.slice(0, characters).replace(/[\ud800-\udbff]$/, '')
