// Incidents: the same alerts give the same finding, and one alert a subject and day says what its last finding says.
import { describe, expect, it } from 'vitest'
import { alertIdOf, groupFinding } from '../../../detectors/grouping.ts'
import { INCIDENT_TEXT, incidentFinding, type SubjectRisk } from '../../../detectors/incident.ts'
import { alert as alertSchema } from '../../../schemas/alert.ts'
import { finding as findingSchema } from '../../../schemas/finding.ts'
import { HOSTILE } from '../../fakes/alerts.ts'

const risk = (overrides: Partial<SubjectRisk> = {}): SubjectRisk => ({
  tenant: 'default',
  kind: 'principal',
  subject: 'abcd',
  score: 31.5,
  threshold: 25,
  windowMs: 86_400_000,
  alertIds: ['b'.repeat(32), 'a'.repeat(32)],
  rules: ['tok-001-audience-mismatch', 'tok-007-long-lived-token'],
  graveRules: ['tok-001-audience-mismatch'],
  servers: ['hr'],
  lastSeen: '2026-10-01T10:00:00.000Z',
  ...overrides,
})

describe('the finding of an incident', () => {
  it('is the same for the same alerts of a day, whatever the order, the score and the time', () => {
    const first = incidentFinding(risk())
    const again = risk({ alertIds: ['a'.repeat(32), 'b'.repeat(32)], score: 30, lastSeen: '2026-10-01T23:00:00Z' })
    expect(incidentFinding(again).findingId).toBe(first.findingId)
    for (const other of [
      risk({ alertIds: ['a'.repeat(32)] }),
      risk({ lastSeen: '2026-10-02T00:00:00Z' }),
      risk({ tenant: 'x' }),
      risk({ kind: 'client' }),
      risk({ subject: 'abce' }),
    ])
      expect(incidentFinding(other).findingId).not.toBe(first.findingId)
  })
  it('is critical when rules of several families found something grave', () => {
    expect(incidentFinding(risk()).severity).toBe('high')
    expect(incidentFinding(risk({ graveRules: ['tok-001-x', 'tok-002-y'] })).severity).toBe('high')
    expect(incidentFinding(risk({ graveRules: ['tok-001-x', 'ses-001-y'] })).severity).toBe('critical')
  })
  it('names the subject in its own column, and the server when it is one', () => {
    expect(incidentFinding(risk())).toMatchObject({ principalKey: 'abcd', serverId: 'hr', entity: 'principal=abcd' })
    expect(incidentFinding(risk({ kind: 'session', servers: ['hr', 'crm'] }))).toMatchObject({
      principalKey: '',
      sessionFp: 'abcd',
      serverId: '*',
    })
  })
  it('is valid for hostile and for many', () => {
    const many = risk({
      subject: HOSTILE.toWellFormed(),
      kind: 'client',
      alertIds: Array.from({ length: 5_000 }, (_, at) => at.toString(16).padStart(32, '0')),
      rules: Array.from({ length: 90 }, (_, at) => `tok-${at}-x`),
    })
    const found = incidentFinding(many)
    expect(findingSchema.safeParse(found).success).toBe(true)
    expect(found.evidence).toMatchObject({ 'further alerts': 4_950 })
    expect(found.entity).not.toMatch(/\s/)
  })
})

describe('the alert of an incident', () => {
  it('is one for a subject and day, and says what the last finding says', () => {
    const first = incidentFinding(risk())
    const more = incidentFinding(
      risk({
        alertIds: ['a', 'b', 'c'].map((letter) => letter.repeat(32)),
        rules: ['ses-001-session-reuse', 'tok-001-audience-mismatch'],
        graveRules: ['ses-001-session-reuse', 'tok-001-audience-mismatch'],
        lastSeen: '2026-10-01T22:10:00.000Z',
      }),
    )
    expect(alertIdOf(more)).toBe(alertIdOf(first))
    expect(alertIdOf(incidentFinding(risk({ lastSeen: '2026-10-02T01:00:00Z' })))).not.toBe(alertIdOf(first))
    const opened = groupFinding(undefined, first, INCIDENT_TEXT)
    expect(opened).toMatchObject({
      severity: 'high',
      windowMs: 86_400_000,
      title: 'Incident: 2 alerts about principal abcd: tok-001, tok-007',
      severityReason: 'high: alerts of several rules about one subject add up',
    })
    const updated = groupFinding(opened, more, INCIDENT_TEXT)
    expect(alertSchema.safeParse(updated).success).toBe(true)
    expect(updated).toMatchObject({
      severity: 'critical',
      title: 'Incident: 3 alerts about principal abcd: ses-001, tok-001',
      severityReason: 'critical: grave alerts of 2 families of rules about one subject',
      evidence: { alerts: ['a', 'b', 'c'].map((letter) => letter.repeat(32)) },
    })
    expect(updated.query).toContain(`alert_id IN ('${'a'.repeat(32)}', '${'b'.repeat(32)}', '${'c'.repeat(32)}')`)
    const milder = groupFinding(updated, first, INCIDENT_TEXT)
    expect(milder).toMatchObject({ severity: 'critical', title: updated.title, query: updated.query })
  })
})
