/** Verifies bearer tokens as a resource server should: signature by the issuer's JWKS, issuer, expiry and audience. */
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { ISSUER } from './identity-provider.ts'

/** Deliberate misconfigurations, off unless a scenario switches one on: each gives a control failure to find. */
export interface Weaknesses {
  /** Tokens made for another service are accepted. */
  acceptsAnyAudience: boolean
  /** Requests without a token are served. */
  servesWithoutToken: boolean
  /** State of a multi-round-trip call is not bound to the person it was handed to. */
  leavesStateUnbound: boolean
}
export const sound = (): Weaknesses => ({
  acceptsAnyAudience: false,
  servesWithoutToken: false,
  leavesStateUnbound: false,
})

export interface TokenVerifier {
  verifyAccessToken(token: string): Promise<AuthInfo>
}

/** `refuse` makes the error the SDK in use turns into 401: SDK v1 and v2 have a class of their own. */
export function tokenVerifier(
  jwksUrl: URL,
  audience: string,
  weaknesses: Weaknesses,
  refuse: (reason: string) => Error,
): TokenVerifier {
  const keys = createRemoteJWKSet(jwksUrl)
  return {
    async verifyAccessToken(token) {
      const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, algorithms: ['RS256', 'ES256'] }).catch(
        (error: Error) => {
          throw refuse(error.message)
        },
      )
      if (!weaknesses.acceptsAnyAudience && !isFor(payload, audience)) throw refuse('the token is for another service')
      return authInfo(token, payload)
    },
  }
}

/** Host names have no case, and one trailing slash does not make another service. */
const plain = (audience: string): string =>
  audience.replace(/\/$/, '').replace(/^[a-z]+:\/\/[^/]+/i, (host) => host.toLowerCase())
const isFor = (payload: JWTPayload, audience: string): boolean =>
  [payload.aud ?? []].flat().some((own) => plain(own) === plain(audience))

const authInfo = (token: string, payload: JWTPayload): AuthInfo => ({
  token,
  clientId: String(payload['client_id']),
  scopes: String(payload['scope'] ?? '')
    .split(' ')
    .filter((scope) => scope !== ''),
  ...(payload.exp === undefined ? {} : { expiresAt: payload.exp }),
  extra: { subject: payload.sub ?? '' },
})
