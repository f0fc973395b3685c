// Structure and event time are bounded before anything else looks at an event.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stampReceived, structuralFault } from '../../../schemas/bounds.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import { LIMITS } from '../../../schemas/field.ts'

/** `levels` objects inside one another. */
const nested = (levels: number): unknown => {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = { a: value }
  return value
}

describe('structure', () => {
  it('is accepted at the allowed depth and refused one deeper, with the path', () => {
    expect(structuralFault(nested(LIMITS.depth))).toBeUndefined()
    const fault = structuralFault(nested(LIMITS.depth + 1))
    expect(fault?.reason).toBe('nested deeper than 32')
    expect(fault?.field.split('.')).toHaveLength(LIMITS.depth)
  })
  it('of a million levels does not exhaust the stack', () => {
    expect(structuralFault(nested(1_000_000))?.reason).toBe('nested deeper than 32')
  })
  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s at any place', (key) => {
    const text = `{"a":[{"b":1},{"${key}":{}}]}`
    expect(structuralFault(JSON.parse(text))).toEqual({ field: `a.1.${key}`, reason: 'forbidden key' })
    expect(structuralFault(JSON.parse(`{"${key}":1}`))).toEqual({ field: key, reason: 'forbidden key' })
  })
  it('of any shallow JSON value is accepted', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(text))
        expect(structuralFault(JSON.parse(text))).toBeUndefined()
      }),
    )
  })
})

describe('the time of receipt', () => {
  const RECEIVED_MS = Date.parse('2026-11-24T12:00:00.000Z')
  const stamped = (eventTime: string, flags?: string[]) => {
    const event = {
      eventType: 'server.started',
      eventId: 'a'.repeat(32),
      eventTime,
      serverId: 's',
      ...(flags && { flags }),
    }
    return stampReceived(event as AuditEvent, RECEIVED_MS)
  }
  const timeAt = (offsetMs: number) => new Date(RECEIVED_MS + offsetMs).toISOString()

  it('is stamped in milliseconds and leaves a time inside the window as it was sent', () => {
    const event = stamped('2026-11-24T11:59:59.123456789Z')
    expect(event).toMatchObject({ receivedAt: '2026-11-24T12:00:00.000Z', eventTime: '2026-11-24T11:59:59.123456789Z' })
    expect(event).not.toHaveProperty('claimedEventTime')
    expect(event).not.toHaveProperty('flags')
  })
  it.each([-LIMITS.pastMs, 0, LIMITS.futureMs])('keeps the bound itself: %i ms', (offsetMs) => {
    expect(stamped(timeAt(offsetMs)).eventTime).toBe(timeAt(offsetMs))
  })
  it.each([
    [-LIMITS.pastMs - 1, -LIMITS.pastMs],
    [LIMITS.futureMs + 1, LIMITS.futureMs],
    [-400 * 86_400_000, -LIMITS.pastMs],
  ])('clamps %i ms to %i ms, keeps what was claimed and flags the row', (sentMs, keptMs) => {
    expect(stamped(timeAt(sentMs), ['sampled'])).toMatchObject({
      eventTime: timeAt(keptMs),
      claimedEventTime: timeAt(sentMs),
      flags: ['sampled', 'event_time_clamped'],
    })
  })
})
