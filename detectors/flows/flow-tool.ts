/** What is remembered of a tool for flows: its classes, the ways that lead to it, the hosts it asks, and the last approval of a call. */
import { days, hours, NEVER, seconds } from '../rule.ts'
import { short } from './flow.ts'
import { CLASS, classesByName, taggedClasses } from './tool-class.ts'

export type Ways = { ways: string[]; hours: number[]; lastMs: number[]; hosts: string[]; asked: number }
/** `ways`: that lead to it, in how many hours each was gone and when last; `hosts` it asked in `asked` requests. `classes`: bits of what its name or definition says, -1 before anybody asked; `seen`: of what it was seen to do. */
export type FlowTool = Ways & {
  classes: number
  seen: number
  approvedHmac: string
  approvedUntilMs: number
  /** Of the call that was approved last. */
  approvedRequest: string
}
export const newFlowTool = (): FlowTool => ({
  ways: [],
  hours: [],
  lastMs: [],
  hosts: [],
  asked: 0,
  classes: -1,
  seen: 0,
  approvedHmac: '',
  approvedUntilMs: NEVER,
  approvedRequest: '',
})

interface Tagged {
  readonly tool: string
  tagsOf(kind: 'tools', name: string): readonly string[]
}
export function classesOf(e: Tagged, tool: FlowTool): number {
  const tagged = taggedClasses(e.tagsOf('tools', e.tool))
  if (tagged !== undefined) return tagged
  if (tool.classes < 0) tool.classes = classesByName(e.tool)
  return tool.classes | tool.seen
}
/** A tool that asks outside and whose result is full of addresses hands on what stands outside. */
export function sawAddresses(tool: FlowTool): void {
  if (tool.asked > 0) tool.seen |= CLASS.untrusted_source
}

interface Approval {
  readonly ts: number
  readonly approvalResult: string
  readonly argsHmac: string
  /** Seconds since 1970, 0 for none. */
  readonly expiresAt: number
}
/** Without an end an approval is for what follows it at once. */
export function noteFlowApproval(e: Approval, tool: FlowTool, windowMs: number): void {
  tool.approvedHmac = e.argsHmac
  tool.approvedUntilMs = e.approvalResult === 'approved' ? seconds(e.expiresAt) || e.ts + windowMs : NEVER
}
interface Call {
  readonly ts: number
  readonly request: string
  readonly approvalRef: string
  readonly argsHmac: string
}
/** A person said yes to this call: it names the approval, or the approval names its arguments or none. */
export function isApproved(e: Call, tool: FlowTool): boolean {
  const isMeant = ['', e.argsHmac].includes(tool.approvedHmac)
  const isGiven = e.approvalRef !== '' || (isMeant && e.ts < tool.approvedUntilMs)
  if (isGiven) tool.approvedRequest = e.request
  return isGiven
}

/** Of three names each: a cell stays below 4 KB. */
const MAX_WAYS = 8
const MAX_HOSTS = 16
const HOUR_MS = hours(1)
const MONTH_MS = days(30)

/** Where a way is kept, known or not: where there is no room, in the place of the rarest. */
function placeOf(tool: Ways, way: string): number {
  const known = tool.ways.indexOf(way)
  if (known >= 0) return known
  const place = tool.ways.length < MAX_WAYS ? tool.ways.length : tool.hours.indexOf(Math.min(...tool.hours))
  tool.ways[place] = way
  tool.lastMs[place] = NEVER
  return place
}
/**
 * Counts a way at most once an hour, so that nobody makes one usual in an afternoon. Answers whether it was usual before. A way that
 * nobody went for 30 days begins anew.
 */
export function wentWay(tool: Ways, way: string, ts: number, usualHours: number): boolean {
  const at = placeOf(tool, way)
  const sinceMs = ts - tool.lastMs[at]!
  if (sinceMs >= MONTH_MS) tool.hours[at] = 0
  const gone = tool.hours[at]!
  if (sinceMs >= HOUR_MS) {
    tool.hours[at] = gone + 1
    tool.lastMs[at] = ts
  }
  return gone >= usualHours
}

/** Requests after which the hosts a tool asks count as known; and how many different ones such a tool asks at most. */
const LEARNED_REQUESTS = 10
/** Answers whether a tool of settled habits asks a host for the first time. */
export function isNewHost(tool: Ways, host: string): boolean {
  const known = short(host)
  tool.asked++
  const isSettled = tool.asked > LEARNED_REQUESTS && tool.hosts.length < MAX_HOSTS
  const isNew = !tool.hosts.includes(known)
  tool.hosts = [...new Set([...tool.hosts, known])].slice(0, MAX_HOSTS)
  return isSettled && isNew
}
