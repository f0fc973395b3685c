/** Keyed hashes for foreign telemetry: the same key and purposes as our producers use, so that their sessions and addresses compare. */
import type { Fingerprint } from '../collector/foreign.ts'
import { hashesOf } from '../collector/instrument/keys.ts'
import { AuditdError } from '../schemas/errors.ts'

/** From MCP_AUDIT_KEY; undefined without it, and foreign session ids and addresses are then left out. */
export function foreignFingerprint(key: string | undefined): Fingerprint | undefined {
  if (key === undefined || key === '') return undefined
  try {
    const { handles, addresses } = hashesOf(key)
    return (purpose, text) => (purpose === 'sessions' ? handles : addresses).hash(text)
  } catch (error) {
    throw new AuditdError(
      'config_invalid',
      'configuration',
      'MCP_AUDIT_KEY',
      'must be 32 bytes in hex or base64',
      error,
    )
  }
}
