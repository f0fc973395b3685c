/** A decision is recorded by what was decided on and how, whatever objects a policy deals in. */
import { afterEach, describe, expect, it } from 'vitest'
import { auditDecision } from '../../../../collector/instrument/authz.ts'
import { memorySink, shutdownAudit } from '../../../../collector/instrument/index.ts'

afterEach(() => shutdownAudit())

const stage = () => {
  const sink = memorySink()
  return { options: { sink, serverId: 'decides', heartbeatMs: 0 }, told: () => sink.events }
}

describe('auditDecision', () => {
  it.each([
    ['orders', 'orders'],
    ['users://alice@example.com/?token=ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8', 'resource'],
    ['/home/alice/taxes.pdf', 'resource'],
    ['f3a9c1d27b5e4086a1c2d3e4f5a6b7c8', 'resource'],
  ])('records of the resource %j its class: %s', (resource, resourceClass) => {
    const { options, told } = stage()
    expect(auditDecision({ resource, policyId: 'p' }, () => true, options)).toBe(true)
    expect(told()).toMatchObject([{ eventType: 'authz.decision', resourceClass, decision: 'allow' }])
    expect(JSON.stringify(told())).not.toContain('alice')
  })

  it('answers with what the policy answered, also where that throws when it is read', async () => {
    const answer = {
      get allow(): boolean {
        throw new Error('read')
      },
    }
    const { options } = stage()
    expect(auditDecision({ tool: 't' }, () => answer, options)).toBe(answer)
    expect(await auditDecision({ tool: 't' }, async () => answer, options)).toBe(answer)
  })
})
