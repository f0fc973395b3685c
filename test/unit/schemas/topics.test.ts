// The partition of an event: the same in every producer, for ever, and even over servers.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_PARTITIONS, partitionOf, TOPICS } from '../../../schemas/topics.ts'

describe('partitionOf', () => {
  it('lies within the partitions, for any text', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 512 }), (tenant, server, partitions) => {
        const partition = partitionOf(tenant, server, partitions)
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
        expect(partitionOf(tenant, server, partitions)).toBe(partition)
      }),
    )
  })
  it('gives the published values: another value would move servers between partitions', () => {
    const hash = (tenant: string, server: string) => partitionOf(tenant, server, 2 ** 32)
    // FNV-1a, 32 bits; the first is the offset basis folded with one NUL, computed by hand: 0x811c9dc5 * 0x01000193 mod 2^32.
    expect(hash('', '')).toBe(0x050c5d1f)
    expect(hash('a', 'b')).toBe(referenceFnv1a('a\0b'))
    expect(hash('default', 'everything')).toBe(referenceFnv1a('default\0everything'))
  })
  it('does not confuse where the tenant ends', () => {
    expect(partitionOf('ab', 'c', 2 ** 32)).not.toBe(partitionOf('a', 'bc', 2 ** 32))
  })
  it('spreads a thousand servers evenly', () => {
    const counts = new Array<number>(DEFAULT_PARTITIONS).fill(0)
    for (let i = 0; i < 1_000; i++) counts[partitionOf('default', `server-${i}`, DEFAULT_PARTITIONS)]!++
    expect(Math.min(...counts)).toBeGreaterThan(110)
    expect(Math.max(...counts)).toBeLessThan(230)
  })
})

describe('topics', () => {
  it('have unique names under one prefix', () => {
    const names = Object.values(TOPICS).map(({ topic }) => topic)
    expect(new Set(names).size).toBe(names.length)
    expect(names.every((name) => /^mcp\.audit\.[a-z]+$/.test(name))).toBe(true)
  })
  it('events carry the time of the broker, state is compacted', () => {
    expect(TOPICS.events.config['message.timestamp.type']).toBe('LogAppendTime')
    expect(TOPICS.state.config['cleanup.policy']).toBe('compact')
  })
})

/** FNV-1a of ASCII text in exact arithmetic. */
function referenceFnv1a(text: string): number {
  let hash = 0x811c9dc5n
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) % 2n ** 32n
  return Number(hash)
}
