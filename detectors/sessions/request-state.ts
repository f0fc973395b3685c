/** What a client brings back as requestState: it is the client’s to change, so the server has to find out whether it did. */
import { wasRefused } from '../finding.ts'
import { type Match, NEVER } from '../rule.ts'
import { type Life, noteLife, unseen } from './enumeration.ts'

/** One state as it was handed out. */
export type State = { handedMs: number; uses: number }
export const noState = (): State => ({ handedMs: NEVER, uses: 0 })
/** When states that do not hold were presented by one asker, oldest first. */
export type Failures = { atMs: number[] }
export const noFailures = (): Failures => ({ atMs: [] })

export interface StateOptions {
  readonly maxAgeMs: number
  readonly maxUses: number
  readonly failures: number
  readonly windowMs: number
  readonly oneTimeTags: readonly string[]
}
interface Retry {
  readonly ts: number
  readonly decision: string
  readonly outcome: string
  readonly integrity: string
  readonly principalMatch: boolean
  readonly digestMatch: boolean
  readonly ageMs: number
  readonly uses: number
  readonly tool: string
  says(name: 'principalMatch' | 'digestMatch'): boolean
  tagsOf(kind: 'tools', name: string): readonly string[]
}

/** `isFresh`: the server has just started, and may have lost the key of its seals. */
export function judgeRetry(
  e: Retry,
  state: State,
  failures: Failures,
  isFresh: boolean,
  options: StateOptions,
): Match | undefined {
  const isRefused = wasRefused(e) || e.outcome === 'protocol_error'
  const uses = Math.max(++state.uses, e.uses)
  const graded = (saw: string, expected: string): Match => ({ severity: isRefused ? 'medium' : 'high', saw, expected })
  if (e.integrity === 'failed' && !isRefused) return graded('a state whose seal is broken was accepted', 'a refusal')
  if (e.says('principalMatch') && !e.principalMatch) return graded('a state of another principal', 'the same principal')
  if (e.says('digestMatch') && !e.digestMatch)
    return graded('a state that was made for another request', 'the request it was made for')
  if (isRefused) return e.integrity === 'failed' && !isFresh ? judgeFailures(e.ts, failures, options) : undefined
  const isOneTime = e.tagsOf('tools', e.tool).some((tag) => options.oneTimeTags.includes(tag))
  if (isOneTime && uses > 1)
    return { severity: 'high', saw: `used ${uses} times for ${e.tool}`, expected: 'one use: the tool is tagged so' }
  if (uses > options.maxUses)
    return { severity: 'low', saw: `used ${uses} times`, expected: `at most ${options.maxUses} uses` }
  const ageMs = Math.max(e.ageMs, e.ts - (state.handedMs || e.ts))
  if (ageMs <= options.maxAgeMs) return undefined
  return { severity: 'medium', saw: `a state ${ageMs} ms old`, expected: `at most ${options.maxAgeMs} ms` }
}

function judgeFailures(ts: number, cell: Failures, { failures, windowMs }: StateOptions): Match | undefined {
  cell.atMs = [...cell.atMs.filter((at) => ts - at < windowMs), ts]
  if (cell.atMs.length < failures) return undefined
  cell.atMs = []
  return {
    severity: 'medium',
    saw: `${failures} states whose seal is broken`,
    expected: 'states as the server handed them out',
    evidence: { observed: failures, windowMs },
  }
}

/** What a process says of its states at its start, since when it is known, and when it was reported last. */
export type Instance = Life & { isUnsealed: boolean; isAuthorized: boolean; reportedMs: number }
export const newInstance = (): Instance => ({
  ...unseen(),
  isUnsealed: false,
  isAuthorized: false,
  reportedMs: NEVER,
})
interface Started {
  readonly ts: number
  readonly requestStateProtected: boolean
  readonly authRequired: boolean
  says(name: 'requestStateProtected'): boolean
}
export function noteSealing(e: Started, instance: Instance): void {
  noteLife(e, instance)
  instance.isUnsealed = e.says('requestStateProtected') && !e.requestStateProtected
  instance.isAuthorized = e.authRequired
}
/** A state goes out. Without a seal it matters most where it may decide what the caller is allowed. */
export function judgeSealing(
  e: { readonly ts: number; readonly integrity: string },
  instance: Instance,
  repeatMs: number,
): Match | undefined {
  if (e.integrity !== 'plain' && !instance.isUnsealed) return undefined
  if (e.ts - instance.reportedMs < repeatMs) return undefined
  instance.reportedMs = e.ts
  const saw = 'a requestState without protection against changes'
  return { severity: instance.isAuthorized ? 'medium' : 'low', saw, expected: 'a seal that is checked' }
}
