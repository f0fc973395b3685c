// Retries of producers: known ones are dropped, nothing else ever is.
import { describe, expect, it } from 'vitest'
import { RetrySet } from '../../../../detectors/engine/retry-set.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'

const event = (producerSeq: number, more: Partial<AuditEvent> = {}): AuditEvent =>
  ({
    eventType: 'tool.call',
    eventId: `e${producerSeq}`,
    eventTime: '2026-01-01T00:00:00Z',
    serverId: 's',
    tenant: 't',
    producerId: 'p',
    producerSeq,
    ...more,
  }) as AuditEvent
const asked = (set: RetrySet, ...numbers: number[]) => numbers.map((number) => set.isRetry(event(number)))

describe('the retry set', () => {
  it('takes 2 before 1 and knows both afterwards', () => {
    expect(asked(new RetrySet(), 2, 1, 2, 1, 3)).toEqual([false, false, true, true, false])
  })
  it('keeps gaps open and closes them', () => {
    const set = new RetrySet()
    expect(asked(set, 1, 2, 5, 9, 3, 4, 7, 6, 8)).toEqual(Array(9).fill(false))
    expect(asked(set, 1, 2, 3, 4, 5, 6, 7, 8, 9)).toEqual(Array(9).fill(true))
    expect(new TextDecoder().decode(set.snapshot())).toContain('[1,9]')
  })
  it('tells tenants, servers and instances apart', () => {
    const set = new RetrySet()
    const all = [event(1), event(1, { tenant: 'u' }), event(1, { serverId: 'x' }), event(1, { producerId: 'q' })]
    expect(all.map((each) => set.isRetry(each))).toEqual([false, false, false, false])
  })
  it('knows events without a number by their id', () => {
    const set = new RetrySet()
    const foreign = (eventId: string) => event(0, { producerId: '', eventId })
    expect(['a', 'b', 'a'].map((id) => set.isRetry(foreign(id)))).toEqual([false, false, true])
  })
  it('survives a restart', () => {
    const set = new RetrySet()
    asked(set, 1, 2, 7)
    set.isRetry(event(0, { eventId: 'foreign' }))
    const next = new RetrySet()
    next.restore(set.snapshot())
    expect(asked(next, 7, 2, 3, 1)).toEqual([true, true, false, true])
    expect(next.isRetry(event(0, { eventId: 'foreign' }))).toBe(true)
    expect(() => new RetrySet().restore(new Uint8Array([1]))).toThrow(/retry set: cannot be read/)
  })
  it('stays bounded: too many gaps forget an old number, and never refuse a new one', () => {
    const set = new RetrySet()
    const odd = Array.from({ length: 2_000 }, (_, i) => 2 * i + 1)
    expect(asked(set, ...odd)).toEqual(odd.map(() => false))
    expect(set.snapshot().length).toBeLessThan(10_000)
    expect(asked(set, 1, 3_999, 2)).toEqual([true, true, false])
  })
  it('stays bounded: the producer unused for longest is forgotten first', () => {
    const set = new RetrySet()
    set.isRetry(event(1, { producerId: 'kept' }))
    for (let i = 0; i < 4_100; i++) {
      set.isRetry(event(1, { producerId: `p${i}` }))
      if (i % 100 === 0) set.isRetry(event(i + 2, { producerId: 'kept' }))
    }
    expect(set.isRetry(event(1, { producerId: 'kept' }))).toBe(true)
    expect(set.isRetry(event(1, { producerId: 'p0' }))).toBe(false)
  })
})
