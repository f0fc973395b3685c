/** Refusals of one grant within a window: many tools, or one operation again and again. Marks and times, never names. */

import { fingerprint } from '../engine/shapes/fingerprint.ts'
import { keepNewest } from '../newest.ts'
import type { Match } from '../rule.ts'

/** Refusals remembered: more than both thresholds need. */
const MAX_DENIALS = 32

/** Parallel lists, in order of arrival. A mark of 0 stands for no tool. */
export type Denials = { atMs: number[]; tools: number[]; operations: number[]; requests: number[] }
export const noDenials = (): Denials => ({ atMs: [], tools: [], operations: [], requests: [] })

export interface DenialLimits {
  readonly tools: number
  readonly repeats: number
  readonly windowMs: number
}
interface Denied {
  readonly ts: number
  readonly request: string
  readonly tool: string
  readonly method: string
}
/** The mark of no tool, and of what does not count. */
const NONE = 0

/**
 * `asked`: scopes that were missing, where the event says so. One request may be told to be refused by several events: it is one
 * refusal of one operation. Answers what it adds up to, and begins anew then.
 */
export function judgeDenial(
  { ts, request, tool, method }: Denied,
  asked: readonly string[],
  isKnownClient: boolean,
  denials: Denials,
  { tools, repeats, windowMs }: DenialLimits,
): Match | undefined {
  forgetBefore(denials, ts - windowMs)
  const toolMark = tool === '' ? NONE : fingerprint(tool)
  const operation = fingerprint(`${tool || method}\n${[...asked].sort().join(' ')}`)
  const requestMark = fingerprint(request)
  const isTold = request !== '' && denials.requests.includes(requestMark)
  // Another event about it may know the tool.
  add(denials, ts, toolMark, isTold ? NONE : operation, requestMark)
  const seen = new Set(denials.tools.filter((mark) => mark !== NONE)).size
  if (seen >= tools) {
    Object.assign(denials, noDenials())
    return {
      saw: `${seen} different tools refused, the last one ${tool}`,
      expected: 'a client that remembers what it may not use',
      evidence: { tools: seen, windowMs },
    }
  }
  const times = denials.operations.filter((mark) => mark === operation).length
  if (times < repeats) return undefined
  Object.assign(denials, noDenials())
  return {
    // A program that does not understand the answer looks like this, too.
    severity: isKnownClient ? 'low' : 'medium',
    saw: `${tool || method || 'one operation'} refused ${times} times${asked.length === 0 ? '' : ` for ${asked.join(' ')}`}`,
    expected: 'a step-up, or no further attempt',
    evidence: { times, windowMs },
  }
}

function forgetBefore(denials: Denials, sinceMs: number): void {
  const isKept = denials.atMs.map((ms) => ms > sinceMs)
  for (const name of ['atMs', 'tools', 'operations', 'requests'] as const)
    denials[name] = denials[name].filter((_, at) => isKept[at])
}

function add(denials: Denials, ts: number, tool: number, operation: number, request: number): void {
  denials.atMs.push(ts)
  denials.tools.push(tool)
  denials.operations.push(operation)
  denials.requests.push(request)
  keepNewest(MAX_DENIALS, ...Object.values(denials))
}
