/** Access tokens of Entra: asked for once for everybody who waits, kept until shortly before they end, and never in a reason or a log. */
import { AuditdError } from '../../../schemas/errors.ts'
import type { Exchange, TargetAnswer, TargetRequest } from '../../../schemas/ports.ts'
import { retryAfterMs } from '../delivery/retry-after.ts'

/** A token, or why there is none now. `afterMs`: asking sooner does not help. */
export type TokenAnswer =
  | { readonly token: string }
  | { readonly token?: undefined; readonly reason: string; readonly afterMs?: number }
export interface TokenSource {
  /** `not`: a token that the service has refused; another is asked for. */
  token(exchange: Exchange, not?: string): Promise<TokenAnswer>
}
/** One way to ask. Throws AuditdError where nothing was answered. */
export type AskToken = (exchange: Exchange) => Promise<TargetAnswer>

/** A token that ends within this time is replaced; while that fails it is used to its end. */
const EARLY_MS = 300_000
/** Wrong secrets and missing identities need a person: asking often does not help, and Entra locks out who does. */
const OPERATOR_PAUSE_MS = 600_000

export function cachedToken(ask: AskToken): TokenSource {
  let held: { readonly token: string; readonly endsMs: number; readonly renewMs: number } | undefined
  let asking: Promise<TokenAnswer> | undefined

  const renew = async (exchange: Exchange): Promise<TokenAnswer> => {
    const answer = await ask(exchange)
    const nowMs = exchange.clock.nowMs()
    const grant = answer.status === 200 ? grantOf(answer.body, nowMs) : undefined
    if (grant === undefined) return refusalOf(answer, nowMs)
    held = grant
    return { token: grant.token }
  }
  const renewOnce = (exchange: Exchange): Promise<TokenAnswer> => {
    asking ??= renew(exchange).finally(() => {
      asking = undefined
    })
    return asking
  }
  return {
    async token(exchange, not) {
      const nowMs = exchange.clock.nowMs()
      if (held !== undefined && (held.token === not || held.endsMs <= nowMs)) held = undefined
      if (held !== undefined && held.renewMs > nowMs) return { token: held.token }
      const usable = held
      try {
        const answer = await renewOnce(exchange)
        return answer.token === undefined && usable !== undefined ? { token: usable.token } : answer
      } catch (error) {
        if (usable !== undefined) return { token: usable.token }
        if (error instanceof AuditdError) return { reason: `no token: ${error.message}` }
        throw error
      }
    },
  }
}

/** `expires_in` in seconds; managed identities answer it as text, some only `expires_on`, in seconds since 1970. */
function grantOf(body: string, nowMs: number) {
  const { access_token: token, expires_in: seconds, expires_on: end } = objectOf(body)
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(token)) return undefined
  const lifeMs = seconds === undefined ? Number(end) * 1_000 - nowMs : Number(seconds) * 1_000
  if (!(lifeMs > 0)) return undefined
  return { token, endsMs: nowMs + lifeMs, renewMs: nowMs + lifeMs - Math.min(EARLY_MS, lifeMs / 2) }
}

/** What an operator reads of the codes that set-ups get wrong; everything else is a number and one of OAuth's words. */
const CODES: Readonly<Record<number, string>> = {
  7000215: 'the client secret is wrong, or is its id',
  7000222: 'the client secret has expired',
  700016: 'the directory has no such application',
  90002: 'there is no such directory (tenant)',
  500011: 'the directory knows no such audience',
  53003: 'Conditional Access refuses it',
}
const WORDS = new Set([
  ...['invalid_client', 'invalid_request', 'invalid_scope', 'invalid_grant', 'invalid_resource'],
  ...['unauthorized_client', 'access_denied', 'temporarily_unavailable', 'server_error'],
])

/** The description of an error may repeat what was sent; only codes and known words of it are told. */
function refusalOf(answer: TargetAnswer, nowMs: number): TokenAnswer {
  const { error, error_codes: codes } = objectOf(answer.body)
  const word = typeof error === 'string' && WORDS.has(error) ? ` ${error}` : ''
  const code = Array.isArray(codes) && Number.isInteger(codes[0]) ? (codes[0] as number) : undefined
  const text = code === undefined ? word : `${word} AADSTS${code}${CODES[code] === undefined ? '' : `: ${CODES[code]}`}`
  const reason = `no token: status ${answer.status}${text}`
  const passing = answer.status === 429 || answer.status >= 500 || answer.status === 410 || answer.status === 200
  const afterMs = Math.max(retryAfterMs(answer.headers, nowMs) ?? 0, passing ? 0 : OPERATOR_PAUSE_MS)
  return afterMs === 0 ? { reason } : { reason, afterMs }
}

function objectOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

export interface ClientCredential {
  /** Where tokens are issued: `https://login.microsoftonline.com`, other clouds have their own. */
  readonly authority: string
  readonly tenantId: string
  readonly clientId: string
  /** Audience of the token; its scope is `<audience>/.default`. */
  readonly audience: string
}
/** How an application shows that it is itself: a secret, or a signed assertion of the cluster it runs in, read anew each time. */
export type ClientProof = { readonly secret: string } | { readonly assertion: () => Promise<string> }

/** The OAuth client-credentials grant at the v2.0 endpoint. */
export function clientToken(credential: ClientCredential, proof: ClientProof): TokenSource {
  const { authority, tenantId, clientId, audience } = credential
  return cachedToken(async (exchange) => {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope: `${audience.replace(/\/$/, '')}/.default`,
      ...('secret' in proof
        ? { client_secret: proof.secret }
        : {
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: await proof.assertion(),
          }),
    })
    const request: TargetRequest = {
      url: `${authority.replace(/\/$/, '')}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    }
    return exchange.send(request)
  })
}
