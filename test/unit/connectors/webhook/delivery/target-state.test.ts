/** How targets stand, as the delivery loops tell it: what fails is named, and the healthy are not touched by it. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Deliveries, startDeliveries } from '../../../../../connectors/webhook/delivery/deliver.ts'
import type { AlertTarget, TargetVerdict } from '../../../../../schemas/ports.ts'
import { sampleAlert } from '../../../../fakes/alerts.ts'
import { DeliveryOutbox } from '../../../../fakes/outbox.ts'
import { RecordedTelemetry } from '../../../../fakes/telemetry.ts'
import { VirtualTime } from '../../../../fakes/virtual-time.ts'

const running: Deliveries[] = []
afterEach(async () => {
  for (const deliveries of running.splice(0)) await deliveries.stop(0)
})

/** One target that answers what `verdict` says at that time. */
function service(verdict: (nowMs: number) => TargetVerdict) {
  const time = new VirtualTime()
  const outbox = new DeliveryOutbox()
  const telemetry = new RecordedTelemetry()
  const target: AlertTarget = {
    name: 'soc',
    payloads: () => [],
    deliver: async (deliveries, { clock }) => deliveries.map(() => verdict(clock.nowMs())),
  }
  const deliveries = startDeliveries({
    ...{ outbox, telemetry, targets: [target], clock: time, sleep: time.sleep, random: () => 0.5 },
    send: () => Promise.reject(new Error('nothing is sent')),
    onFatal(error) {
      throw error
    },
    policy: { pollMs: 60_000 },
  })
  running.push(deliveries)
  const add = (at: number) => {
    outbox.add('soc', sampleAlert({ alertId: at.toString(16).padStart(32, '0') }))
    deliveries.wake()
  }
  return { time, outbox, telemetry, deliveries, add, state: async () => (await deliveries.states())['soc'] }
}
const gauge = (telemetry: RecordedTelemetry, name: string) => telemetry.gauges.get(`${name} target=soc`)

describe('the state of a target', () => {
  it('is empty before anything was told', async () => {
    const { state, telemetry } = service(() => ({ kind: 'delivered' }))
    expect(await state()).toEqual({
      ...{ lastDelivered: '', failingSince: '', reason: '', waiting: 0, pausedUntil: '', dead: 0 },
    })
    expect(gauge(telemetry, 'mcp_auditd_target_failing_since_ms')).toBe(0)
  })
  it('says since when and why it fails, what waits and until when it rests, and forgets all that when it is well', async () => {
    const startMs = Date.parse('2026-10-01T10:00:00Z')
    const { time, add, state, outbox, telemetry } = service((nowMs) =>
      nowMs < startMs + 600_000 ? { kind: 'retry', afterMs: 60_000, reason: 'status 503' } : { kind: 'delivered' },
    )
    for (let at = 0; at < 3; at++) add(at)
    await time.pass(90_000)
    expect(await state()).toEqual({
      lastDelivered: '',
      failingSince: '2026-10-01T10:00:00.000Z',
      reason: 'status 503',
      waiting: 3,
      pausedUntil: '2026-10-01T10:02:00.000Z',
      dead: 0,
    })
    expect(gauge(telemetry, 'mcp_auditd_target_failing_since_ms')).toBe(startMs)
    await time.until(() => outbox.in('waiting') === 0)
    const well = await state()
    expect(well).toMatchObject({ failingSince: '', reason: '', waiting: 0, pausedUntil: '', dead: 0 })
    expect(Date.parse(well!.lastDelivered)).toBeGreaterThanOrEqual(startMs + 600_000)
    expect(gauge(telemetry, 'mcp_auditd_target_failing_since_ms')).toBe(0)
    expect(gauge(telemetry, 'mcp_auditd_target_delivered_ms')).toBe(Date.parse(well!.lastDelivered))
  })
  it('counts what was refused and does not call that a failure of the target', async () => {
    const { time, add, state, outbox } = service(() => ({ kind: 'refused', reason: 'status 413' }))
    for (let at = 0; at < 4; at++) add(at)
    await time.until(() => outbox.in('waiting') === 0)
    expect(await state()).toMatchObject({ dead: 4, failingSince: '', waiting: 0 })
  })
})
