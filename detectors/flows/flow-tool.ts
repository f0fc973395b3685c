/** What is remembered of a tool for flows: its classes, the ways that lead to it, the hosts it asks, and the last approval of a call. */

import { CLASS, classesByName, taggedClasses } from '../tool-class.ts'
import { short } from './flow.ts'

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
  approvedUntilMs: 0,
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
  const isGiven = e.approvalResult === 'approved'
  tool.approvedHmac = isGiven ? e.argsHmac : ''
  tool.approvedUntilMs = !isGiven ? 0 : e.expiresAt > 0 ? e.expiresAt * 1_000 : e.ts + windowMs
}
interface Call {
  readonly ts: number
  readonly request: string
  readonly approvalRef: string
  readonly argsHmac: string
}
/** A person said yes to this call: it names the approval, or the approval names its arguments or none. */
export function isApproved(e: Call, tool: FlowTool): boolean {
  const isNamed = tool.approvedHmac === '' || tool.approvedHmac === e.argsHmac
  if (e.approvalRef === '' && !(e.ts < tool.approvedUntilMs && isNamed)) return false
  tool.approvedRequest = e.request
  return true
}

/** Of three names each: a cell stays below 4 KB. */
const MAX_WAYS = 8
const MAX_HOSTS = 16
const HOUR_MS = 3_600_000
const MONTH_MS = 30 * 24 * HOUR_MS

/**
 * Counts a way at most once an hour, so that nobody makes one usual in an afternoon. Answers whether it was usual before. A way that
 * nobody went for 30 days begins anew; where there is no room the rarest goes.
 */
export function wentWay(tool: Ways, way: string, ts: number, usualHours: number): boolean {
  const at = tool.ways.indexOf(way)
  if (at >= 0) {
    if (ts - tool.lastMs[at]! >= MONTH_MS) tool.hours[at] = 0
    const isUsual = tool.hours[at]! >= usualHours
    if (tool.hours[at] === 0 || ts - tool.lastMs[at]! >= HOUR_MS) {
      tool.hours[at] = tool.hours[at]! + 1
      tool.lastMs[at] = ts
    }
    return isUsual
  }
  const full = tool.ways.length >= MAX_WAYS
  const place = full ? tool.hours.indexOf(Math.min(...tool.hours)) : tool.ways.length
  tool.ways[place] = way
  tool.hours[place] = 1
  tool.lastMs[place] = ts
  return false
}

/** Requests after which the hosts a tool asks count as known; and how many different ones such a tool asks at most. */
const LEARNED_REQUESTS = 10
/** Answers whether a tool of settled habits asks a host for the first time. */
export function isNewHost(tool: Ways, host: string): boolean {
  const known = short(host)
  tool.asked++
  if (tool.hosts.includes(known)) return false
  const isSettled = tool.asked > LEARNED_REQUESTS && tool.hosts.length < MAX_HOSTS
  if (tool.hosts.length < MAX_HOSTS) tool.hosts.push(known)
  return isSettled
}
