/** Prompt Shields is asked within its limits, beside the call, and every failure of it is told. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  GuardrailDesk,
  type GuardrailLimits,
  type GuardrailResult,
} from '../../../../../collector/instrument/guardrails/guardrail-desk.ts'
import { chunksOf, promptShields } from '../../../../../collector/instrument/guardrails/prompt-shields.ts'
import { KeyedHash } from '../../../../../collector/instrument/keys/keyed-hash.ts'
import { FakePromptShields } from '../../../../fakes/prompt-shields.ts'

let azure: FakePromptShields
beforeAll(async () => {
  azure = await FakePromptShields.start()
})
afterAll(() => azure.close())
beforeEach(() => {
  azure.judged.length = 0
  azure.server.received.length = 0
  azure.server.faults.length = 0
})
const hashes = new KeyedHash(randomBytes(32))
const desk = (limits: GuardrailLimits = {}, options: object = {}) =>
  new GuardrailDesk(promptShields({ endpoint: azure.endpoint, key: azure.key, ...options }), hashes, limits)
const ask = (at: GuardrailDesk, text: string, target: 'user_prompt' | 'document' = 'document') =>
  new Promise<GuardrailResult>((resolve) => at.ask(target, text, resolve))

describe('a verdict', () => {
  it('of a clean and of an attacking text is what the service says', async () => {
    const at = desk()
    expect(await ask(at, 'a report')).toMatchObject({ verdict: 'benign', action: 'none', chunks: 1, error: undefined })
    expect(await ask(at, 'ATTACK')).toMatchObject({ verdict: 'attack', action: 'labelled' })
    expect(await ask(at, 'ATTACK', 'user_prompt')).toMatchObject({ verdict: 'attack', targetType: 'user_prompt' })
  })
  it('comes from the cache the second time, and once for the same text asked at once', async () => {
    const at = desk()
    const [a, b] = await Promise.all([ask(at, 'same'), ask(at, 'same')])
    expect([a.verdict, b.verdict]).toEqual(['benign', 'benign'])
    expect(await ask(at, 'same')).toMatchObject({ verdict: 'benign', cached: true })
    expect(azure.judged).toEqual(['same'])
  })
  it('can be had with an Entra token', async () => {
    const at = desk({}, { key: undefined, token: () => 'entra-token' })
    expect(await ask(at, 'x')).toMatchObject({ verdict: 'benign' })
  })
})

describe('a long text', () => {
  it('is sent in pieces that the service takes, and an attack across a cut is seen', async () => {
    const text = `${'a'.repeat(9_997)}ATTACK${'b'.repeat(9_000)}`
    expect(await ask(desk(), text)).toMatchObject({ verdict: 'attack' })
    for (const { body } of azure.server.received)
      expect(JSON.parse(body).documents[0].length).toBeLessThanOrEqual(10_000)
  })
  it('beyond the most pieces is told as not sent, and its verdict is not kept', async () => {
    const at = desk({}, { maxChunks: 2 })
    const text = 'c'.repeat(50_000)
    expect(await ask(at, text)).toMatchObject({ verdict: 'benign', chunks: 2, unsentCharacters: 50_000 - 19_600 })
    expect(await ask(at, text)).toMatchObject({ cached: false })
  })
  it('is never cut inside a character', () => {
    const { chunks } = chunksOf('😀'.repeat(12_000), 9)
    for (const chunk of chunks) expect(chunk.isWellFormed()).toBe(true)
    expect(chunks.join('').length).toBeGreaterThanOrEqual(24_000)
  })
})

describe('a failure', () => {
  it.each([
    ['an invalid key', { key: 'wrong' }, undefined, 'unauthorized'],
    ['too many requests', {}, { status: 429, body: '{}', headers: { 'retry-after': '7' } }, 'rate_limited'],
    ['an error of the service', {}, { status: 500, body: '' }, 'unavailable'],
    ['a cut connection', {}, 'reset' as const, 'unavailable'],
    ['an answer without a verdict', {}, { status: 200, body: '{"documentsAnalysis":[]}' }, 'malformed_answer'],
    ['an answer that is not JSON', {}, { status: 200, body: '<html>' }, 'malformed_answer'],
    ['a redirect', {}, { redirect: 'http://127.0.0.1:1/' }, 'unavailable'],
    ['an endless answer', {}, 'flood' as const, 'malformed_answer'],
    ['no answer', {}, 'hang' as const, 'timeout'],
  ])('%s is told with its reason', async (_, options, fault, reason) => {
    if (fault !== undefined) azure.server.faults.push(fault)
    const result = await ask(desk({ timeoutMs: fault === 'hang' ? 300 : 20_000 }, options), 'text')
    expect(result).toMatchObject({ verdict: 'error', error: reason, unsentCharacters: 4, cached: false })
    expect(JSON.stringify(result)).not.toContain('text"')
  })
  it('is not kept: the next time the service is asked again', async () => {
    const at = desk()
    azure.server.faults.push({ status: 503, body: '' })
    expect(await ask(at, 'again')).toMatchObject({ verdict: 'error' })
    expect(await ask(at, 'again')).toMatchObject({ verdict: 'benign' })
  })
  it('that asks for a pause makes the next texts skipped, not sent', async () => {
    const at = desk()
    azure.server.faults.push({ status: 429, body: '{}', headers: { 'retry-after': '60' } })
    await ask(at, 'first')
    expect(await ask(at, 'second')).toMatchObject({ verdict: 'skipped', error: 'rate_limited' })
    expect(azure.server.received).toHaveLength(1)
  })
  it('of whoever asks costs nobody else the answer', async () => {
    const at = desk()
    at.ask('document', 'shared', () => {
      throw new Error('mine')
    })
    expect(await ask(at, 'shared')).toMatchObject({ verdict: 'benign' })
  })
})

describe('what it may cost', () => {
  it('beyond the budget of a minute texts are skipped', async () => {
    const at = desk({ perMinute: 2 })
    const results = await Promise.all(['a', 'b', 'c'].map((text) => ask(at, text)))
    expect(results.map(({ verdict }) => verdict)).toEqual(['benign', 'benign', 'skipped'])
    expect(results[2]!.error).toBe('budget')
  })
  it('no more questions wait than allowed, and no more are under way', async () => {
    let underWay = 0
    let most = 0
    const slow = {
      name: 'slow',
      check: async () => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setTimeout(resolve, 5))
        underWay--
        return { attack: false, chunks: 1, unsentCharacters: 0 }
      },
    }
    const at = new GuardrailDesk(slow, hashes, { concurrency: 2, maxWaiting: 3 })
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => ask(at, `t${i}`)))
    expect(most).toBe(2)
    expect(results.filter(({ error }) => error === 'too_many_waiting')).toHaveLength(3)
    await at.settled()
  })
})
