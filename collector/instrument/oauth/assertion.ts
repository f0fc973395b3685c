/** Assertions of an enterprise’s identity provider (ID-JAG, RFC 7523) at a token endpoint of yours: what each says, against what it is used for. */
import type { AuditContext } from '../audit-context.ts'
import { type Claims, claimsOf, plainText } from '../identity/claims.ts'
import { clientKeyOf, reasonOf } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'
import { tellOAuth, wordsOf } from './oauth-facts.ts'

export interface AssertionSeen {
  readonly assertion: string
  /** The client that authenticated at the token endpoint. */
  readonly clientId: string
  /** Issuer of this authorization server: what the assertion must be meant for. */
  readonly issuer: string
  /** Identifier of this MCP server; not compared where you leave it out. */
  readonly resource?: string | undefined
  /** What the token endpoint made of it. Leave it out when tokens were issued. */
  readonly error?: unknown
}

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Clocks of identity providers are allowed to be off by so much. */
const LEEWAY_SECONDS = 120

/** To be called once for each request of this grant, when it is decided. Never throws. */
export function auditAssertion(seen: AssertionSeen, options: InstrumentOptions = {}): void {
  tellOAuth(options, (context) => {
    const { assertion, clientId, error } = seen
    const claims = claimsOf(assertion)
    const { payload } = claims
    const oauthClientId = clientKeyOf(clientId)
    const named = payload['client_id']
    return {
      eventType: 'oauth.token',
      decision: error === undefined ? 'allow' : 'deny',
      oauthClientId,
      clientKey: oauthClientId,
      grantType: GRANT,
      requestedScopes: wordsOf(payload['scope']),
      resource: wordsOf(payload['resource']),
      codeFp: idFpOf(context, claims),
      assertionClient: typeof named === 'string' ? clientKeyOf(named) : undefined,
      assertionFlaws: flawsOf(claims, seen, Date.now() / 1000),
      reason: error === undefined ? undefined : reasonOf(error, assertion),
    }
  })
}

function idFpOf({ hashes }: AuditContext, { payload }: Claims): string | undefined {
  const id = payload['jti']
  return typeof id === 'string' ? hashes.tokens.hash(`${plainText(payload['iss'])}\u0000${id}`) : undefined
}

function flawsOf({ header, payload }: Claims, seen: AssertionSeen, now: number): string[] {
  const { issuer, resource } = seen
  const flaws: string[] = []
  const typ = plainText(header['typ'])
    .toLowerCase()
    .replace(/^application\//, '')
  if (typ !== 'oauth-id-jag+jwt') flaws.push('type')
  if (!listOf(payload['aud']).some((each) => isSame(each, issuer))) flaws.push('audience')
  if (resource !== undefined && !listOf(payload['resource']).some((each) => isSame(each, resource)))
    flaws.push('resource')
  const { exp, nbf, iat } = payload
  if (typeof exp !== 'number' || exp + LEEWAY_SECONDS < now) flaws.push('expired')
  if ([nbf, iat].some((from) => typeof from === 'number' && from - LEEWAY_SECONDS > now)) flaws.push('not_yet_valid')
  if (typeof payload['jti'] !== 'string') flaws.push('no_id')
  return flaws
}

const MAX_NAMED = 32
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, MAX_NAMED) : [value])
/** Issuers and resources are compared as they are, but for one slash at the end. */
const isSame = (one: unknown, other: string): boolean =>
  typeof one === 'string' && one.replace(/\/$/, '') === other.replace(/\/$/, '')
