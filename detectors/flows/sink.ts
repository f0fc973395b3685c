/** A call at the end of a flow, judged against what is usual and approved. */
import { asProbe } from '../content/content-severity.ts'
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'
import { type Flow, isWorse, judgeFlow } from './flow.ts'
import { type FlowTool, wentWay } from './flow-tool.ts'
import { classNames } from './tool-class.ts'

interface SinkEvent {
  readonly tool: string
  readonly trace: string
  readonly ts: number
  readonly decision: string
  readonly outcome: string
}
export interface SinkFacts {
  readonly classes: number
  /** The host it asks and never asked before; '' for none. */
  readonly newHost: string
  /** A person said yes to this call. */
  readonly isApproved: boolean
}
interface Bounds {
  readonly windowMs: number
  readonly usualHours: number
}

export function judgeSink(
  e: SinkEvent,
  { classes, newHost, isApproved }: SinkFacts,
  tool: FlowTool,
  flow: Flow,
  { windowMs, usualHours }: Bounds,
): Match | undefined {
  const verdict = judgeFlow(flow, { tool: e.tool, classes, ts: e.ts, hasNewHost: newHost !== '' }, windowMs)
  if (verdict === undefined) return undefined
  const { way, hasOrder } = verdict
  const isUsual = wentWay(tool, way, e.ts, usualHours) && newHost === ''
  // Calls of other traces of the same caller may be another task of theirs.
  const isLoose = e.trace !== '' && flow.taintTrace !== e.trace
  const found = wasRefused(e) || isLoose ? asProbe(verdict.severity) : verdict.severity
  const severity = isUsual || isApproved ? 'low' : found
  if (!isWorse(flow, severity)) return undefined
  return {
    severity,
    saw: way,
    expected: 'a way that is usual here, or the approval of a person',
    evidence: {
      classes: classNames(classes),
      order: hasOrder ? 'a classifier found one in what came in' : 'none found',
      sources: [...flow.domains],
      sameTrace: e.trace === '' ? 'not known' : `${!isLoose}`,
      usual: `${isUsual}`,
      approved: `${isApproved}`,
      newHost,
    },
  }
}
