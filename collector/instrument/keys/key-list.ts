/** Versioned keys as they are written down: a JSON list, or a folder with one file for each version. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AuditdError } from '../../../schemas/errors.ts'
import { type AuditKeys, hashesOf, PURPOSES, type Purpose } from './keys.ts'
import { readSecretFile, resolveSecretSync, type SecretOptions, type SecretReference } from './secret.ts'

export interface VersionedKey {
  /** A short word that every event carries. */
  readonly version: string
  readonly key: AuditKeys
  /** From when it is used, ms since 1970; 0: as soon as it is there. */
  readonly notBeforeMs: number
}
/** How long, after a switch, events carry the former hash too, ms. */
export type Overlap = Readonly<Record<Purpose, number>>
export interface KeyList {
  /** In the order in which they come into force. */
  readonly keys: readonly VersionedKey[]
  readonly overlap: Overlap
}

const HOUR_MS = 3_600_000
/** Tokens and handles live for hours; a person stays. Nothing joins arguments over days. */
export const DEFAULT_OVERLAP: Overlap = {
  principals: 30 * 24 * HOUR_MS,
  tokens: 24 * HOUR_MS,
  handles: 24 * HOUR_MS,
  addresses: 24 * HOUR_MS,
  arguments: 0,
}
const MAX_KEYS = 64
const MAX_OVERLAP_MS = 400 * 24 * HOUR_MS
const VERSION = /^[A-Za-z0-9._-]{1,64}$/
const PLACE = { component: 'instrument', field: 'keys' } as const

const bad = (reason: string): AuditdError => new AuditdError('config_invalid', PLACE.component, PLACE.field, reason)

/** `90m`, `24h`, `30d`. */
function durationOf(purpose: string, value: unknown): number {
  const match = typeof value === 'string' ? /^(\d{1,6})([mhd])$/.exec(value) : null
  if (match === null) throw bad(`overlap.${purpose} must be a duration such as 90m, 24h or 30d`)
  const ms = Number(match[1]) * { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS }[match[2] as 'm' | 'h' | 'd']
  return Math.min(ms, MAX_OVERLAP_MS)
}
function overlapOf(value: unknown): Overlap {
  if (value === undefined) return DEFAULT_OVERLAP
  if (value === null || typeof value !== 'object') throw bad('overlap must name durations by purpose')
  const overlap: Record<Purpose, number> = { ...DEFAULT_OVERLAP }
  for (const [purpose, text] of Object.entries(value)) {
    if (!(PURPOSES as readonly string[]).includes(purpose))
      throw bad(`overlap: ${PURPOSES.join(', ')} are the purposes`)
    overlap[purpose as Purpose] = durationOf(purpose, text)
  }
  return overlap
}

function entryOf(value: unknown, at: number): VersionedKey {
  const { version, key, notBefore } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (typeof version !== 'string' || !VERSION.test(version)) throw bad(`entry ${at}: version must be a short word`)
  const notBeforeMs = notBefore === undefined ? 0 : Date.parse(String(notBefore))
  if (!Number.isFinite(notBeforeMs))
    throw bad(`version ${version}: notBefore must be a time such as 2026-12-01T00:00:00Z`)
  return { version, key: usable(key, version), notBeforeMs }
}
/** Tried at once: a key that is too short must not wait for its hour to be refused. */
function usable(key: unknown, version: string): AuditKeys {
  const isPlain = typeof key === 'string' || (key !== null && typeof key === 'object')
  try {
    if (!isPlain) throw new RangeError('is missing')
    hashesOf(key as AuditKeys)
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : 'needs a key for each purpose'
    throw bad(`version ${version}: key: ${reason}`)
  }
  return key as AuditKeys
}

function listOf(entries: readonly VersionedKey[], overlap: Overlap): KeyList {
  if (entries.length === 0) throw bad('no key is in the list')
  if (entries.length > MAX_KEYS) throw bad(`at most ${MAX_KEYS} keys`)
  if (new Set(entries.map(({ version }) => version)).size < entries.length) throw bad('a version stands twice')
  // Stable: of keys without a time, or with the same, the later one in the list is the newer.
  return { keys: [...entries].sort((a, b) => a.notBeforeMs - b.notBeforeMs), overlap }
}

/** `[{version, key, notBefore}]`, or `{keys: […], overlap: {tokens: "24h"}}`. Throws AuditdError('config_invalid') without any value. */
export function parseKeyList(text: string): KeyList {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw bad('must be JSON: a list of {version, key, notBefore}')
  }
  const { keys, overlap } = (Array.isArray(parsed) ? { keys: parsed } : (parsed ?? {})) as {
    keys?: unknown
    overlap?: unknown
  }
  if (!Array.isArray(keys)) throw bad('must be a list of {version, key, notBefore}, or an object with keys')
  return listOf(keys.map(entryOf), overlapOf(overlap))
}

/** Each file of a folder is a version, named after it and in the order of the names; a mounted secret looks so. */
function folderKeys(path: string, options: SecretOptions): KeyList {
  const names = readdirSync(path).filter((name) => !name.startsWith('.') && VERSION.test(name))
  const entries = names.sort().map((version) => {
    const text = readSecretFile(join(path, version), (reason) => bad(`version ${version}: ${reason}`), options.warn)
    return { version, key: usable(text.trim(), version), notBeforeMs: 0 }
  })
  return listOf(entries, DEFAULT_OVERLAP)
}

/** From `file:` a JSON list or a folder, from `cmd:` or `env:` a JSON list. */
export function readKeyList(reference: SecretReference, options: SecretOptions = {}): KeyList {
  if (typeof reference === 'string' && reference.startsWith('file:')) {
    const path = reference.slice('file:'.length)
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return folderKeys(path, options)
  }
  return parseKeyList(resolveSecretSync(reference, PLACE, options))
}
