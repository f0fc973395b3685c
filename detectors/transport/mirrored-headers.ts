/** Headers that say something else than the body: what was carried out all the same, and refusals that add up. */
import type { Match } from '../rule.ts'

const MAX_REFUSED = 16
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
    known.refusedMs = [...known.refusedMs, e.ts].filter((ms) => e.ts - ms < burstMs).slice(-MAX_REFUSED)
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
  if (e.method === 'tools/list') known.isRefetched ||= known.refusedMs.length > 0
  if (e.headerCheck !== 'mismatch' && e.headerCheck !== 'missing') return undefined
  return e.processed ? executed(e) : undefined
}

/** A header that is missing misleads nobody who looks for it; the version alone decides nothing about rights. */
function executed({ headerCheck, headerMismatches, method, tool }: Request): Match {
  const what = `${tool || method || 'a request'} was carried out`
  if (headerCheck === 'missing')
    return { severity: 'low', saw: `${what} without ${listed(headerMismatches)}`, expected: 'headers as in the body' }
  const isVersionAlone =
    headerMismatches.length > 0 && headerMismatches.every((name) => name === 'mcp-protocol-version')
  return {
    severity: isVersionAlone ? 'medium' : 'high',
    saw: `${what} although ${listed(headerMismatches)} said otherwise`,
    expected: 'error -32020',
    evidence: { headers: headerMismatches },
  }
}
const listed = (names: readonly string[]): string => names.slice(0, 4).join(' ') || 'its headers'

/** A call that succeeds after the tools were asked for anew: the client had an old schema. */
export function noteSuccess(known: Mismatches): void {
  if (!known.isRefetched) return
  known.isRefetched = false
  known.refusedMs = []
}
