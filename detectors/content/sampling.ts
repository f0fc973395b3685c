/** Sampling of one tool: how often it asks the client's model, how much, and how deep, against what is usual for it. */
import type { Severity } from '../../schemas/finding.ts'
import { minutes, NEVER } from '../rule.ts'
import { noteUsual, type Usual } from './usual-value.ts'

const MINUTE_MS = minutes(1)
/** Times that are kept: more in a minute count as this many. */
const MAX_TIMES = 128
/** Minutes in which a tool sampled, and its requests, until what is usual for it counts. */
const LEARN = 20
const USUAL_FACTOR = 3
const TOKENS_FACTOR = 4

/** `minuteMost`: requests in the minute that began at `minuteMs`; `toldMs`: when it was last said that nobody declared it. */
export type Samples = { atMs: number[]; minuteMs: number; minuteMost: number; toldMs: number }
export const noSamples = (): Samples => ({ atMs: [], minuteMs: NEVER, minuteMost: 0, toldMs: NEVER })

interface SamplingEvent {
  readonly ts: number
  readonly depth: number
  readonly maxTokens: number
  readonly includeContext: string
}
export interface SamplingBounds {
  readonly perMinute: number
  readonly declaredPerMinute: number
  readonly maxDepth: number
  readonly maxTokens: number
  readonly minTokens: number
}
export interface Reason {
  readonly severity: Severity
  readonly text: string
}

/** Requests within the last minute, this one included. A minute that is over is remembered with its most: a burst teaches nothing. */
function rateOf(samples: Samples, rates: Usual, ts: number): number {
  samples.atMs = [...samples.atMs, ts].slice(-MAX_TIMES)
  const rate = samples.atMs.filter((each) => ts - each < MINUTE_MS).length
  if (ts - samples.minuteMs >= MINUTE_MS) {
    if (samples.minuteMost > 0) noteUsual(rates, samples.minuteMost, ts, LEARN)
    samples.minuteMs = ts
    samples.minuteMost = 0
  }
  samples.minuteMost = Math.max(samples.minuteMost, rate)
  return rate
}

/** What is wrong with a request, the gravest first. A declared tool is measured by what is usual for itself. */
export function judgeSampling(
  e: SamplingEvent,
  isDeclared: boolean,
  samples: Samples,
  rates: Usual,
  tokens: Usual,
  bounds: SamplingBounds,
): readonly Reason[] {
  const reasons: Reason[] = []
  const rate = rateOf(samples, rates, e.ts)
  const isLearned = rates.seen >= LEARN
  const own = isLearned ? Math.max(bounds.perMinute, rates.usual * USUAL_FACTOR) : bounds.declaredPerMinute
  const most = isDeclared ? own : bounds.perMinute
  if (rate > most)
    reasons.push({ severity: 'medium', text: `${rate} requests in a minute, at most ${Math.round(most)}` })
  if (e.depth > bounds.maxDepth)
    reasons.push({ severity: 'medium', text: `${e.depth} open at once, at most ${bounds.maxDepth}` })
  const isSized = tokens.seen >= LEARN
  const usualTokens = noteUsual(tokens, e.maxTokens, e.ts, LEARN)
  const mostTokens = isSized ? Math.max(usualTokens * TOKENS_FACTOR, bounds.minTokens) : bounds.maxTokens
  if (e.maxTokens > mostTokens)
    reasons.push({ severity: 'medium', text: `${e.maxTokens} tokens, at most ${Math.round(mostTokens)}` })
  if (e.includeContext === 'allServers')
    reasons.push({ severity: isDeclared ? 'low' : 'medium', text: 'the context of all servers' })
  return reasons
}
