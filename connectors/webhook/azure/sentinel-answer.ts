/** What an answer of the Logs Ingestion API means: for these rows, for the token, for the rule that takes them. */
import type { TargetAnswer, TargetVerdict } from '../../../schemas/ports.ts'

export type Meaning =
  /** A verdict for every row of the call. */
  | { readonly kind: 'verdict'; readonly verdict: TargetVerdict }
  /** The token is no longer taken. */
  | { readonly kind: 'token'; readonly verdict: TargetVerdict }
  /** The call is too large, or holds a row that is wrong. */
  | { readonly kind: 'large' | 'wrong'; readonly reason: string }

/** Roles, rules and streams are mended by a person, and a new role takes minutes until it is seen. */
const OPERATOR_PAUSE_MS = 600_000
/** Codes of a 400 that speak of the address and not of the rows: repeating helps once somebody has mended it. */
const ADDRESS_CODES =
  /^(InvalidStream|InvalidDcrImmutableId|InvalidApiVersion|UnsupportedApiVersion|MissingApiVersionParameter)$/

export function meaningOf(answer: TargetAnswer): Meaning {
  const { status } = answer
  switch (status) {
    case 204:
      return { kind: 'verdict', verdict: { kind: 'delivered' } }
    case 400: {
      const code = codeOf(answer.body)
      if (ADDRESS_CODES.test(code)) return operator(`status 400 ${code}: rule id or stream is wrong`)
      return { kind: 'wrong', reason: 'status 400: the service refuses the row' }
    }
    case 401:
      return { kind: 'token', verdict: again('status 401: the token is not taken', OPERATOR_PAUSE_MS) }
    case 403:
      return operator('status 403: the identity lacks Monitoring Metrics Publisher on the rule')
    case 404:
      return operator('status 404: no such rule (ruleId), or it has no such stream')
    case 413:
      return { kind: 'large', reason: 'status 413: a row is too large however far it is cut' }
    default:
      return { kind: 'verdict', verdict: again(`status ${status}`) }
  }
}

export const again = (reason: string, afterMs?: number): TargetVerdict => ({
  kind: 'retry',
  reason,
  ...(afterMs === undefined ? {} : { afterMs }),
})
const operator = (reason: string): Meaning => ({ kind: 'verdict', verdict: again(reason, OPERATOR_PAUSE_MS) })

function codeOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown } | null }
    return typeof error?.code === 'string' ? error.code : ''
  } catch {
    return ''
  }
}
