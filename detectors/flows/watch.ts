/** What each kind of event means for the flows it belongs to: taint, private data, an order in content, a call or a request at the end. */
import { type ContentFacts, contentSeverity, familyOf, isAtLeast } from '../content/content-severity.ts'
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'
import { NEVER } from '../rule.ts'
import { type Flow, flowOf, isLive, noteDomain, noteOrder, notePrivate, noteTaint } from './flow.ts'
import { classesOf, type FlowTool, isApproved, isNewHost } from './flow-tool.ts'
import { judgeSink } from './sink.ts'
import { classesByOutbound, isOf, TOOL_CLASSES, type ToolClass } from './tool-class.ts'

const SOURCES: readonly ToolClass[] = ['untrusted_source']
const SINKS: readonly ToolClass[] = ['egress', 'destructive']

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
export const noServerTaint = (): ServerTaint => ({ taintMs: NEVER })

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

const BROUGHT_IN: ReadonlySet<string> = new Set(['result', 'resource'])
const ORDERS: ReadonlySet<string> = new Set(['injection', 'unicode', 'exfiltration'])
/** Findings that may be an order to the model in what came in. */
export const mayBeOrder = ({ surface, findingClass }: { surface: string; findingClass: string }): boolean =>
  BROUGHT_IN.has(surface) && ORDERS.has(familyOf(findingClass))

export function sawOrder(
  e: FlowEvent & ContentFacts,
  server: ServerTaint,
  cells: Cells,
  { windowMs }: FlowBounds,
): void {
  if (!isAtLeast(contentSeverity(e) ?? 'info', 'medium')) return
  if (e.tagsOf('tools', e.tool).includes('trusted_source')) return
  server.taintMs = Math.max(server.taintMs, e.ts)
  noteOrder(flowOf(e, cells), { tool: e.tool || e.surface, trace: e.trace, ts: e.ts }, windowMs)
}

interface CallEvent extends FlowEvent {
  readonly approvalRef: string
  readonly argsHmac: string
}
/** Judged before it counts itself: a tool that reads and carries out is no flow of its own. */
export function sawCall(e: CallEvent, server: ServerTaint, cells: Cells, bounds: FlowBounds): Match | undefined {
  const { tool } = cells
  const classes = classesOf(e, tool)
  const relevant = isLive(server.taintMs, e.ts, bounds.windowMs) ? TOOL_CLASSES : SOURCES
  if (!isOf(classes, ...relevant)) return undefined
  const flow = flowOf(e, cells)
  const found = isOf(classes, ...SINKS)
    ? judgeSink(e, { classes, newHost: '', isApproved: isApproved(e, tool) }, tool, flow, bounds)
    : undefined
  if (wasRefused(e)) return found
  if (isOf(classes, 'private_data')) notePrivate(flow, e, bounds.windowMs)
  if (isOf(classes, ...SOURCES)) {
    noteTaint(flow, e, bounds.windowMs)
    server.taintMs = Math.max(server.taintMs, e.ts)
  }
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
  const isNew = isNewHost(tool, e.destinationHost)
  if (!isLive(server.taintMs, e.ts, bounds.windowMs)) return undefined
  const classes = classesOf(e, tool)
  const flow = flowOf(e, cells)
  if (isOf(classes, ...SOURCES)) noteDomain(flow, e.destinationHost)
  if (!isNew) return undefined
  const approved = e.request !== '' && tool.approvedRequest === e.request
  return judgeSink(e, { classes, newHost: e.destinationHost, isApproved: approved }, tool, flow, bounds)
}
