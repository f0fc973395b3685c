/** Credentials: which tenant and servers a bearer token or a Kafka record key speaks for. */
import { resolveSecret, type SecretPlace, watchSecret } from '../collector/instrument/keys/secret.ts'
import type { Config } from '../schemas/config.ts'
import { AuditdError } from '../schemas/errors.ts'
import type { Caller, Telemetry } from '../schemas/ports.ts'

const SHORTEST_SECRET_CHARS = 32
/** A credential with its secret resolved: a bearer token over OTLP, an HMAC key on Kafka. */
export interface KnownKey {
  readonly keyId: string
  readonly secret: string
  readonly tenant: string
  readonly servers: readonly string[]
  readonly caller: Caller
  readonly role: 'producer' | 'collector' | 'operator'
}

/** What is wrong with how a secret is kept goes to the log. */
export const warnOf =
  (telemetry: Telemetry | undefined) =>
  (reason: string): void =>
    telemetry?.log('secret_exposed', { reason })
const placeOf = (keyId: string): SecretPlace => ({ component: 'credentials', field: keyId })
const bad = (keyId: string, reason: string): AuditdError =>
  new AuditdError('config_invalid', 'credentials', keyId, reason)

/** Throws AuditdError('config_invalid') for a secret that is missing, too short or not the only one of its kind. */
export async function loadKeys(settings: Config, telemetry?: Telemetry): Promise<readonly KnownKey[]> {
  const keys = await Promise.all(
    settings.credentials.map(async ({ keyId, secret, tenant, servers, role }) => {
      const value = await resolveSecret(secret, placeOf(keyId), { warn: warnOf(telemetry) })
      assertLong(keyId, value)
      return {
        keyId,
        secret: value,
        tenant,
        servers,
        role,
        caller: { tenant, servers, producer: keyId, claimed: false, ...(role === 'operator' && { governs: true }) },
      }
    }),
  )
  for (const [at, { keyId, secret }] of keys.entries()) {
    // Whose events would they be?
    if (keys.slice(0, at).some((other) => other.keyId === keyId)) throw bad(keyId, 'is the name of two credentials')
    assertSole(keyId, secret, keys.slice(0, at))
  }
  return keys
}

function assertLong(keyId: string, secret: string): void {
  if (secret.length < SHORTEST_SECRET_CHARS)
    throw bad(keyId, `secret must have at least ${SHORTEST_SECRET_CHARS} characters`)
}
function assertSole(keyId: string, secret: string, others: readonly KnownKey[]): void {
  const other = others.find((key) => key.secret === secret)
  if (other !== undefined) throw bad(keyId, `has the secret of ${other.keyId}`)
}

/**
 * The credentials as bearer tokens, which follow their files and commands: a producer that is told 401 reads its own again and repeats.
 * Keys of Kafka records stay what they were at the start, because records signed with them still lie in the log: they rotate by a
 * second key id.
 */
export function followBearers(
  settings: Config,
  keys: readonly KnownKey[],
  telemetry: Telemetry,
  everyMs?: number,
): { readonly bearers: readonly KnownKey[]; stop(): void } {
  const bearers = keys.map((key) => ({ ...key }))
  const stops = settings.credentials.map(({ keyId, secret }, at) => {
    const bearer = bearers[at]!
    return watchSecret(secret, placeOf(keyId), bearer.secret, {
      ...(everyMs !== undefined && { everyMs }),
      changed(value) {
        assertLong(keyId, value)
        assertSole(
          keyId,
          value,
          bearers.filter((other) => other !== bearer),
        )
        bearer.secret = value
        telemetry.log('secret_changed', { keyId })
      },
      failed: (error) => telemetry.log('secret_unreadable', { keyId, reason: String(error) }),
    })
  })
  return { bearers, stop: () => stops.forEach((end) => void end()) }
}
