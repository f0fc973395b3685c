// What is usual for a number, and what follows from it for sampling.
import { describe, expect, it } from 'vitest'
import { judgeSampling, noSamples } from '../../../../detectors/content/sampling.ts'
import { noteUsual, nothingUsual } from '../../../../detectors/content/usual-value.ts'

const WEEK_MS = 7 * 86_400_000
describe('what is usual', () => {
  it('is the largest while it is learned', () => {
    const known = nothingUsual()
    for (const value of [5, 80, 20]) noteUsual(known, value, 1, 3)
    expect(known.usual).toBeCloseTo(80 * 0.999)
  })
  it('at most doubles in a week, however small the steps', () => {
    const known = nothingUsual()
    noteUsual(known, 100, 0, 1)
    for (let n = 0; n < 1_000; n++) noteUsual(known, 100 * 1.05 ** n, n, 1)
    expect(known.usual).toBe(200)
    for (let week = 1; week <= 3; week++) noteUsual(known, 1e9, week * WEEK_MS, 1)
    expect(known.usual).toBe(1_600)
  })
  it('sinks slowly when less comes', () => {
    const known = nothingUsual()
    noteUsual(known, 100, 0, 1)
    for (let n = 0; n < 1_000; n++) noteUsual(known, 1, n, 1)
    expect(known.usual).toBeGreaterThan(30)
    expect(known.usual).toBeLessThan(40)
  })
  it('answers what was usual before', () => {
    const known = nothingUsual()
    expect([noteUsual(known, 7, 0, 2), noteUsual(known, 9, 0, 2), noteUsual(known, 1, 0, 2)]).toEqual([0, 7, 9])
  })
})

describe('sampling', () => {
  const bounds = { perMinute: 2, declaredPerMinute: 4, maxDepth: 5, maxTokens: 1_000, minTokens: 100 }
  const judge = (isDeclared = false) => {
    const cells = [noSamples(), nothingUsual(), nothingUsual()] as const
    return (ts: number, more: object = {}) =>
      judgeSampling({ ts, depth: 1, maxTokens: 10, includeContext: '', ...more }, isDeclared, ...cells, bounds).map(
        ({ severity, text }) => `${severity}: ${text}`,
      )
  }
  it('counts a sliding minute', () => {
    const at = judge()
    at(1)
    at(2)
    expect(at(60_000)).toEqual(['medium: 3 requests in a minute, at most 2'])
    expect(at(60_001)).toEqual(['medium: 3 requests in a minute, at most 2'])
    expect(at(120_001)).toEqual([])
  })
  it('says what is grave first', () => {
    const reasons = judge(true)(1, { depth: 6, includeContext: 'allServers', maxTokens: 1_001 })
    expect(reasons).toEqual([
      'medium: 6 open at once, at most 5',
      'medium: 1001 tokens, at most 1000',
      'low: the context of all servers',
    ])
  })
  it('a flood takes no room', () => {
    const cells = [noSamples(), nothingUsual(), nothingUsual()] as const
    for (let n = 0; n < 5_000; n++)
      judgeSampling({ ts: n, depth: 1, maxTokens: 1, includeContext: '' }, true, ...cells, bounds)
    expect(cells[0].atMs).toHaveLength(128)
  })
})
