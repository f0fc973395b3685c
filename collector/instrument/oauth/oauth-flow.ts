/** The parts of an OAuth flow that only its author sees: consent, the way upstream and back, documents of clients. One line each. */

import type { AuditContext } from '../audit-context.ts'
import { elapsedMs, type Instant, instantNow } from '../clock.ts'
import { addressClass } from '../edge/address-class.ts'
import { canonical } from '../keys/canonical.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { clientKeyOf, nameOf, namesOf, reasonOf, trustedName } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'
import { clientKindOf, type OAuthClientLike, registrationFields, stateFields, tellOAuth } from './oauth-facts.ts'

export type ConsentState = 'granted' | 'required' | 'skipped' | 'none' | 'unknown'

export interface ConsentSeen {
  readonly clientId: string
  readonly granted: boolean
  readonly scopes?: readonly string[] | undefined
  /** The cookie that remembers it is bound to this client. */
  readonly cookieBound?: boolean | undefined
  /** State or cookie was set before the person agreed. */
  readonly beforeConsent?: boolean | undefined
}
export interface UpstreamRedirect {
  readonly clientId: string
  /** Where the person is sent: host, client id and state are read from it. */
  readonly url: string | URL
  readonly consentState?: ConsentState | undefined
}
export interface CallbackSeen {
  /** The URL that was called back, or its parameters. */
  readonly url: string | URL | URLSearchParams
  /** Issuer the request was sent to (RFC 9207), where the upstream server says that it answers with one. */
  readonly expectedIssuer?: string | undefined
  /** What the server makes of it, where that differs from state and issuer. */
  readonly ok?: boolean | undefined
}

const client = (id: string) => {
  const oauthClientId = clientKeyOf(id)
  return { oauthClientId, clientKey: oauthClientId, clientKind: clientKindOf(id) }
}

/** The person has answered your consent page. */
export function auditConsent(consent: ConsentSeen, options: InstrumentOptions = {}): void {
  const { clientId, granted, scopes, cookieBound, beforeConsent } = consent
  tellOAuth(options, () => ({
    eventType: 'oauth.consent',
    ...client(clientId),
    decision: granted ? 'allow' : 'deny',
    granted,
    scopes: namesOf(scopes),
    cookieBound,
    beforeConsent,
  }))
}

/** You send the person on to another authorization server. The state is remembered for `auditCallback`. */
export function auditUpstreamRedirect(redirect: UpstreamRedirect, options: InstrumentOptions = {}): void {
  tellUpstream(redirect, options)
}

export function tellUpstream({ clientId, url, consentState }: UpstreamRedirect, options: InstrumentOptions): void {
  tellOAuth(options, (context) => {
    const to = new URL(url)
    const state = to.searchParams.get('state')
    remember(context, state)
    return {
      eventType: 'oauth.upstream_redirect',
      ...client(clientId),
      upstreamHost: trustedName(to.host),
      upstreamClientId: nameOf(to.searchParams.get('client_id') ?? undefined),
      ...stateFields(context, state),
      consentState: consentState ?? 'unknown',
    }
  })
}

interface HandedOut {
  readonly at: Instant
  isUsed: boolean
}
/** States that were handed out, by keyed hash; the oldest go. */
const states = new WeakMap<AuditContext, Map<string, HandedOut>>()
const MAX_STATES = 4_096

function remember(context: AuditContext, state: string | null): void {
  if (state === null) return
  const known = states.get(context) ?? new Map<string, HandedOut>()
  states.set(context, known)
  if (known.size >= MAX_STATES) known.delete(known.keys().next().value!)
  known.set(context.hashes.handles.hash(state), { at: instantNow(), isUsed: false })
}

/** Also when that was before a switch of keys. */
function handedOutAs(context: AuditContext, stateFp: string): HandedOut | undefined {
  const known = states.get(context)
  const hash = [stateFp, ...context.keyRing.formerOf(stateFp)].find((each) => known?.has(each))
  return hash === undefined ? undefined : known?.get(hash)
}

/** The other authorization server has called back. */
export function auditCallback({ url, expectedIssuer, ok }: CallbackSeen, options: InstrumentOptions = {}): void {
  tellOAuth(options, (context) => {
    const parameters = url instanceof URLSearchParams ? url : new URL(url, 'http://callback.invalid').searchParams
    const [code, iss, error] = ['code', 'iss', 'error'].map((name) => parameters.get(name) ?? undefined)
    const fields = stateFields(context, parameters.get('state'))
    const handedOut = handedOutAs(context, fields.stateFp ?? '')
    const stateReused = handedOut?.isUsed === true
    const stateOk = handedOut !== undefined && !stateReused
    if (handedOut !== undefined) handedOut.isUsed = true
    const issuerOk =
      expectedIssuer === undefined
        ? 'not_expected'
        : iss === undefined
          ? 'missing'
          : iss === expectedIssuer
            ? 'ok'
            : 'mismatch'
    const isSound = stateOk && (issuerOk === 'ok' || issuerOk === 'not_expected')
    return {
      eventType: 'oauth.callback',
      decision: (ok ?? isSound) ? 'allow' : 'deny',
      ...fields,
      stateOk,
      stateAgeMs: handedOut === undefined ? undefined : elapsedMs(handedOut.at, instantNow()),
      stateReused,
      issuerOk,
      codeFp: code === undefined ? undefined : context.hashes.tokens.hash(code),
      error: nameOf(error),
    }
  })
}

const MAX_DOCUMENT_CHARACTERS = 65_536

/**
 * Around the fetch of a client metadata document: `await auditClientMetadata(clientId, () => fetch(clientId))`. The answer is the given
 * one, unread. `address`: the one it was fetched from, where you know it; a literal address in the URL is known without.
 */
export async function auditClientMetadata(
  clientId: string,
  fetchDocument: () => Promise<Response>,
  options: InstrumentOptions & { readonly address?: string | undefined } = {},
): Promise<Response> {
  let response: Response
  try {
    response = await fetchDocument()
  } catch (error) {
    tellDocument(clientId, options, 0, undefined, reasonOf(error, ''))
    throw error
  }
  try {
    const copy = response.clone()
    void copy.text().then(
      (text) => tellDocument(clientId, options, response.status, text),
      () => tellDocument(clientId, options, response.status, undefined),
    )
  } catch {
    tellDocument(clientId, options, response.status, undefined)
  }
  return response
}

function tellDocument(
  clientId: string,
  options: InstrumentOptions & { readonly address?: string | undefined },
  status: number,
  text: string | undefined,
  error?: string,
): void {
  tellOAuth(options, (context) => {
    const document = text === undefined || text.length > MAX_DOCUMENT_CHARACTERS ? undefined : parsed(text)
    const host = URL.canParse(clientId) ? new URL(clientId).host : ''
    const { wildcardRedirect: _, ...fields } = registrationFields(context, document ?? {})
    const isFetched = status >= 200 && status < 300 && document !== undefined
    return {
      eventType: 'oauth.cimd_fetched',
      ...client(clientId),
      decision: isFetched ? 'allow' : 'deny',
      errorCode: error,
      ...(document !== undefined && fields),
      documentHost: trustedName(host),
      documentHash: document === undefined ? undefined : sha256(canonical(document) ?? ''),
      documentIpClass: addressClass(options.address ?? host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')),
      status,
      clientIdMatch: document?.client_id === clientId,
    }
  })
}

function parsed(text: string): OAuthClientLike | undefined {
  try {
    const document: unknown = JSON.parse(text)
    return document !== null && typeof document === 'object' && !Array.isArray(document) ? document : undefined
  } catch {
    return undefined
  }
}
