/** Headers that say something else than the body: what was carried out all the same, and refusals that add up. */
import { keepNewest } from '../newest.ts'
import type { Match } from '../rule.ts'

const MAX_REFUSED = 16
const MAX_SHOWN = 4
/** JSON-RPC code of a refusal for this reason. */
const MISMATCH = '-32020'

/** Refusals of one sender, and whether it has asked for the tools anew since the last one. */
export type Mismatches = { refusedMs: number[]; isRefetched: boolean }
export const noMismatches = (): Mismatches => ({ refusedMs: [], isRefetched: false })

interface Request {
  readonly ts: number
  readonly method: string
  readonly tool: string
  readonly outcome: string
  readonly errorCode: string
  readonly refusal: string
  readonly processed: boolean
  readonly headerCheck: string
  readonly headerMismatches: readonly string[]
}
export const isRefusedMismatch = (e: Pick<Request, 'errorCode' | 'refusal'>): boolean =>
  e.errorCode === MISMATCH || e.refusal === 'header_mismatch'

export function judgeHeaders(
  e: Request,
  known: Mismatches,
  { burst, burstMs }: { readonly burst: number; readonly burstMs: number },
): Match | undefined {
  if (isRefusedMismatch(e)) {
    known.isRefetched = false
    known.refusedMs = [...known.refusedMs, e.ts].filter((ms) => e.ts - ms < burstMs)
    keepNewest(MAX_REFUSED, known.refusedMs)
    const times = known.refusedMs.length
    if (times < burst) return undefined
    known.refusedMs = []
    return {
      severity: 'medium',
      saw: `${times} requests whose headers and body disagree were refused`,
      expected: 'a client that asks for the tools anew and then agrees',
      evidence: { times, windowMs: burstMs },
    }
  }
  if (e.outcome !== '' && e.outcome !== 'ok' && e.outcome !== 'tool_error') return undefined
  if (e.headerCheck === 'mismatch' || e.headerCheck === 'missing') return e.processed ? executed(e) : undefined
  // What else comes here is the list of tools.
  known.isRefetched = true
  return undefined
}

/** A header that is missing misleads nobody who looks for it; the version alone decides nothing about rights. */
function executed({ headerCheck, headerMismatches, method, tool }: Request): Match {
  const names = headerMismatches.slice(0, MAX_SHOWN)
  const what = `${tool || method} was carried out`
  if (headerCheck === 'missing')
    return {
      severity: 'low',
      saw: `${what} without its headers ${names.join(' ')}`,
      expected: 'headers as in the body',
    }
  const isVersionAlone =
    headerMismatches.length > 0 && headerMismatches.every((name) => name === 'mcp-protocol-version')
  return {
    severity: isVersionAlone ? 'medium' : 'high',
    saw: `${what} although its headers said otherwise: ${names.join(' ')}`,
    expected: 'error -32020',
    evidence: { headers: headerMismatches },
  }
}

/** A call that succeeds after the tools were asked for anew: the client had an old schema. */
export function noteSuccess(known: Mismatches): void {
  if (!known.isRefetched) return
  known.isRefetched = false
  known.refusedMs = []
}
