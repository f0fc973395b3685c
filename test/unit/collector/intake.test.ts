/** The intake: good events are durable before they are acknowledged, bad ones are letters, and neither costs the other. */
import { describe, expect, it } from 'vitest'
import { createIntake } from '../../../collector/intake.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import type { Caller, DeadLetter } from '../../../schemas/ports.ts'
import { recordingTelemetry, sampleEvent } from '../../contract/samples.ts'

const caller: Caller = { tenant: 'default', producer: 'test', claimed: true }
function bed() {
  const done: string[] = []
  const events: AuditEvent[] = []
  const letters: DeadLetter[] = []
  const telemetry = recordingTelemetry()
  const failures: Error[] = []
  const intake = createIntake({
    bus: {
      async publish(batch) {
        const failure = failures.shift()
        if (failure !== undefined) throw failure
        events.push(...batch)
        done.push('publish')
      },
      consume: () => Promise.reject(new Error('not consumed here')),
      close: async () => undefined,
    },
    deadLetters: {
      async add(added) {
        letters.push(...added)
        done.push('letters')
      },
    },
    clock: { nowMs: () => Date.parse('2026-11-24T06:00:00Z') },
    telemetry,
  })
  return { intake, events, letters, telemetry, failures, done }
}

describe('intake', () => {
  it('publishes the good ones in order and reports the bad ones with the first reason', async () => {
    const { intake, events, letters, telemetry } = bed()
    const [a, b] = [sampleEvent(), sampleEvent()]
    const before = [{ at: '', component: 'otlp', field: 'f', reason: 'r', tenant: '', digest: '' }]
    const answer = await intake.take([a, { eventType: 'nothing' }, b, 'text'], before, caller)
    expect(answer).toEqual({ accepted: 2, rejected: 3, reason: 'otlp: f: r' })
    expect(events.map(({ eventId }) => eventId)).toEqual([a.eventId, b.eventId])
    expect(letters).toHaveLength(3)
    expect(telemetry.counts.get('mcp_auditd_events_received_total')).toBe(5)
    expect(telemetry.counts.get('mcp_auditd_events_accepted_total')).toBe(2)
    expect(telemetry.counts.get('mcp_auditd_events_rejected_total')).toBe(3)
  })
  it('names component, field and reason of a refusal of its own', async () => {
    const answer = await bed().intake.take([sampleEvent({ tenant: 'globex' })], [], caller)
    expect(answer.reason).toBe('admission: tenant: differs from the tenant of the credential')
  })
  it('stamps all events of one request with one time of receipt', async () => {
    const { intake, events } = bed()
    await intake.take([sampleEvent(), sampleEvent()], [], caller)
    expect(new Set(events.map(({ receivedAt }) => receivedAt))).toEqual(new Set(['2026-11-24T06:00:00.000Z']))
  })
  it('promises nothing when the bus fails, and the same request passes later', async () => {
    const { intake, events, failures, telemetry } = bed()
    failures.push(new AuditdError('bus_unavailable', 'spool', '', 'down'))
    const request = [sampleEvent()]
    await expect(intake.take(request, [], caller)).rejects.toMatchObject({ code: 'bus_unavailable' })
    expect(telemetry.counts.get('mcp_auditd_events_accepted_total')).toBeUndefined()
    expect((await intake.take(request, [], caller)).accepted).toBe(1)
    expect(events).toHaveLength(1)
  })
  it('keeps a letter before it answers that a record was refused', async () => {
    const { intake, done } = bed()
    await intake.take(['text', sampleEvent()], [], caller)
    expect(done).toEqual(['letters', 'publish'])
  })
  it('touches neither bus nor dead letter for an empty request', async () => {
    const { intake, done } = bed()
    expect(await intake.take([], [], caller)).toEqual({ accepted: 0, rejected: 0, reason: '' })
    expect(done).toEqual([])
  })
})
