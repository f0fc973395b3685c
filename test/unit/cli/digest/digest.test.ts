/** The digest: exact figures of a period from the real engine, told to each target once, and again only where it did not arrive. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { summarize } from '../../../../cli/digest/summary.ts'
import digestJob, { tellDigest } from '../../../../cli/jobs/digest.ts'
import { config } from '../../../../schemas/config.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { AlertTarget, Delivery, TargetVerdict } from '../../../../schemas/ports.ts'
import { type SeededStore, seededStore, TENANT } from '../../../seeded-store.ts'
import { jobContext } from '../feeds/feed-bed.ts'

const TO_MS = Date.UTC(2026, 2, 3, 7)
const DAY_MS = 86_400_000
const ago = (hours: number): string => new Date(TO_MS - hours * 3_600_000).toISOString()
const alertOf = (id: number, hours: number, more: object = {}) => ({
  ...{
    alertId: id.toString(16).padStart(32, '0'),
    windowStart: ago(hours),
    firstSeen: ago(hours),
    lastSeen: ago(hours),
    ...more,
  },
})
let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore({
    events: [
      { eventType: 'tool.call', serverId: 'hr', eventTime: ago(2), receivedAt: ago(2) },
      { eventType: 'tool.call', serverId: 'pay', eventTime: ago(3), receivedAt: ago(3) },
      {
        eventType: 'auditd.error',
        serverId: 'mcp-auditd',
        eventTime: ago(4),
        receivedAt: ago(4),
        component: 'queue',
        code: 'bus_overloaded',
        dropped: 7,
      },
      { eventType: 'tool.call', serverId: 'old', eventTime: ago(40), receivedAt: ago(40) },
    ],
    alerts: [
      alertOf(1, 2, { severity: 'critical', serverId: 'hr' }),
      alertOf(2, 3, { severity: 'high', serverId: 'hr', rule: 'tdf-001-definition-changed' }),
      alertOf(3, 5, { severity: 'high', serverId: 'pay', status: 'resolved' }),
      alertOf(4, 100, { severity: 'low', serverId: 'pay', status: 'acknowledged' }),
      alertOf(5, 2_000, { severity: 'low', serverId: 'pay' }),
      alertOf(6, 30, { severity: 'low', serverId: 'pay', status: 'suppressed' }),
    ],
  })
})
afterAll(() => seeded.close())

const told: Delivery[] = []
const verdicts = new Map<string, TargetVerdict>()
beforeEach(() => {
  told.length = 0
  verdicts.clear()
})
const target = (name: string): AlertTarget => ({
  name,
  payloads: () => [],
  async deliver(deliveries) {
    const verdict = verdicts.get(name) ?? { kind: 'delivered' }
    if (verdict.kind === 'delivered') told.push(...deliveries)
    return deliveries.map(() => verdict)
  },
})
const open = async (names: readonly string[]) => ({
  configured: names.map((name) => ({ target: target(name) })) as never[],
  send: async () => ({ status: 200, headers: {}, body: '' }),
  close: async () => {},
})
function digestContext(more: object = {}) {
  const context = jobContext()
  context.nowMs = TO_MS + 12 * 60_000
  let letters = 40
  return {
    ...{ context, refuse: (count: number) => (letters += count) },
    job: Object.assign(context, {
      settings: config.parse({
        targets: { chat: { type: 'console' }, mail: { type: 'console' } },
        digest: { targets: ['chat', 'mail'], tenant: TENANT, ...more },
      }),
      store: { ...context.store, query: seeded.store.query.bind(seeded.store) },
      deadLetters: { total: async () => letters },
    }),
  }
}

describe('the figures', () => {
  it('are those of the period and the tenant', async () => {
    expect(await summarize(seeded.store, { fromMs: TO_MS - DAY_MS, toMs: TO_MS, tenant: TENANT })).toMatchObject({
      bySeverity: [
        ['critical', 1],
        ['high', 2],
      ],
      byServer: [
        ['hr', 2],
        ['pay', 1],
      ],
      openByAge: [
        ['under a day', 2],
        ['under a week', 1],
        ['older', 1],
      ],
      ...{ suppressed: 1, events: 3, servers: 3, dropped: 7 },
    })
  })
  it('of a time without anything are zero, and a tenant with a quote in its name is only a name', async () => {
    expect(await summarize(seeded.store, { fromMs: 0, toMs: 1_000, tenant: "x' OR 1=1 --" })).toMatchObject({
      ...{ bySeverity: [], openByAge: [], events: 0, dropped: 0 },
    })
  })
})

describe('the digest', () => {
  it('is told to each target once, as an alert whose query runs', async () => {
    const { job, refuse } = digestContext()
    expect(await tellDigest(job, open)).toBe(
      'Digest of 2026-03-02: 3 new alerts (1 critical, 2 high), 4 open, 47 events lost or refused',
    )
    expect(told.map(({ target: name }) => name)).toEqual(['chat', 'mail'])
    const { alert, idempotencyKey } = told[0]!
    expect(alert).toMatchObject({
      rule: 'auditd-digest',
      severity: 'info',
      evidence: { 'new critical': 1, 'open older': 1, servers: ['hr x2', 'pay x1'] },
    })
    expect(idempotencyKey).toBe(`${alert.alertId}.1`)
    expect((await seeded.sql(alert.query)).length).toBeGreaterThan(0)
    refuse(2)
    await tellDigest(job, open)
    expect(told).toHaveLength(2)
    job.nowMs += DAY_MS
    await tellDigest(job, open)
    expect(told[2]!.alert.saw).toContain('2 refused')
    expect(told[2]!.alert.alertId).not.toBe(alert.alertId)
  })
  it('goes again only where it did not arrive', async () => {
    const { job } = digestContext()
    verdicts.set('mail', { kind: 'refused', reason: 'no such channel' })
    await expect(tellDigest(job, open)).rejects.toThrow('mail: no such channel')
    verdicts.clear()
    await tellDigest(job, open)
    expect(told.map(({ target: name }) => name)).toEqual(['chat', 'mail'])
  })
  it('says so when nobody wants it, and names a target that is none', async () => {
    const { job } = digestContext({ targets: [] })
    expect(await tellDigest(job, open)).toContain('digest.targets')
    const settings = config.parse({ digest: { targets: ['nobody'] } })
    expect(() => digestJob(settings)).toThrow(AuditdError)
    expect(() => digestJob(settings)).toThrow('nobody is not one of the targets')
  })
})
