/** OAuth requests that the SDK's router refuses before the provider is asked: only an edge can see how they end. */

import { type Exchange, exchangeInFlight } from '../edge/exchange.ts'
import { queryOf } from '../edge/http-head.ts'
import { nameOf } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'
import {
  clientIdOf,
  clientKindOf,
  type OAuthClientLike,
  pkceFields,
  redirectFields,
  stateFields,
  tellOAuth,
  wordsOf,
} from './oauth-facts.ts'

interface Asked {
  client: OAuthClientLike | undefined
  /** The provider was asked, and tells. */
  isProviders: boolean
  /** The challenge of the code was looked up: the verifier that came is compared with it. */
  isVerified: boolean
}
const asked = new WeakMap<Exchange, Asked>()

/** A client is looked up: the exchange is one of the authorization server, whatever becomes of it. */
export function clientLookedUp(options: InstrumentOptions, client: OAuthClientLike | undefined): void {
  const exchange = exchangeInFlight()
  if (exchange === undefined) return
  exchange.told.add('oauth')
  const known = asked.get(exchange)
  if (known !== undefined) {
    known.client ??= client
    return
  }
  const state: Asked = { client, isProviders: false, isVerified: false }
  asked.set(exchange, state)
  exchange.whenAnswered((status) => {
    if (!state.isProviders) tellRefused(options, exchange, state, status)
  })
}

export function providerAsked(): void {
  const state = stateInFlight()
  if (state !== undefined) state.isProviders = true
}
export function verifierCompared(): void {
  const state = stateInFlight()
  if (state !== undefined) state.isVerified = true
}
function stateInFlight(): Asked | undefined {
  const exchange = exchangeInFlight()
  return exchange === undefined ? undefined : asked.get(exchange)
}

function tellRefused(
  options: InstrumentOptions,
  exchange: Exchange,
  { client, isVerified }: Asked,
  status: number,
): void {
  const redirected = errorIn(exchange.answer('location'))
  if (status < 400 && redirected === undefined) return
  const given = parametersOf(exchange)
  const reason = nameOf(redirected) ?? `status ${status}`
  const oauthClientId = clientIdOf(client, given('client_id'))
  const who = { oauthClientId, clientKey: oauthClientId, clientKind: clientKindOf(oauthClientId), decision: 'deny' }
  const resource = given('resource')
  if (given('grant_type') !== undefined)
    tellOAuth(
      options,
      ({ hashes: { tokens } }) => ({
        eventType: 'oauth.token',
        ...who,
        grantType: nameOf(given('grant_type')),
        requestedScopes: wordsOf(given('scope')),
        resource: wordsOf(resource),
        codeFp: hashOf(tokens, given('code')),
        refreshFp: hashOf(tokens, given('refresh_token')),
        pkcePresent: given('code_verifier') !== undefined,
        verifierOk: isVerified ? false : undefined,
        reason: isVerified ? 'code_verifier does not fit' : reason,
      }),
      exchange,
    )
  else if (given('response_type') !== undefined || given('redirect_uri') !== undefined)
    tellOAuth(
      options,
      (context) => ({
        eventType: 'oauth.authorize',
        ...who,
        ...redirectFields(context, given('redirect_uri'), client),
        ...pkceFields(given('code_challenge'), given('code_challenge_method')),
        ...stateFields(context, given('state')),
        scopes: wordsOf(given('scope')),
        resource: wordsOf(resource),
        consentState: 'none',
        reason,
      }),
      exchange,
    )
}

const hashOf = (tokens: { hash(text: string): string }, value: string | undefined): string | undefined =>
  value === undefined || value === '' ? undefined : tokens.hash(value)

/** Parameters of the form that somebody has parsed, else of the query. */
function parametersOf(exchange: Exchange): (name: string) => string | undefined {
  const body = exchange.parsedBody()
  if (exchange.head.verb === 'POST' && body !== null && typeof body === 'object')
    return (name) => {
      const value = (body as Record<string, unknown>)[name]
      return typeof value === 'string' ? value : undefined
    }
  const query = queryOf(exchange.head)
  return (name) => query.get(name) ?? undefined
}

/** `error` that an answer sends back to the client by redirect. */
export function errorIn(location: string | undefined): string | undefined {
  if (location === undefined || !URL.canParse(location)) return undefined
  return new URL(location).searchParams.get('error') ?? undefined
}
