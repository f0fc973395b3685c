/** Checks on structure that come before validation, and the window of event time. */
import type { AuditEvent } from './event.ts'
import { LIMITS } from './field.ts'

const CLAMPED = 'event_time_clamped'
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

/** The first structural fault of a parsed JSON value: too deep, a forbidden key. Iterative, so depth cannot exhaust the stack. */
export function structuralFault(value: unknown): { readonly field: string; readonly reason: string } | undefined {
  const pending: [value: unknown, depth: number, path: string][] = [[value, 0, '']]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [at, depth, path] = next
    if (at === null || typeof at !== 'object') continue
    if (depth >= LIMITS.depth) return { field: path, reason: `nested deeper than ${LIMITS.depth}` }
    for (const key of Object.keys(at)) {
      if (FORBIDDEN.has(key)) return { field: path === '' ? key : `${path}.${key}`, reason: 'forbidden key' }
      const inner = (at as Record<string, unknown>)[key]
      if (inner !== null && typeof inner === 'object')
        pending.push([inner, depth + 1, path === '' ? key : `${path}.${key}`])
    }
  }
  return undefined
}

/**
 * Stamp the time of receipt (milliseconds since 1970) and keep event time within [received − 7 d, received + 5 min]: outside, the
 * nearest bound is stored, the sender’s value stands in `claimedEventTime`, and the row carries the flag `event_time_clamped`.
 */
export function stampReceived(event: AuditEvent, receivedMs: number): AuditEvent {
  event.receivedAt = new Date(receivedMs).toISOString()
  const eventMs = Date.parse(event.eventTime)
  const clampedMs = Math.min(Math.max(eventMs, receivedMs - LIMITS.pastMs), receivedMs + LIMITS.futureMs)
  if (clampedMs === eventMs) return event
  event.claimedEventTime = event.eventTime
  event.eventTime = new Date(clampedMs).toISOString()
  const others = (event.flags ?? []).filter((flag) => flag !== CLAMPED)
  event.flags = [...others.slice(0, LIMITS.listLength - 1), CLAMPED]
  return event
}
