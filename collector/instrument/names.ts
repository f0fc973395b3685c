/** Texts that a caller chose, made fit for a record: bounded, well-formed, and without anything that could be a credential. */
import { createHash } from 'node:crypto'
import { LIMITS, wellFormed } from '../../schemas/field.ts'
import type { Subject } from '../scan/classifier.ts'
import { secrets } from '../scan/classifiers/secrets.ts'
import { holdsHandle } from './messages/handles.ts'

export const REDACTED = '[redacted]'
const CACHED = 512
/** The same few names come with every request. Bounded: callers choose them. */
const known = new Map<string, string>()

/** A name as it may be recorded; undefined stays undefined, other types are left out. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const cached = known.get(value)
  if (cached !== undefined) return cached
  const name = isUnguessable(value) || holdsSecret(value) ? REDACTED : fit(value, LIMITS.nameChars)
  if (value.length <= 128) {
    if (known.size >= CACHED) known.clear()
    known.set(value, name)
  }
  return name
}

/** Names that someone trusted chose (a registered tool, a configured audience): bounded and well-formed, otherwise as they are. */
export const trustedName = (value: string): string => fit(value, LIMITS.nameChars)

export function namesOf(values: unknown): string[] | undefined {
  const list = typeof values === 'string' ? [values] : values
  if (!Array.isArray(list)) return undefined
  return list
    .filter((value): value is string => typeof value === 'string')
    .slice(0, LIMITS.listLength)
    .map((value) => fit(value, LIMITS.nameChars))
}

/** Names that a server publishes for everybody, such as its scopes and addresses: as they are, but for what is known to be a secret. */
export const publishedNamesOf = (values: unknown): string[] | undefined =>
  namesOf(values)?.map((name) => (holdsSecret(name) ? REDACTED : name))
/** Names that one answer or request brings: nothing that could be a credential either. UUIDs are none, scopes are named by them. */
export const wireNamesOf = (values: unknown): string[] | undefined =>
  publishedNamesOf(values)?.map((name) => (isUnguessable(name.replace(UUIDS, '')) ? REDACTED : name))

/** Why something failed, in the words of the error: never the token, never anything that looks like one. */
export function reasonOf(error: unknown, secret: string): string {
  if (!(error instanceof Error)) return 'refused'
  const { code, errorCode } = error as { code?: unknown; errorCode?: unknown }
  const kind = typeof errorCode === 'string' ? errorCode : typeof code === 'string' ? code : error.name
  let text = typeof error.message === 'string' ? error.message : ''
  for (const form of formsOf(secret)) text = text.replaceAll(form, REDACTED)
  text = text
    .slice(0, LIMITS.textChars)
    .split(/(\s+)/)
    .map((word) => (isUnguessable(word) ? REDACTED : word))
    .join('')
  return fit(`${nameOf(kind) ?? 'error'}: ${text}`, 256)
}

/** Bytes that need no encoding, encoded: a text that hides. */
const PERCENT_ENCODED = /(?:%[0-9a-f]{2}){4}/i
/** Nobody could guess it, so it may open something. */
export const isUnguessable = (text: string): boolean => holdsHandle(text) || PERCENT_ENCODED.test(text)

const NAME: Subject = { surface: 'error', role: 'unknown', path: '', toolName: '', otherTools: new Set() }
/** Short ones too, by what they stand in: the password of a URL. */
const holdsSecret = (text: string): boolean =>
  text.length >= 16 && secrets.check({ text: text.slice(0, LIMITS.textChars), decodings: [] }, NAME).length > 0

/** A client known by its metadata document, and one that stands as its digest already. */
const PLAIN_ID = /^(?:https:\/\/[^?#@]{1,500}|sha256:[0-9a-f]{32})$/
const UUIDS = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi
/**
 * An OAuth client id as it may be recorded: a random one is no secret by the protocol, but looks like one; its digest still tells one
 * client from another. Names, UUIDs and metadata addresses stay as they are.
 */
export function clientKeyOf(id: string): string {
  const cached = clients.get(id)
  if (cached !== undefined) return cached
  const isPlain = PLAIN_ID.test(id) || !isUnguessable(id.replace(UUIDS, ''))
  const key =
    isPlain && !holdsSecret(id)
      ? fit(id, LIMITS.nameChars)
      : `sha256:${createHash('sha256').update(id).digest('hex').slice(0, 32)}`
  if (id.length <= 128) {
    if (clients.size >= CACHED) clients.clear()
    clients.set(id, key)
  }
  return key
}
const clients = new Map<string, string>()

/** A short opaque token has too little in it to be known by its looks, in whatever form an error repeats it. */
function formsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret)
  const base64 = bytes.toString('base64').replace(/=+$/, '')
  const forms = [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    base64,
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]
  return new Set(forms.filter((form) => form !== ''))
}

function fit(text: string, maxCharacters: number): string {
  let out = text.length > maxCharacters ? text.slice(0, maxCharacters) : text
  if (!wellFormed(out)) out = out.toWellFormed().replaceAll('\u0000', '\ufffd')
  return out
}
