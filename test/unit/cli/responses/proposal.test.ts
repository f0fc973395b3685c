/** What is proposed about an alert, under which id, and how a decision about it becomes a finding. */
import { describe, expect, it } from 'vitest'
import { decisionFinding } from '../../../../cli/responses/decision.ts'
import { proposalsOf, proposalText } from '../../../../cli/responses/proposal.ts'
import { chosenProposal } from '../../../../cli/responses/standing.ts'
import { config } from '../../../../schemas/config.ts'
import { finding } from '../../../../schemas/finding.ts'
import { HOSTILE, sampleAlert } from '../../../fakes/alerts.ts'

const responses = (more: object = {}) =>
  config.parse({
    responses: {
      iam: {
        url: 'https://iam.example/hooks/secret-path',
        secret: 'env:WHSEC',
        actions: ['disable_client', 'revoke_token', 'disable_principal', 'quarantine_server'],
        ...more,
      },
    },
  }).responses

describe('proposals', () => {
  it('name who it is done to, as the alert has it, and expire a day after its last event', () => {
    const alert = sampleAlert({ entity: `server=files tokenFp=${'ab'.repeat(16)}` })
    expect(
      proposalsOf(alert, responses()).map(({ action, subject, expiresAt }) => [action, subject, expiresAt]),
    ).toEqual([
      ['disable_client', { kind: 'client', id: 'ide' }, '2026-10-02T10:06:00.000Z'],
      ['revoke_token', { kind: 'token', id: 'ab'.repeat(16) }, '2026-10-02T10:06:00.000Z'],
      ['disable_principal', { kind: 'principal', id: 'alice' }, '2026-10-02T10:06:00.000Z'],
      ['quarantine_server', { kind: 'server', id: 'files' }, '2026-10-02T10:06:00.000Z'],
    ])
  })
  it('leave out what nobody can be named for', () => {
    const nobody = sampleAlert({ clientKey: '', principalKey: '' })
    expect(proposalsOf(nobody, responses()).map(({ action }) => action)).toEqual(['quarantine_server'])
    const shown = sampleAlert({ evidence: { tokenFp: 'cd'.repeat(8) } })
    expect(proposalsOf(shown, responses()).map(({ action }) => action)).toContain('revoke_token')
    const notOne = sampleAlert({ evidence: { tokenFp: 'Bearer ey…', tokens: 'ab'.repeat(16) } })
    expect(proposalsOf(notOne, responses()).map(({ action }) => action)).not.toContain('revoke_token')
  })
  it.each([
    ['severity', sampleAlert({ severity: 'medium' }), {}],
    ['rule', sampleAlert(), { rules: ['ses-*'] }],
    ['an alert that is resolved', sampleAlert({ status: 'resolved' }), {}],
    ['an alert that is suppressed', sampleAlert({ status: 'suppressed' }), {}],
    ['an alert of ours', sampleAlert({ rule: 'auditd-flood' }), {}],
  ])('are none below its bounds: %s', (_, alert, more) => {
    expect(proposalsOf(alert, responses(more))).toEqual([])
  })
  it('have an id that stands for all of what will happen', () => {
    const idOf = (alert = sampleAlert(), more = {}) => proposalsOf(alert, responses(more))[0]!.id
    expect(idOf(sampleAlert({ count: 99, status: 'acknowledged', title: 'x' }))).toBe(idOf())
    for (const other of [
      idOf(sampleAlert({ clientKey: 'other' })),
      idOf(sampleAlert({ tenant: 'other' })),
      idOf(sampleAlert({ alertId: 'b2'.repeat(16) })),
      idOf(sampleAlert(), { url: 'https://iam.example/hooks/elsewhere' }),
      idOf(sampleAlert(), { actions: ['quarantine_server'] }),
    ])
      expect(other).not.toBe(idOf())
  })
  it('are told in one line that holds everything but the path, which may be a secret', () => {
    expect(proposalText(proposalsOf(sampleAlert(), responses())[0]!)).toBe(
      `disable_client: client ide of tenant default, asked of iam at https://iam.example, because of alert ${'a1'.repeat(16)} (critical, tok-001-audience-mismatch: Token audience mismatch: alice on files)`,
    )
  })
  it('are chosen by the beginning of their id, and never by one of several', () => {
    const proposals = proposalsOf(sampleAlert(), responses())
    const [first] = proposals
    expect(chosenProposal(proposals, first!.id.slice(0, 12))).toBe(first)
    expect(() => chosenProposal(proposals, '')).toThrow('is the beginning of several ids')
    expect(() => chosenProposal(proposals, 'f'.repeat(32))).toThrow('no such proposal')
  })
})

describe('a decision', () => {
  it('is a valid finding under the id of the proposal, whatever the alert holds', () => {
    const alert = sampleAlert({ title: HOSTILE.repeat(200), clientKey: HOSTILE })
    const [proposal] = proposalsOf(alert, responses())
    const by = { by: 'maria', reason: HOSTILE, at: '2026-10-01T12:00:00.000Z' }
    const confirmed = decisionFinding(proposal!, { kind: 'confirmed', ...by })
    const rejected = decisionFinding(proposal!, { kind: 'rejected', ...by })
    expect(finding.safeParse(confirmed).error).toBeUndefined()
    expect([confirmed.findingId, rejected.findingId]).toEqual([proposal!.id, proposal!.id])
    expect([confirmed.rule, rejected.rule]).toEqual(['auditd-response-iam', 'auditd-rejected-iam'])
    expect(confirmed.entity).toBe(`proposal=${proposal!.id}`)
  })
})
