/** Builders of event fields: every public field carries its description, unit and origin into the published JSON Schema. */
import { z } from 'zod'

/**
 * Who vouches for a value. `server`: the MCP server's own process; `gateway`: something in front of it; `client`: claimed by
 * the caller, never proof; `ingested`: facts fed in from outside (deployments, approvals); `ours`: computed by mcp-auditd.
 */
export type Origin = 'server' | 'gateway' | 'client' | 'ingested' | 'ours'

/** Bounds that every event obeys. Larger or deeper input is refused, never cut silently. */
export const LIMITS = {
  /** One event as JSON. */
  eventBytes: 262_144,
  /** Nesting of arrays and objects in one event or OTLP value. */
  depth: 32,
  /** Characters of an identifier-like text. */
  nameChars: 512,
  /** Characters of a longer text. */
  textChars: 4_096,
  /** Elements of a list of texts. */
  listLength: 256,
  /** Tools, prompts or resources in one registry event. */
  registryLength: 2_048,
  /** Leaves of one call's arguments that are described. */
  argumentLength: 512,
  /** Largest integer: what JSON and Int64 agree on. */
  integer: Number.MAX_SAFE_INTEGER,
  /** Event time may lie this far before and after the time of receipt; outside it is clamped and flagged. */
  pastMs: 7 * 86_400_000,
  futureMs: 5 * 60_000,
} as const

const say = (description: string, origin: Origin, unit: string) => ({ description, origin, unit })

/** Lone surrogates and NUL: V8 keeps them, ClickHouse and JSON tools disagree on them. */
export function wellFormed(text: string): boolean {
  const { length } = text
  // Most texts are short and plain: a loop over them takes half the time of two calls.
  if (length > SHORT_CHARS) return isWellFormed(text)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0 || code >= FIRST_SURROGATE) return isWellFormed(text)
  }
  return true
}
const isWellFormed = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000')
const SHORT_CHARS = 64
const FIRST_SURROGATE = 0xd800
const unicode = (schema: z.ZodString) => schema.refine(wellFormed, 'must be well-formed Unicode without NUL')
/** A text inside a list or an object; every text of an event is one of these or has a pattern. */
export const characters = (max: number) => unicode(z.string().max(max))

/** An identifier or enum-like text, at most 512 characters. */
export const name = (origin: Origin, description: string) =>
  unicode(z.string().max(LIMITS.nameChars))
    .optional()
    .meta(say(description, origin, 'text'))
/** A longer text, at most 4,096 characters. */
export const text = (origin: Origin, description: string) =>
  unicode(z.string().max(LIMITS.textChars))
    .optional()
    .meta(say(description, origin, 'text'))
/** Lower-case hex or UUID, '' when absent. */
export const id = (origin: Origin, description: string) =>
  z
    .string()
    .regex(/^[0-9a-f-]{0,64}$/, 'must be lower-case hex or a UUID')
    .optional()
    .meta(say(description, origin, 'id'))
/** An encrypted text: version, key id, and nonce, tag and ciphertext in base64url (collector/instrument/identity/display-name.ts). */
export const sealed = (origin: Origin, description: string) =>
  z
    .string()
    .regex(/^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{40,2048}$/, 'must be a sealed text')
    .optional()
    .meta(say(description, origin, 'sealed'))
/** A whole number from 0. */
export const count = (origin: Origin, unit: string, description: string) =>
  z
    .int()
    .min(0)
    .max(LIMITS.integer)
    .optional()
    .meta(say(description, origin, unit))
/** A whole number of either sign. */
export const integer = (origin: Origin, unit: string, description: string) =>
  z
    .int()
    .min(-LIMITS.integer)
    .max(LIMITS.integer)
    .optional()
    .meta(say(description, origin, unit))
/** A measured number, finite. */
export const measure = (origin: Origin, unit: string, description: string) =>
  z
    .number()
    .min(0)
    .max(LIMITS.integer)
    .optional()
    .meta(say(description, origin, unit))
/** True or false; absent means not known. */
export const flag = (origin: Origin, description: string) =>
  z
    .boolean()
    .optional()
    .meta(say(description, origin, 'boolean'))
/** A list of short texts. */
export const names = (origin: Origin, description: string) =>
  z
    .array(unicode(z.string().max(LIMITS.nameChars)))
    .max(LIMITS.listLength)
    .optional()
    .meta(say(description, origin, 'text'))
/** One of a closed list. */
export const oneOf = <const V extends readonly [string, ...string[]]>(origin: Origin, values: V, description: string) =>
  z
    .enum(values)
    .optional()
    .meta(say(description, origin, values.join(' | ')))
/** Seconds since 1970, as tokens carry them. */
export const epochSeconds = (origin: Origin, description: string) =>
  integer(origin, 's since 1970-01-01 UTC', description)
const timeText = () => z.string().regex(INSTANT, 'must be RFC 3339 in UTC with at most nine decimals')
/** RFC 3339 in UTC with up to nine decimals. */
export const instant = (origin: Origin, description: string) =>
  timeText().meta(say(description, origin, 'RFC 3339 UTC'))
/** The same, where it may be absent. */
export const optionalInstant = (origin: Origin, description: string) =>
  timeText()
    .optional()
    .meta(say(description, origin, 'RFC 3339 UTC'))
export const INSTANT = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/
