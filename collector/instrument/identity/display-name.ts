/** Names of people, sealed: the audit trail carries them as ciphertext that only `mcp-auditd reveal` opens, and that leaves a record. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { AuditdError } from '../../../schemas/errors.ts'

/** Claims that name a person, the one people know best first. */
const NAME_CLAIMS = ['preferred_username', 'upn', 'email', 'name'] as const
const MAX_NAME_CHARS = 256
const MIN_SECRET_CHARS = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CIPHER = 'aes-256-gcm'

interface NameKey {
  readonly id: string
  readonly bytes: Buffer
}
/** Several keys, newest first, divided by white space: names are sealed with the first and opened with the one they name. */
export type NameKeys = readonly [NameKey, ...NameKey[]]

/** Throws AuditdError('config_invalid') for a key that is too short. */
export function nameKeysOf(secret: string, component: string, field: string): NameKeys {
  const [first, ...rest] = secret.split(/\s+/).filter((part) => part !== '')
  if (first === undefined) throw new AuditdError('config_invalid', component, field, 'is empty')
  const keyOf = (part: string): NameKey => {
    if (part.length < MIN_SECRET_CHARS)
      throw new AuditdError('config_invalid', component, field, `must be at least ${MIN_SECRET_CHARS} characters`)
    const bytes = Buffer.from(hkdfSync('sha256', part, '', 'mcp-auditd/v1/display-name', 32))
    return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes }
  }
  return [keyOf(first), ...rest.map(keyOf)]
}

/** The name in a token’s claims; undefined when it has none. */
export function nameIn(payload: Readonly<Record<string, unknown>>): string | undefined {
  for (const claim of NAME_CLAIMS) {
    const value = payload[claim]
    if (typeof value === 'string' && value.trim() !== '') return value.trim().slice(0, MAX_NAME_CHARS).toWellFormed()
  }
  return undefined
}

/** Bound to its principal: a ciphertext that is moved to another person does not open. */
export function sealName([key]: NameKeys, principalKey: string, name: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key.bytes, nonce).setAAD(Buffer.from(principalKey))
  const text = Buffer.concat([cipher.update(name, 'utf8'), cipher.final()])
  return `v1.${key.id}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`
}

/** Undefined when none of the keys opens it, or it was made for another principal. */
export function openName(keys: NameKeys, principalKey: string, sealed: string): string | undefined {
  const [, id, packed] = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/.exec(sealed) ?? []
  const key = keys.find((one) => one.id === id)
  if (key === undefined || packed === undefined) return undefined
  const bytes = Buffer.from(packed, 'base64url')
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
  const opener = createDecipheriv(CIPHER, key.bytes, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  opener.setAAD(Buffer.from(principalKey)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  try {
    return Buffer.concat([opener.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), opener.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
