/** What every AlertTarget does: pure payloads that its service takes, whatever the alert holds, and a verdict for any answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSend, type Send } from '../../connectors/webhook/send.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertTarget, Exchange, TargetAnswer, TargetVerdict } from '../../schemas/ports.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../fakes/alerts.ts'

export interface TargetUnderTest {
  readonly target: AlertTarget
  /** Of a target that speaks HTTP: answers of its service that no repetition can change, and those after which the alert must come again. */
  readonly http?: { readonly final: readonly TargetAnswer[]; readonly passing: readonly TargetAnswer[] }
  /** Alerts its service (the fake) holds now. */
  taken(): number | Promise<number>
  /** How it reaches its service; loopback is allowed by default. */
  readonly send?: Send
  close(): Promise<void>
}

const signal = new AbortController().signal
const post = createSend({ allowPrivate: true })
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
let ids = 0
/** A service drops what it knows: every alert is one of its own. */
const newId = (): string => (0xabc000 + ids++).toString(16).padStart(32, '0')
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

    const exchange = (send: Exchange['send']): Exchange => ({ send, clock: { nowMs: () => NOW }, signal })
    const real = (): Exchange => {
      const send = under.send ?? post
      return exchange((request) => send(request, signal))
    }
    const answered = async (answer: TargetAnswer): Promise<TargetVerdict> => {
      const [verdict] = await under.target.deliver(
        [sampleDelivery(under.target.name)],
        exchange(async () => answer),
      )
      return verdict!
    }

    it.each([
      ['an ordinary alert', sampleAlert],
      ['an alert full of hostile text', hostile],
      ['an alert far larger than the service takes', enormous],
      ['an alert with every text empty', bare],
    ])('the service takes %s', async (_, make) => {
      const before = await under.taken()
      const delivery = sampleDelivery(under.target.name, { ...make(), alertId: newId() })
      expect(await under.target.deliver([delivery], real())).toEqual([{ kind: 'delivered' }])
      expect(await under.taken()).toBe(before + 1)
      for (const { body } of under.target.payloads([delivery], NOW)) {
        expect(body.isWellFormed()).toBe(true)
        expect(body).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
      }
    })
    it('takes as many together as it says, and answers for each', async () => {
      const { together = 1, name } = under.target
      const alerts = Array.from({ length: together }, () => sampleAlert({ alertId: newId() }))
      const before = await under.taken()
      const verdicts = await under.target.deliver(
        alerts.map((alert) => sampleDelivery(name, alert)),
        real(),
      )
      expect(verdicts).toEqual(alerts.map(() => ({ kind: 'delivered' })))
      expect(await under.taken()).toBe(before + together)
    })
    it('a payload depends on nothing but the delivery and the time', () => {
      const delivery = deepFreeze(sampleDelivery(under.target.name))
      const { target } = under
      expect(target.payloads([delivery], NOW)).toEqual(target.payloads([structuredClone(delivery)], NOW))
    })
    it('a repetition carries the same bytes to the same place', () => {
      const first = under.target.payloads([sampleDelivery(under.target.name)], NOW)
      const later = under.target.payloads([sampleDelivery(under.target.name, sampleAlert(), 7)], NOW + 86_400_000)
      expect(later.map(({ to, body }) => [to, body])).toEqual(first.map(({ to, body }) => [to, body]))
    })
    it('an answer that no repetition can change is refused, any other failure is tried again', async () => {
      for (const answer of under.http?.final ?? []) expect((await answered(answer)).kind).toBe('refused')
      for (const answer of under.http?.passing ?? []) expect((await answered(answer)).kind).toBe('retry')
    })
    it('every answer has a verdict, and its reason repeats nothing of a hostile answer', async () => {
      if (under.http === undefined) return
      for (let status = 100; status < 600; status++) {
        const verdict = await answered({ status, headers: { 'x-hostile': HOSTILE }, body: `${HOSTILE} canary-secret` })
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
