/** Why an answer refuses: read from its status, its challenge and the JSON-RPC error in its body. */
import type { Exchange } from './exchange.ts'
import { type AskedFor, askedFor } from './www-authenticate.ts'

/** `refusal` of http.request. */
export type RefusalKind =
  | 'origin'
  | 'host'
  | 'authorization'
  | 'scope'
  | 'protocol_version'
  | 'header_mismatch'
  | 'session'
  | 'method'
  | 'size'
  | 'other'

export interface Refusal {
  readonly kind: RefusalKind
  readonly asked: AskedFor
  /** JSON-RPC code as text, else the status. */
  readonly errorCode: string
  readonly decision: 'challenge' | 'deny' | 'error'
  /** Whether authorization was asked for: 401, or 403 with a challenge. */
  readonly isChallenge: boolean
  readonly headerCheck: 'mismatch' | 'missing' | undefined
  /** Names of the headers that do not agree. */
  readonly headerMismatches: readonly string[] | undefined
}

const HEADER_MISMATCH = -32020
const UNSUPPORTED_VERSION = -32022
const MISMATCHED = /\bmcp-(?:method|name|session-id|protocol-version|param-[\w-]{1,64})\b/gi

export function refusalOf(exchange: Exchange, status: number): Refusal {
  const asked = askedFor(exchange.answer('www-authenticate'))
  const { code, text } = errorOf(exchange.answerText)
  const isChallenge = status === 401 || (status === 403 && asked.schemes.length > 0)
  const isMismatch = code === HEADER_MISMATCH
  // Only names that we know by their looks: the rest of the text repeats what the caller sent.
  const named = isMismatch ? [...new Set((text.match(MISMATCHED) ?? []).map((name) => name.toLowerCase()))] : undefined
  return {
    kind: kindOf(exchange, status, asked, code, text),
    asked,
    errorCode: String(code ?? status),
    decision: isChallenge ? 'challenge' : status >= 500 ? 'error' : 'deny',
    isChallenge,
    headerCheck: isMismatch ? (/\b(missing|absent|required)\b/i.test(text) ? 'missing' : 'mismatch') : undefined,
    headerMismatches: named?.length ? named.slice(0, 32) : undefined,
  }
}

function kindOf(
  { head }: Exchange,
  status: number,
  { schemes, parameters }: AskedFor,
  code: number | undefined,
  text: string,
): RefusalKind {
  if (code === HEADER_MISMATCH) return 'header_mismatch'
  if (code === UNSUPPORTED_VERSION) return 'protocol_version'
  switch (status) {
    case 401:
      return 'authorization'
    case 403:
      if (schemes.length > 0) return parameters['error'] === 'insufficient_scope' ? 'scope' : 'authorization'
      // Both SDKs begin so; other servers are judged by what the request brought.
      if (/\bhost\b/i.test(text)) return 'host'
      if (/\borigin\b/i.test(text)) return 'origin'
      return 'other'
    case 404:
      return head.header('mcp-session-id') === undefined ? 'other' : 'session'
    case 405:
      return 'method'
    case 413:
      return 'size'
    case 400:
      if (/unsupported protocol version/i.test(text)) return 'protocol_version'
      if (/\bsession[- ]id\b/i.test(text)) return 'session'
      return 'other'
    default:
      return 'other'
  }
}

/** The error of a JSON-RPC answer, or any text; a body that was cut is text. */
function errorOf(body: string): { readonly code: number | undefined; readonly text: string } {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; message?: unknown; data?: unknown } }
    if (error === null || typeof error !== 'object') return { code: undefined, text: body }
    const code = Number.isSafeInteger(error.code) ? (error.code as number) : undefined
    return { code, text: `${String(error.message)} ${JSON.stringify(error.data) ?? ''}` }
  } catch {
    return { code: undefined, text: body }
  }
}
