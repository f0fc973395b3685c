/** A decision of a person: the audit hears of it first, then it is in the log; what cannot be decided leaves no trace. */
import { describe, expect, it } from 'vitest'
import { type Decision, decide } from '../../../../cli/alerts/decision.ts'
import { listAlerts } from '../../../../cli/alerts/questions.ts'
import type { Alert } from '../../../../schemas/alert.ts'
import { type AlertChange, alertChange } from '../../../../schemas/alert-change.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import { type AuditEvent, parseEvent } from '../../../../schemas/event.ts'
import { HOSTILE, sampleAlert } from '../../../fakes/alerts.ts'

const NOW = Date.parse('2026-10-01T10:10:00Z')
const column = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const rowOf = (alert: Alert): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries({ ...alert, evidence: JSON.stringify(alert.evidence) }).map(([name, value]) => [
        column(name),
        value,
      ]),
    ),
  )

function bed(alerts: readonly Alert[], offered: (change: AlertChange) => Error | undefined = () => undefined) {
  const log: (AuditEvent | AlertChange)[] = []
  const asked: Readonly<Record<string, string>>[] = []
  let busIsDown = false
  const parts = {
    bus: {
      publish: async (events: readonly AuditEvent[]) => {
        if (busIsDown) throw new AuditdError('bus_unavailable', 'bus', '', 'down')
        log.push(...events)
      },
    },
    outbox: {
      offer: async (_: unknown, changes: readonly AlertChange[]) => {
        const failure = changes.map(offered).find((one) => one !== undefined)
        if (failure !== undefined) throw failure
        log.push(...changes)
      },
    },
    clock: { nowMs: () => NOW },
  } as unknown as Parameters<typeof decide>[3]
  const ask = async (_: string, parameters: Readonly<Record<string, string>>) => {
    asked.push(parameters)
    const { id = '' } = parameters
    return alerts
      .filter(({ alertId }) => alertId.startsWith(id))
      .slice(0, 2)
      .map((alert) => `${rowOf(alert)}\n`)
      .join('')
  }
  return {
    log,
    asked,
    ask,
    fail: () => {
      busIsDown = true
    },
    by: (id: string, decision: Partial<Decision>) =>
      decide(id, { action: 'acknowledge', by: 'kim', ...decision }, ask, parts),
  }
}
const medium = sampleAlert({ severity: 'medium', findingSeverity: 'medium' })

describe('a decision', () => {
  it('stands in the audit before it stands in the log, with one id each for one change id', async () => {
    const { by, log } = bed([{ ...medium, status: 'acknowledged', owner: 'kim', statusReason: 'mine' }])
    const changeId = '5'.repeat(32)
    const decided = await by('a1a1', { reason: 'mine', changeId })
    await by('a1a1', { reason: 'mine', changeId })
    expect(decided).toMatchObject({ changeId, applied: true })
    const [event, change, again] = log as [AuditEvent, AlertChange, AuditEvent]
    expect(event).toMatchObject({
      eventType: 'audit.access',
      operation: 'alert',
      actor: 'kim',
      subject: medium.alertId,
      reason: 'acknowledge: mine',
      serverId: 'mcp-auditd',
    })
    expect(alertChange.parse(change)).toMatchObject({ changeId, alertId: medium.alertId, entity: medium.entity })
    expect(again.eventId).toBe(event.eventId)
  })
  it('that cannot be made leaves nothing', async () => {
    const { by, log } = bed([sampleAlert({ severity: 'critical' })])
    const until = new Date(NOW + 1_000).toISOString()
    for (const wrong of [
      { action: 'suppress', until, reason: 'x' },
      { action: 'resolve' },
      { action: 'suppress', until: new Date(NOW + 400 * 86_400_000).toISOString(), reason: 'x' },
    ] as const)
      await expect(by('a1a1', wrong)).rejects.toMatchObject({ code: 'usage' })
    await expect(by('ffff', {})).rejects.toMatchObject({ code: 'not_found' })
    expect(log).toEqual([])
  })
  it('is not in the log when the audit could not be told', async () => {
    const { by, log, fail } = bed([medium])
    fail()
    await expect(by('a1a1', {})).rejects.toMatchObject({ code: 'bus_unavailable' })
    expect(log).toEqual([])
  })
  it('with an id that fits several alerts is refused', async () => {
    const { by } = bed([medium, { ...medium, alertId: 'a1a1'.padEnd(32, '0') }])
    await expect(by('a1a1', {})).rejects.toMatchObject({ message: 'alerts: a1a1: is the beginning of several ids' })
  })
  it('may hold what no row may: it is made storable, in event and change alike', async () => {
    const { by, log } = bed([{ ...medium, status: 'acknowledged', verdict: 'benign' }])
    await by('a1a1', { action: 'feedback', verdict: 'benign', by: `\ud800${HOSTILE}`.slice(0, 200), reason: HOSTILE })
    const [event, change] = log as [AuditEvent, AlertChange]
    expect('event' in parseEvent(event)).toBe(true)
    expect([change.actor.isWellFormed(), change.reason.isWellFormed(), change.reason.includes('\0')]).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('a list', () => {
  it('hands what people ask for to the engine as values, never as text', async () => {
    const { ask, asked } = bed([])
    const rule = "x' OR 1=1 --"
    await listAlerts(ask, { rule, server: rule, principal: rule, sinceMs: NOW, severity: 'high' })
    expect(asked).toEqual([{ severity: 'high', rule, server: rule, principal: rule, since: String(NOW) }])
  })
})
