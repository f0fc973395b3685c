/** `@mcp-auditd/instrument/oauth`: an authorization server or proxy that the MCP server hosts, by one call around its provider. */
import { exchangeInFlight } from './edge/exchange.ts'
import { auditTokenVerifier, type TokenAuditOptions } from './identity/token-audit.ts'
import { nameOf, trustedName } from './names.ts'
import {
  clientIdOf,
  type OAuthClientLike,
  pkceFields,
  redirectFields,
  registrationFields,
  stateFields,
  tellOAuth,
  wordsOf,
} from './oauth/oauth-facts.ts'
import { type ConsentState, tellUpstream } from './oauth/oauth-flow.ts'
import { clientLookedUp, errorIn, providerAsked } from './oauth/oauth-refusal.ts'
import {
  decided,
  reasonFor,
  watchedChallenge,
  watchedCode,
  watchedRefresh,
  watchedRevocation,
  who,
} from './oauth/oauth-token.ts'
import { type Method, settled } from './settled.ts'

export { type AssertionSeen, auditAssertion } from './oauth/assertion.ts'
export type { CallbackSeen, ConsentSeen, ConsentState, UpstreamRedirect } from './oauth/oauth-flow.ts'
export { auditCallback, auditClientMetadata, auditConsent, auditUpstreamRedirect } from './oauth/oauth-flow.ts'

export type OAuthAuditOptions = TokenAuditOptions & {
  /** Whether the person has agreed to this client, as far as the provider knows when it is asked to authorize. */
  readonly consentState?: ((client: object, params: object) => ConsentState | undefined) | undefined
}

/**
 * The same provider, observed: `mcpAuthRouter({ provider: auditOAuthProvider(provider, audit) })`. Any OAuthServerProvider of SDK v1,
 * ProxyOAuthServerProvider too. Answers and errors pass unchanged; with an edge in front also what the router refuses is seen.
 */
export function auditOAuthProvider<P extends object>(provider: P, options: OAuthAuditOptions = {}): P {
  const given = provider as P & { verifyAccessToken?: unknown }
  const verifying =
    typeof given.verifyAccessToken === 'function' ? auditTokenVerifier(given as never, options) : provider
  const wrapped: Readonly<Record<string, (method: Method) => Method>> = {
    authorize: (method) => watchedAuthorize(method, options),
    challengeForAuthorizationCode: (method) => watchedChallenge(method, options),
    exchangeAuthorizationCode: (method) => watchedCode(method, options),
    exchangeRefreshToken: (method) => watchedRefresh(method, options),
    revokeToken: (method) => watchedRevocation(method, options),
  }
  return new Proxy(verifying as P, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (isFixed(target, property)) return value
      if (property === 'clientsStore') return watchedStore(value, options)
      if (typeof value !== 'function' || property === 'constructor') return value
      // Bound to the real object: a class with private fields refuses a proxy as `this`.
      const method = value.bind(target) as Method
      return Object.hasOwn(wrapped, property) ? wrapped[property as string]!(method) : method
    },
  })
}

/** A frozen member may not be shown otherwise: it goes unobserved. */
function isFixed(target: object, property: string | symbol): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, property)
  return own?.configurable === false && own.writable === false
}

const stores = new WeakMap<object, object>()
/** A provider may build its store at every look; a store that cannot register must go on having no such method. */
function watchedStore(store: unknown, options: OAuthAuditOptions): unknown {
  if (store === null || typeof store !== 'object') return store
  const known = stores.get(store)
  if (known !== undefined) return known
  const made = new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function' || isFixed(target, property)) return value
      const method = value.bind(target) as Method
      if (property === 'getClient')
        return settled(method, (outcome) => clientLookedUp(options, outcome.value as OAuthClientLike | undefined))
      if (property !== 'registerClient') return method
      return settled(method, (outcome, [asked]) => {
        exchangeInFlight()?.told.add('oauth')
        const client = (outcome.error === undefined ? outcome.value : asked) as OAuthClientLike
        tellOAuth(options, (context) => {
          const { localhostOnly: _, ...fields } = registrationFields(context, client)
          const oauthClientId = outcome.error === undefined ? clientIdOf(client) : undefined
          return {
            eventType: 'oauth.client_registered',
            ...decided(outcome),
            registrationKind: 'dcr',
            clientKind: 'dcr',
            clientKey: oauthClientId,
            oauthClientId,
            ...fields,
            tokenAuthMethod: nameOf(client.token_endpoint_auth_method),
          }
        })
      })
    },
  })
  stores.set(store, made)
  return made
}

interface AuthorizationParams {
  readonly state?: string
  readonly scopes?: readonly string[]
  readonly codeChallenge?: string
  readonly redirectUri?: string
  readonly resource?: URL | string
}
interface ResponseLike {
  getHeader?(name: string): unknown
}

function watchedAuthorize(method: Method, options: OAuthAuditOptions): Method {
  const tell = settled(method, (outcome, [client, params, response]) => {
    const subject = client as OAuthClientLike
    const asked = (params ?? {}) as AuthorizationParams
    const header = exchangeInFlight()?.answer('location') ?? (response as ResponseLike)?.getHeader?.('location')
    const location = typeof header === 'string' ? header : undefined
    const refused = errorIn(location)
    const consentState = stateOf(options, subject, asked)
    tellOAuth(options, (context) => ({
      eventType: 'oauth.authorize',
      ...who(subject),
      ...redirectFields(context, asked.redirectUri, subject),
      // The router of the SDK takes no other method.
      ...pkceFields(asked.codeChallenge, 'S256'),
      ...stateFields(context, asked.state),
      scopes: wordsOf(asked.scopes),
      resource: asked.resource === undefined ? undefined : [trustedName(String(asked.resource))],
      consentState,
      decision: outcome.error === undefined && refused === undefined ? 'allow' : 'deny',
      reason: nameOf(refused) ?? reasonFor(outcome, asked.state),
    }))
    const isElsewhere = location !== undefined && !isAnswerTo(asked.redirectUri, location) && !isOwnPage(location)
    // While consent is still to be given, it is asked for there.
    if (outcome.error === undefined && isElsewhere && consentState !== 'required')
      tellUpstream({ clientId: String(subject.client_id), url: location, consentState }, options)
  })
  return (...args: never[]) => {
    providerAsked()
    return tell(...args)
  }
}

/** Whether a redirect delivers the answer to the client, and does not lead to somebody else’s authorization server. */
function isAnswerTo(redirectUri: string | undefined, location: string): boolean {
  if (redirectUri === undefined || !URL.canParse(redirectUri) || !URL.canParse(location)) return false
  const [own, to] = [new URL(redirectUri), new URL(location)]
  return own.origin === to.origin && own.host === to.host && own.pathname === to.pathname
}

/** A page of this server, such as one that asks for consent. */
const isOwnPage = (location: string): boolean =>
  !URL.canParse(location) || new URL(location).host === exchangeInFlight()?.head.header('host')

function stateOf(options: OAuthAuditOptions, client: object, params: object): ConsentState {
  try {
    return options.consentState?.(client, params) ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
