/**
 * How a credential that a server sends out relates to its caller's: the same one passed through, one exchanged for it, the server's
 * own, or none. Compared in process; what is remembered are hashes under a key that never leaves the process.
 */
import { randomBytes } from 'node:crypto'
import { claimsOf } from '../identity/claims.ts'
import { KeyedHash } from '../keys/keyed-hash.ts'
import type { CallInFlight } from '../messages/call-in-flight.ts'
import { namesOf } from '../names.ts'

export type CredentialRelation = 'same_token' | 'exchanged' | 'service_identity' | 'none' | 'unknown'

/** Header names and values as they are sent; names in any case. */
export type SentHeaders = Iterable<readonly [name: string, value: string]>

const hashes = new KeyedHash(randomBytes(32))
/** Hash of a token that an authorization server handed out -> hash of the caller's token it was exchanged for. Bounded; the oldest goes. */
const exchanged = new Map<string, string>()
/** Tokens handed out by an exchange whose request could not be read (Node without the channels for bodies). */
const unexplained = new Set<string>()
const MAX_REMEMBERED = 4_096
/** Shorter texts are not looked for in other headers: they would be found by accident. */
const MIN_TOKEN_CHARACTERS = 16

/** Headers that carry a credential by name; any header that holds the caller's token is one too. */
const CREDENTIAL_HEADER = /^(authorization|proxy-authorization|cookie|x-api-key|api-key|x-auth-token|x-access-token)$/i
const SCHEME = /^(?:bearer|dpop|token)\s+/i

/** The bearer token that the call came with: of the verifier, else of its header. */
export function callerToken({ extra }: CallInFlight): string | undefined {
  const { token } = (extra?.authInfo ?? {}) as { token?: unknown }
  if (typeof token === 'string' && token !== '') return token
  const plain = extra?.requestInfo?.headers?.['authorization']
  const fetched = typeof extra?.request?.headers?.get === 'function' ? extra.request.headers.get('authorization') : null
  const header = (Array.isArray(plain) ? plain[0] : plain) ?? fetched
  return typeof header === 'string' && SCHEME.test(header) ? header.replace(SCHEME, '') : undefined
}

export interface SentCredential {
  readonly relation: CredentialRelation
  /** Audiences of the token that is sent, when it is a JWT. */
  readonly audiences: string[] | undefined
}

/** `target` is path and query: a token in it is passed through as much as one in a header. */
export function sentCredential(call: CallInFlight, headers: SentHeaders, target: string): SentCredential {
  const token = callerToken(call)
  const isLong = token !== undefined && token.length >= MIN_TOKEN_CHARACTERS
  let sent: string | undefined
  let isSame = isLong && target.includes(token)
  let isPresent = isSame
  for (const [name, value] of headers) {
    const isCredential = CREDENTIAL_HEADER.test(name)
    if (token !== undefined && (isLong ? value.includes(token) : isCredential && value.replace(SCHEME, '') === token))
      isSame = true
    if (!isCredential) continue
    isPresent = true
    if (/^authorization$/i.test(name)) sent = value.replace(SCHEME, '')
  }
  const claims = isSame ? claimsOf(token!) : sent === undefined ? undefined : claimsOf(sent)
  const audiences = claims?.kind === 'jwt' ? namesOf(claims.payload['aud']) : undefined
  if (isSame) return { relation: 'same_token', audiences }
  if (!isPresent) return { relation: 'none', audiences: undefined }
  return { relation: sent === undefined ? 'service_identity' : relationOf(sent, token), audiences }
}

function relationOf(sent: string, token: string | undefined): CredentialRelation {
  const key = hashes.hash(sent)
  const origin = exchanged.get(key)
  if (origin !== undefined)
    return token !== undefined && origin === hashes.hash(token) ? 'exchanged' : 'service_identity'
  return unexplained.has(key) ? 'unknown' : 'service_identity'
}

/**
 * An answer of a token endpoint during a call: what it handed out came from the caller's token when the request named it (RFC 8693
 * subject_token, RFC 7523 assertion, Entra on-behalf-of). `body`: of the request, undefined where this Node does not show it.
 */
export function tokenHandedOut(call: CallInFlight, body: string | undefined, answer: string): void {
  const token = callerToken(call)
  if (token === undefined) return
  const issued = issuedToken(answer)
  if (issued === undefined) return
  if (body === undefined) {
    if (unexplained.size >= MAX_REMEMBERED) unexplained.delete(unexplained.values().next().value!)
    unexplained.add(hashes.hash(issued))
  } else if (body.includes(token) || body.includes(encodeURIComponent(token))) {
    if (exchanged.size >= MAX_REMEMBERED) exchanged.delete(exchanged.keys().next().value!)
    exchanged.set(hashes.hash(issued), hashes.hash(token))
  }
}

function issuedToken(answer: string): string | undefined {
  try {
    const { access_token } = JSON.parse(answer) as { access_token?: unknown }
    return typeof access_token === 'string' ? access_token : undefined
  } catch {
    return undefined
  }
}
