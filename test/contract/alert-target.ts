/** What every AlertTarget does: pure requests that its service takes, whatever the alert holds, and a verdict for any answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertTarget, TargetAnswer, TargetRequest } from '../../schemas/ports.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../fakes/alerts.ts'

export interface TargetUnderTest {
  readonly target: AlertTarget
  /** Gives a request to the service (its fake). */
  answer(request: TargetRequest): Promise<TargetAnswer>
  /** Answers of the service that no repetition can change. */
  readonly final: readonly TargetAnswer[]
  /** Answers of the service after which the alert must come again. */
  readonly passing: readonly TargetAnswer[]
  close(): Promise<void>
}

const NOW = Date.parse('2026-10-01T10:07:00.500Z')
const hostile = (): Alert =>
  sampleAlert({
    title: HOSTILE,
    saw: HOSTILE,
    expected: HOSTILE,
    severityReason: HOSTILE,
    entity: HOSTILE,
    serverId: HOSTILE,
    principalKey: HOSTILE,
    clientKey: HOSTILE,
    sessionFp: HOSTILE,
    toolName: HOSTILE,
    query: `SELECT '${HOSTILE}'`,
    evidence: { [HOSTILE]: HOSTILE, list: [HOSTILE, HOSTILE] },
    triage: [HOSTILE],
    blindSpots: [HOSTILE],
    refs: [HOSTILE],
  })
const LONG = '<&`x'.repeat(25_000)
const enormous = (): Alert =>
  sampleAlert({
    title: LONG,
    saw: LONG,
    expected: LONG,
    severityReason: LONG,
    entity: LONG,
    serverId: LONG,
    toolName: LONG,
    sessionFp: LONG,
    query: LONG,
    evidence: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`${at}${LONG}`, [LONG]])),
    triage: Array.from({ length: 100 }, () => LONG),
    blindSpots: [LONG, LONG],
    refs: [LONG],
    evidenceEventIds: Array.from({ length: 50 }, () => '0192f0c1-0000-7000-8000-000000000001'),
  })
const bare = (): Alert =>
  sampleAlert({
    title: '',
    saw: '',
    expected: '',
    severityReason: '',
    entity: '',
    serverId: '',
    principalKey: '',
    clientKey: '',
    toolName: '',
    decision: '',
    tenant: '',
    query: '',
    evidence: {},
    triage: [],
    blindSpots: [],
    refs: [],
    evidenceEventIds: [],
    findingIds: [],
  })

export function alertTargetContract(name: string, make: () => Promise<TargetUnderTest>): void {
  describe(`${name} as an AlertTarget`, () => {
    let under: TargetUnderTest
    beforeAll(async () => {
      under = await make()
    })
    afterAll(() => under.close())

    it.each([
      ['an ordinary alert', sampleAlert],
      ['an alert full of hostile text', hostile],
      ['an alert far larger than the service takes', enormous],
      ['an alert with every text empty', bare],
    ])('the service takes %s', async (_, make) => {
      const request = under.target.request(sampleDelivery(under.target.name, make()), NOW)
      const answer = await under.answer(request)
      expect(under.target.verdict(answer)).toEqual({ kind: 'delivered' })
      expect(request.body.isWellFormed()).toBe(true)
      expect(request.body).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    })
    it('a request depends on nothing but the delivery and the time', () => {
      const delivery = deepFreeze(sampleDelivery(under.target.name))
      expect(under.target.request(delivery, NOW)).toEqual(under.target.request(structuredClone(delivery), NOW))
    })
    it('a repetition carries the same bytes to the same place', () => {
      const first = under.target.request(sampleDelivery(under.target.name), NOW)
      const later = under.target.request(sampleDelivery(under.target.name, sampleAlert(), 7), NOW + 86_400_000)
      expect(later.body).toBe(first.body)
      expect(later.url).toBe(first.url)
    })
    it('an answer that no repetition can change is refused, any other failure is tried again', () => {
      for (const answer of under.final) expect(under.target.verdict(answer).kind).toBe('refused')
      for (const answer of under.passing) expect(under.target.verdict(answer).kind).toBe('retry')
    })
    it('every answer has a verdict, and its reason repeats nothing of a hostile answer', () => {
      for (let status = 100; status < 600; status++) {
        const verdict = under.target.verdict({
          status,
          headers: { 'x-hostile': HOSTILE },
          body: `${HOSTILE} canary-secret`,
        })
        expect(['delivered', 'retry', 'refused']).toContain(verdict.kind)
        if (verdict.kind !== 'delivered') expect(verdict.reason).toMatch(/^[\x20-\x7e]{1,100}$/)
        expect(JSON.stringify(verdict)).not.toContain('canary-secret')
      }
    })
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const child of Object.values(value)) deepFreeze(child)
  }
  return value
}
