/** A flow of data between the tools of one server: where taint came from, what was read under it, and what a tool at its end is worth. */
import type { Severity } from '../../schemas/finding.ts'
import { NEVER } from '../rule.ts'
import { isOf } from './tool-class.ts'

/** Of one caller, or of one trace where nobody knows the caller. Times are ms of event time. */
export type Flow = {
  /** Content of strangers came in, through what last, and in which trace. */
  taintMs: number
  taintBy: string
  taintTrace: string
  /** A classifier found an order in what came in. */
  orderMs: number
  /** Private data was read under taint: of what, and by what. */
  privateMs: number
  privateFrom: string
  privateBy: string
  /** Hosts that the content came from. */
  domains: string[]
  /** Severity that was said of it. */
  said: string
}
export const noFlow = (): Flow => ({
  taintMs: NEVER,
  taintBy: '',
  taintTrace: '',
  orderMs: NEVER,
  privateMs: NEVER,
  privateFrom: '',
  privateBy: '',
  domains: [],
  said: '',
})
const MAX_DOMAINS = 8
const NAME_CHARS = 64
/** Names are kept as far as a cell has room for them. */
export const short = (name: string): string => name.slice(0, NAME_CHARS).toWellFormed()

/** What stands longer than `windowMs` is over. */
export const isLive = (atMs: number, ts: number, windowMs: number): boolean => ts - atMs < windowMs

/** Who the flow belongs to. */
interface Who {
  readonly trace: string
  readonly principal: string
  readonly session: string
  readonly transport: string
}
interface Flows {
  readonly trace: Flow
  readonly grant: Flow
  readonly session: Flow
  readonly instance: Flow
}
/**
 * The flow of the caller, as far as it is known: a process on stdio works for one person. It remembers the trace of its taint, so that
 * most traces, which are one call, need no room of their own. Without a trace the engine's cell is one that nobody keeps.
 */
export const flowOf = (e: Who, flows: Flows): Flow =>
  e.principal !== ''
    ? flows.grant
    : e.session !== ''
      ? flows.session
      : e.transport === 'stdio'
        ? flows.instance
        : flows.trace

interface Source {
  readonly tool: string
  readonly trace: string
  readonly ts: number
}
export function noteTaint(flow: Flow, { tool, trace, ts }: Source, windowMs: number): void {
  if (!isLive(flow.taintMs, ts, windowMs)) Object.assign(flow, noFlow())
  flow.taintMs = ts
  flow.taintBy = short(tool)
  flow.taintTrace = trace
}
export function noteOrder(flow: Flow, source: Source, windowMs: number): void {
  noteTaint(flow, source, windowMs)
  flow.orderMs = source.ts
}
/** Private data counts when taint was there before it, from elsewhere: two mails of one box are no flow. */
export function notePrivate(flow: Flow, { tool, ts }: Source, windowMs: number): void {
  if (!isLive(flow.taintMs, ts, windowMs) || flow.taintBy === short(tool)) return
  flow.privateMs = ts
  flow.privateFrom = flow.taintBy
  flow.privateBy = short(tool)
}
export function noteDomain(flow: Flow, host: string): void {
  flow.domains = [...new Set([...flow.domains, short(host)])].slice(0, MAX_DOMAINS)
}

/** A call that carries out or destroys, at the end of a flow. */
export interface Sink {
  readonly tool: string
  readonly classes: number
  readonly ts: number
  /** It asks a host that its tool never asked before. */
  readonly hasNewHost: boolean
}
export interface FlowVerdict {
  readonly severity: Severity
  /** From, over, to. */
  readonly way: string
  readonly hasOrder: boolean
}
/** Undefined where nothing leads here. */
export function judgeFlow(flow: Flow, sink: Sink, windowMs: number): FlowVerdict | undefined {
  const { ts, tool, classes, hasNewHost } = sink
  const to = short(tool)
  const isRead = isLive(flow.privateMs, ts, windowMs) && flow.privateBy !== to && flow.privateFrom !== to
  const hasOrder = isLive(flow.orderMs, ts, windowMs)
  if (!isRead && !(hasOrder && flow.taintBy !== to)) return undefined
  const way = isRead ? `${flow.privateFrom} -> ${flow.privateBy} -> ${to}` : `${flow.taintBy} -> ${to}`
  return {
    severity: gradeOf(isRead, hasOrder, hasNewHost, isOf(classes, 'egress') || flow.domains.length > 1),
    way,
    hasOrder,
  }
}
/** Whether the model was told what to do outweighs all; then where it goes; data that only might have come from strangers is weak. */
const gradeOf = (isRead: boolean, hasOrder: boolean, hasNewHost: boolean, isWide: boolean): Severity =>
  isRead && (hasOrder || hasNewHost) ? 'high' : hasOrder || isWide ? 'medium' : 'low'

const RANKS = ['', 'low', 'medium', 'high']
/** One flow is one finding, raised when it turns out worse. */
export function isWorse(flow: Flow, severity: Severity): boolean {
  if (RANKS.indexOf(severity) <= RANKS.indexOf(flow.said)) return false
  flow.said = severity
  return true
}
