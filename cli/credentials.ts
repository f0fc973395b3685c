/** Credentials: which tenant and servers a bearer token or a Kafka record key speaks for. */
import type { Config } from '../schemas/config.ts'
import { AuditdError } from '../schemas/errors.ts'
import type { Caller } from '../schemas/ports.ts'
import { resolveSecret } from './secrets.ts'

const SHORTEST_SECRET_CHARS = 32
/** A credential with its secret resolved: a bearer token over OTLP, an HMAC key on Kafka. */
export interface KnownKey {
  readonly keyId: string
  readonly secret: string
  readonly tenant: string
  readonly servers: readonly string[]
  readonly caller: Caller
  readonly role: 'producer' | 'collector'
}

/** Secrets are read once at start. Throws AuditdError('config_invalid') for a secret that is missing, too short or not the only one of its kind. */
export async function loadKeys(settings: Config): Promise<readonly KnownKey[]> {
  const keys = await Promise.all(
    settings.credentials.map(async ({ keyId, secret, tenant, servers, role }) => {
      const value = await resolveSecret(secret)
      if (value.length < SHORTEST_SECRET_CHARS)
        throw new AuditdError(
          'config_invalid',
          'credentials',
          keyId,
          `secret must have at least ${SHORTEST_SECRET_CHARS} characters`,
        )
      return {
        keyId,
        secret: value,
        tenant,
        servers,
        role,
        caller: { tenant, servers, producer: keyId, claimed: false },
      }
    }),
  )
  for (const [at, { keyId, secret }] of keys.entries())
    for (const other of keys.slice(0, at)) {
      // Whose events would they be?
      if (other.keyId === keyId) throw shared(keyId, 'is the name of two credentials')
      if (other.secret === secret) throw shared(keyId, `has the secret of ${other.keyId}`)
    }
  return keys
}

const shared = (keyId: string, reason: string): AuditdError =>
  new AuditdError('config_invalid', 'credentials', keyId, reason)
