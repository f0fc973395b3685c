/** Who is sending: bearer tokens of configured producers, or everybody as `default` on a loopback address without keys. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../../schemas/ports.ts'

/** Answers undefined when the request proves nothing. */
export type Authenticate = (headers: IncomingHttpHeaders) => Caller | undefined

/** A producer's key with its secret resolved. */
export interface ProducerKey {
  readonly keyId: string
  readonly secret: string
  readonly tenant: string
  readonly servers: readonly string[]
  readonly role?: string
}

/** Without keys: tenant `default`, and everything the sender says about itself is claimed. */
export const claimedCaller: Authenticate = () => ({ tenant: 'default', producer: '', claimed: true })

/**
 * `Authorization: Bearer <secret>`. Tokens are found by their SHA-256, so no comparison depends on how much of one is right. Secrets may
 * change while we run: they are compared by identity with those the table was made of.
 */
export function bearerCallers(keys: readonly ProducerKey[]): Authenticate {
  let secrets: readonly string[] = []
  let callers = new Map<string, Caller>()
  return ({ authorization }) => {
    if (keys.length !== secrets.length || keys.some(({ secret }, at) => secret !== secrets[at])) {
      secrets = keys.map(({ secret }) => secret)
      callers = callersOf(keys)
    }
    const token = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    return token === undefined ? undefined : callers.get(digest(token))
  }
}

function callersOf(keys: readonly ProducerKey[]): Map<string, Caller> {
  return new Map<string, Caller>(
    keys.map((key) => [
      digest(key.secret),
      {
        tenant: key.tenant,
        producer: key.keyId,
        claimed: false,
        ...(key.servers.length === 0 ? {} : { servers: key.servers }),
        ...(key.role === 'operator' && { governs: true }),
      },
    ]),
  )
}

const digest = (secret: string): string => createHash('sha256').update(secret).digest('base64')
