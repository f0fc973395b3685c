/** What each kind of event means for the flows it belongs to: taint, private data, an order in content, a call or a request at the end. */
import { type ContentFacts, contentSeverity, familyOf, isAtLeast } from '../content-severity.ts'
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'
import { classesByOutbound, isOf } from '../tool-class.ts'
import { type Flow, flowOf, noteDomain, noteOrder, notePrivate, noteTaint } from './flow.ts'
import { classesOf, type FlowTool, isApproved, isNewHost } from './flow-tool.ts'
import { judgeSink } from './sink.ts'

export interface FlowBounds {
  readonly windowMs: number
  readonly usualHours: number
}
/** The cells beside: of the tool, and of whoever calls it. */
interface Cells {
  readonly tool: FlowTool
  readonly trace: Flow
  readonly grant: Flow
  readonly session: Flow
  readonly instance: Flow
}
/** Of a server: when taint came in last, through whatever tool and for whomever. Before that nobody's flow has to be looked up. */
export type ServerTaint = { taintMs: number }
export const noServerTaint = (): ServerTaint => ({ taintMs: 0 })
const isTainted = ({ taintMs }: ServerTaint, ts: number, windowMs: number): boolean =>
  taintMs > 0 && ts - taintMs < windowMs

/** What says whose an event is. */
export const FLOW_FIELDS = [
  'tool',
  'trace',
  'principal',
  'client',
  'session',
  'producer',
  'transport',
  'request',
] as const
interface FlowEvent {
  readonly tool: string
  readonly trace: string
  readonly principal: string
  readonly session: string
  readonly transport: string
  readonly request: string
  readonly ts: number
  readonly decision: string
  readonly outcome: string
  tagsOf(kind: 'tools', name: string): readonly string[]
}

const ORDERS: ReadonlySet<string> = new Set(['injection', 'unicode', 'exfiltration'])
/** Findings that may be an order to the model in what came in. */
export const mayBeOrder = ({ surface, findingClass }: { surface: string; findingClass: string }): boolean =>
  (surface === 'result' || surface === 'resource') && ORDERS.has(familyOf(findingClass))

export function sawOrder(
  e: FlowEvent & ContentFacts,
  server: ServerTaint,
  cells: Cells,
  { windowMs }: FlowBounds,
): void {
  const found = contentSeverity(e)
  if (found === undefined || !isAtLeast(found, 'medium')) return
  if (e.tagsOf('tools', e.tool).includes('trusted_source')) return
  server.taintMs = Math.max(server.taintMs, e.ts)
  const flow = flowOf(e, cells)
  if (flow !== undefined) noteOrder(flow, { tool: e.tool || e.surface, trace: e.trace, ts: e.ts }, windowMs)
}

interface CallEvent extends FlowEvent {
  readonly approvalRef: string
  readonly argsHmac: string
}
/** Judged before it counts itself: a tool that reads and carries out is no flow of its own. */
export function sawCall(e: CallEvent, server: ServerTaint, cells: Cells, bounds: FlowBounds): Match | undefined {
  const { tool } = cells
  const classes = classesOf(e, tool)
  const isSource = isOf(classes, 'untrusted_source')
  if (classes === 0 || !(isSource || isTainted(server, e.ts, bounds.windowMs))) return undefined
  if (isSource && !wasRefused(e)) server.taintMs = Math.max(server.taintMs, e.ts)
  const flow = flowOf(e, cells)
  if (flow === undefined) return undefined
  const isSink = isOf(classes, 'egress', 'destructive')
  const facts = { classes, newHost: '', isApproved: isSink && isApproved(e, tool) }
  const found = isSink ? judgeSink(e, facts, tool, flow, bounds) : undefined
  if (wasRefused(e)) return found
  if (isOf(classes, 'private_data')) notePrivate(flow, e, bounds.windowMs)
  if (isSource) noteTaint(flow, e, bounds.windowMs)
  return found
}

/** Requests of a server for its own authorization lead nothing out. */
const OWN_PATHS: ReadonlySet<string> = new Set(['token', 'introspect', 'metadata', 'revoke'])
interface RequestEvent extends FlowEvent {
  readonly destinationHost: string
  readonly ipClass: string
  readonly verb: string
  readonly argumentMatch: boolean
  readonly pathClass: string
}
export function sawRequest(e: RequestEvent, server: ServerTaint, cells: Cells, bounds: FlowBounds): Match | undefined {
  if (e.ipClass !== 'public' || OWN_PATHS.has(e.pathClass)) return undefined
  const { tool } = cells
  tool.seen |= classesByOutbound(e)
  const classes = classesOf(e, tool)
  const isNew = isNewHost(tool, e.destinationHost)
  const isSource = isOf(classes, 'untrusted_source')
  if (!(isNew || isSource) || !isTainted(server, e.ts, bounds.windowMs)) return undefined
  const flow = flowOf(e, cells)
  if (flow === undefined) return undefined
  if (isSource) noteDomain(flow, e.destinationHost)
  if (!isNew) return undefined
  const approved = e.request !== '' && tool.approvedRequest === e.request
  return judgeSink(e, { classes, newHost: e.destinationHost, isApproved: approved }, tool, flow, bounds)
}
