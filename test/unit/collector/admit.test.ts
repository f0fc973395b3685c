/** Admission: identity from the credential, time of receipt from us, bounds on everything, and letters that repeat nothing. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admit } from '../../../collector/admit.ts'
import type { AuditEvent, EventFields } from '../../../schemas/event.ts'
import { LIMITS } from '../../../schemas/field.ts'
import type { Caller, DeadLetter } from '../../../schemas/ports.ts'
import { anyEvent } from '../schemas/arbitrary-event.ts'

const receivedMs = Date.parse('2026-11-24T06:00:00.250Z')
const keyed: Caller = { tenant: 'acme', servers: ['hr', 'crm'], producer: 'key-1', claimed: false }
const anySever: Caller = { tenant: 'acme', servers: [], producer: 'key-1', claimed: false }
const claimed: Caller = { tenant: 'default', producer: 'loopback', claimed: true }
const candidate = (fields: EventFields = {}): Record<string, unknown> => ({
  eventType: 'tool.call',
  eventId: '0193577e-3c4a-7cde-8000-0123456789ab',
  eventTime: '2026-11-24T06:00:00.123456789Z',
  serverId: 'hr',
  ...fields,
})
function good(input: unknown, caller: Caller = keyed, trusted = false): AuditEvent {
  const admitted = admit(input, caller, receivedMs, trusted)
  if ('refused' in admitted) throw new Error(`refused: ${admitted.refused.field}: ${admitted.refused.reason}`)
  return admitted.event
}
function bad(input: unknown, caller: Caller = keyed, trusted = false): DeadLetter {
  const admitted = admit(input, caller, receivedMs, trusted)
  if ('event' in admitted) throw new Error('was admitted')
  return admitted.refused
}

describe('identity', () => {
  it('takes the tenant of the credential', () => {
    expect(good(candidate()).tenant).toBe('acme')
    expect(good(candidate({ tenant: '' })).tenant).toBe('acme')
    expect(good(candidate({ tenant: 'acme' })).tenant).toBe('acme')
  })
  it('refuses a body that names another tenant', () => {
    expect(bad(candidate({ tenant: 'globex' }))).toMatchObject({
      component: 'admission',
      field: 'tenant',
      tenant: 'acme',
    })
    expect(bad(candidate({ tenant: 'acme' }), claimed).field).toBe('tenant')
  })
  it('refuses a server that the credential may not speak for', () => {
    expect(good(candidate({ serverId: 'crm' })).serverId).toBe('crm')
    expect(bad(candidate({ serverId: 'payroll' })).field).toBe('serverId')
    expect(good(candidate({ serverId: 'payroll' }), anySever).serverId).toBe('payroll')
  })
  it('lets only a credential that is bound to no server speak for all, and only of facts', () => {
    const revoked = () => candidate({ serverId: '*', eventType: 'identity.revoked' })
    const operator = { ...anySever, governs: true }
    expect(good(revoked(), operator).serverId).toBe('*')
    expect(good(revoked(), claimed).serverId).toBe('*')
    expect(bad(revoked()).reason).toMatch(/may not speak for this server/)
    expect(bad(revoked(), { ...keyed, governs: true, servers: ['hr', '*'] }).reason).toMatch(
      /may not speak for all of them/,
    )
    expect(bad(candidate({ serverId: '*' }), anySever)).toMatchObject({
      field: 'serverId',
      reason: '* is for facts about all servers, and tool.call happens on one',
    })
  })
  it('believes facts of an operator alone: a server may not approve its own tools', () => {
    for (const eventType of ['tool.approved', 'deployment.event', 'inventory.snapshot', 'identity.revoked'] as const) {
      const told = () => candidate({ eventType })
      expect(bad(told())).toMatchObject({ field: 'eventType', reason: expect.stringContaining('role operator') })
      expect(good(told(), { ...keyed, governs: true }).eventType).toBe(eventType)
      expect(good(told(), claimed).eventType).toBe(eventType)
    }
  })
  it('marks the server as claimed exactly when no credential vouches for it, whatever the body says', () => {
    expect(good(candidate(), claimed).serverClaimed).toBe(true)
    expect(good(candidate({ serverClaimed: false }), claimed).serverClaimed).toBe(true)
    expect(good(candidate({ serverClaimed: true })).serverClaimed).toBeUndefined()
  })
})

describe('time', () => {
  const clamped = (eventTime: string) => {
    const { eventTime: stored, claimedEventTime, flags } = good(candidate({ eventTime }))
    return { stored, claimedEventTime, flags }
  }
  it('stamps the time of receipt, and a receipt in the body is ignored', () => {
    expect(good(candidate()).receivedAt).toBe('2026-11-24T06:00:00.250Z')
    expect(good(candidate({ receivedAt: '2020-01-01T00:00:00Z' })).receivedAt).toBe('2026-11-24T06:00:00.250Z')
  })
  it('keeps an event time within seven days before and five minutes after receipt, with all its decimals', () => {
    for (const eventTime of ['2026-11-24T06:00:00.123456789Z', '2026-11-17T06:00:00.250Z', '2026-11-24T06:05:00.25Z'])
      expect(clamped(eventTime)).toEqual({ stored: eventTime, claimedEventTime: undefined, flags: undefined })
  })
  it('stores the nearest bound of a time outside, with the claimed one and a flag beside it', () => {
    expect(clamped('2026-11-17T06:00:00.249Z')).toEqual({
      stored: '2026-11-17T06:00:00.250Z',
      claimedEventTime: '2026-11-17T06:00:00.249Z',
      flags: ['event_time_clamped'],
    })
    expect(clamped('9999-12-31T23:59:59.999999999Z').stored).toBe('2026-11-24T06:05:00.250Z')
    expect(clamped('0000-01-01T00:00:00Z').stored).toBe('2026-11-17T06:00:00.250Z')
  })
  it('takes no claimed time from the body of an event that is in time', () => {
    expect(good(candidate({ claimedEventTime: '2020-01-01T00:00:00Z' })).claimedEventTime).toBeUndefined()
  })
  it('keeps the flags of the producer within their bound when it adds its own', () => {
    const flags = Array.from({ length: LIMITS.listLength }, (_, i) => `flag-${i}`)
    const late = good(candidate({ eventTime: '2020-01-01T00:00:00Z', flags }))
    expect(late.flags).toHaveLength(LIMITS.listLength)
    expect(late.flags).toContain('event_time_clamped')
    expect(good({ ...late }, keyed, true).flags).toEqual(late.flags)
  })
})

describe('records of our own collect role', () => {
  const collected = candidate({ tenant: 'globex', serverId: 'payroll', receivedAt: '2026-11-24T05:59:00.000Z' })
  it('keep tenant, server and time of receipt', () => {
    expect(good(collected, keyed, true)).toMatchObject({
      tenant: 'globex',
      serverId: 'payroll',
      receivedAt: '2026-11-24T05:59:00.000Z',
    })
  })
  it('keep what the collect role found out about identity and time', () => {
    const event = good(
      { ...collected, serverClaimed: true, claimedEventTime: '2020-01-01T00:00:00Z' },
      { ...keyed, claimed: false },
      true,
    )
    expect(event).toMatchObject({ serverClaimed: true, claimedEventTime: '2020-01-01T00:00:00Z' })
  })
  it('are refused without tenant or time of receipt', () => {
    expect(bad(candidate({ tenant: 'globex' }), keyed, true).field).toBe('receivedAt')
    expect(bad(candidate({ receivedAt: '2026-11-24T05:59:00.000Z' }), keyed, true).field).toBe('receivedAt')
  })
})

describe('bounds', () => {
  it('removes fields that it does not know', () => {
    const event = good({ ...candidate(), password: 'hunter2', args: [{ path: 'a', type: 'string', raw: 'x' }] })
    expect(event).not.toHaveProperty('password')
    expect(event).toHaveProperty('args', [{ path: 'a', type: 'string' }])
  })
  it('refuses what is no object, of no known type, too deep, or with a forbidden key', () => {
    for (const input of [null, undefined, 7, 'text', [candidate()]]) expect(bad(input).component).toBe('admission')
    expect(bad(candidate({ eventType: 'tool.cal' })).field).toBe('eventType')
    expect(bad(JSON.parse(JSON.stringify(candidate()).replace('{', '{"__proto__":{},')))).toMatchObject({
      field: '__proto__',
      reason: 'forbidden key',
    })
    let deep: unknown = 1
    for (let depth = 0; depth < LIMITS.depth; depth++) deep = { a: deep }
    expect(bad(candidate({ labels: deep })).reason).toContain('deeper')
  })
  it('refuses an event that is too large, whichever fields make it so', () => {
    const name = 'ä'.repeat(LIMITS.nameChars)
    const list = Array.from({ length: LIMITS.listLength }, () => name)
    expect(bad(candidate({ labels: list })).reason).toContain(`${LIMITS.eventBytes} bytes`)
    expect(
      bad(candidate({ labels: list.slice(0, 128), redactions: list.slice(0, 128), actorKeys: [] })).reason,
    ).toContain('bytes')
    const definitions = Array.from({ length: 2_000 }, () => ({ name: name.slice(0, 64), hash: 'a'.repeat(64) }))
    expect(bad(candidate({ eventType: 'tools.registry', definitions })).reason).toContain('bytes')
  })
  it('admits an event that is as large as it may be', () => {
    const padded = (chars: number) =>
      candidate({ labels: Array(chars >> 9).fill('x'.repeat(509)), toolName: 'x'.repeat(chars & 511) })
    const spare = LIMITS.eventBytes - Buffer.byteLength(JSON.stringify(good(padded(200 * 512))))
    expect(spare).toBeGreaterThan(0)
    expect(good(padded(255 * 512)).labels).toHaveLength(255)
  })
  it('refuses lone surrogates, NUL and numbers that no column holds', () => {
    expect(bad(candidate({ toolName: 'a\ud800' })).field).toBe('toolName')
    expect(bad(candidate({ toolName: 'a\u0000' })).field).toBe('toolName')
    expect(bad(candidate({ producerSeq: 2 ** 53 })).field).toBe('producerSeq')
    expect(bad(candidate({ durationMs: Number.NaN })).field).toBe('durationMs')
  })
})

describe('any event', () => {
  it('is admitted with a time of receipt and an event time in the window, and admitted again it stays the same', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const { tenant: _, ...sent } = event
        const once = good(structuredClone(sent), { ...claimed, tenant: 'acme' })
        const eventMs = Date.parse(once.eventTime)
        expect(once.receivedAt).toBe(new Date(receivedMs).toISOString())
        expect(eventMs).toBeGreaterThanOrEqual(receivedMs - LIMITS.pastMs)
        expect(eventMs).toBeLessThanOrEqual(receivedMs + LIMITS.futureMs)
        expect(good(structuredClone(once), keyed, true)).toEqual(once)
      }),
      { numRuns: 200 },
    )
  })
  it('or anything else never throws, and a letter repeats no value', () => {
    const secret = 'sk-live-51H8xyzSECRET'
    fc.assert(
      fc.property(
        anyEvent,
        fc.anything({ values: [fc.constant(secret)] }),
        fc.constantFrom(...Object.keys(candidate()), 'labels', 'flags', 'transport', 'producerSeq'),
        (event, value, field) => {
          const admitted = admit({ ...event, tenant: '', [field]: value }, claimed, receivedMs)
          if ('refused' in admitted) expect(JSON.stringify({ ...admitted.refused, field: '' })).not.toContain(secret)
        },
      ),
      { numRuns: 200 },
    )
  })
})
