/** Keyed hashes for foreign telemetry: the same keys and purposes as our producers use, so that their sessions and addresses compare. */
import type { Fingerprint } from '../collector/foreign.ts'
import { KeyRing } from '../collector/instrument/keys/key-ring.ts'
import { resolveSecretSync } from '../collector/instrument/keys/secret.ts'
import { AuditdError } from '../schemas/errors.ts'

export interface ForeignKeys {
  /** Undefined without keys: foreign session ids and addresses are then left out. */
  readonly fingerprint: Fingerprint | undefined
  close(): void
}
const bad = (variable: string, reason: string, cause: unknown): AuditdError =>
  new AuditdError('config_invalid', 'configuration', variable, reason, cause)

/** MCP_AUDIT_KEYS names versioned keys, which rotate; MCP_AUDIT_KEY is one key, or names it. */
export function foreignKeys(
  env: Readonly<Record<string, string | undefined>>,
  warn?: (message: string) => void,
): ForeignKeys {
  const ring = ringOf(env, warn)
  if (ring === undefined) return { fingerprint: undefined, close: () => undefined }
  const hash = (purpose: Parameters<Fingerprint>[0], text: string): string =>
    ring.hashes[purpose === 'sessions' ? 'handles' : purpose].hash(text)
  const stamped = <E extends Readonly<Record<string, unknown>>>(event: E): E => {
    const out = ring.stamped(event, undefined)
    ring.advance()
    return out
  }
  return { fingerprint: Object.assign(hash, { stamped }), close: () => ring.close() }
}

function ringOf(env: Readonly<Record<string, string | undefined>>, warn?: (message: string) => void) {
  const { MCP_AUDIT_KEYS: keys, MCP_AUDIT_KEY: key } = env
  const options = { env, ...(warn && { warn }) }
  if (keys)
    try {
      return new KeyRing({ from: keys }, Date.now, warn)
    } catch (error) {
      throw bad('MCP_AUDIT_KEYS', (error as Error).message, error)
    }
  if (!key) return undefined
  const place = { component: 'configuration', field: 'MCP_AUDIT_KEY' }
  const value = resolveSecretSync(key, place, { ...options, literal: true })
  try {
    return new KeyRing(value)
  } catch (error) {
    throw bad('MCP_AUDIT_KEY', 'must be 32 bytes in hex or base64', error)
  }
}
