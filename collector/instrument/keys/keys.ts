/** The keys of the keyed hashes: one per purpose, from configuration, or random for the life of this process. */
import { createHmac, randomBytes } from 'node:crypto'
import { KeyedHash } from './keyed-hash.ts'

/** 32 bytes or more: raw, or as hex or base64 text. */
export type Key = string | Uint8Array
export const PURPOSES = ['principals', 'tokens', 'handles', 'arguments', 'addresses'] as const
export type Purpose = (typeof PURPOSES)[number]
/** A master key from which the purposes are derived, or one key per purpose. All producers of a tenant share them. */
export type AuditKeys = Key | Readonly<Record<Purpose, Key>>

/** Of one purpose. `hash` answers 32 lower-case hex digits. */
export interface Hasher {
  hash(text: string): string
}
export interface Hashes extends Readonly<Record<Purpose, Hasher>> {
  /** Random keys: nothing joins with another process, or with this one after a restart. */
  readonly ephemeral: boolean
}

const MIN_BYTES = 16

function bytesOf(key: Key, name: string): Uint8Array {
  const bytes =
    typeof key !== 'string' ? key : /^([0-9a-f]{2})+$/i.test(key) ? Buffer.from(key, 'hex') : Buffer.from(key, 'base64')
  if (bytes.length < MIN_BYTES)
    throw new RangeError(`instrument: keys.${name}: needs at least ${MIN_BYTES} bytes, as bytes, hex or base64`)
  return bytes
}

const derive = (master: Uint8Array, purpose: Purpose): Uint8Array =>
  createHmac('sha256', master).update(`mcp-auditd/v1/${purpose}`).digest()

let ephemeral: Hashes | undefined

/** Hashes for the given keys; without any, those of this process. Throws on a key that is too short: at set-up, never in a call. */
export function hashesOf(keys: AuditKeys | undefined): Hashes {
  if (keys === undefined) {
    ephemeral ??= build((purpose) => derive(randomBytes(32), purpose), true)
    return ephemeral
  }
  if (typeof keys === 'string' || keys instanceof Uint8Array) {
    const master = bytesOf(keys, 'master')
    return build((purpose) => derive(master, purpose), false)
  }
  return build((purpose) => bytesOf(keys[purpose], purpose), false)
}

function build(keyFor: (purpose: Purpose) => Uint8Array, isEphemeral: boolean): Hashes {
  const hashes = Object.fromEntries(PURPOSES.map((purpose) => [purpose, new KeyedHash(keyFor(purpose))]))
  return { ...(hashes as Record<Purpose, KeyedHash>), ephemeral: isEphemeral }
}
