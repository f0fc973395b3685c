/** A confirmed response: one signed request under one id, and its outcome told before it is settled. */
import { afterEach, describe, expect, it } from 'vitest'
import { decisionFinding } from '../../../../cli/responses/decision.ts'
import { proposalsOf } from '../../../../cli/responses/proposal.ts'
import { responseTarget, responseTargetName } from '../../../../connectors/webhook/response-target.ts'
import { createSend } from '../../../../connectors/webhook/send.ts'
import { signersOf } from '../../../../connectors/webhook/targets/standard-webhooks.ts'
import { withFinding } from '../../../../detectors/alert-life.ts'
import { NO_RULE_TEXT } from '../../../../detectors/grouping.ts'
import type { Alert } from '../../../../schemas/alert.ts'
import { config } from '../../../../schemas/config.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { TargetRequest } from '../../../../schemas/ports.ts'
import { sampleAlert, sampleDelivery } from '../../../fakes/alerts.ts'
import { StandardWebhooksReceiver } from '../../../fakes/standard-webhooks-receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const NOW = Date.parse('2026-10-01T12:00:00Z')
const { responses } = config.parse({
  responses: { iam: { url: 'https://iam.example/', secret: 'env:X', actions: ['disable_client'] } },
})
const [proposal] = proposalsOf(sampleAlert(), responses)
const at = '2026-10-01T12:00:00.000Z'
const decided = decisionFinding(proposal!, { kind: 'confirmed', by: 'maria', reason: 'stolen laptop', at })
const confirmed: Alert = withFinding(undefined, decided, NO_RULE_TEXT, { nowMs: NOW })

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
async function bed(told: (outcome: string) => Promise<void> = async () => undefined) {
  const receiver = await StandardWebhooksReceiver.start({ secret: SECRET, nowMs: () => NOW })
  closing.push(() => receiver.close())
  const outcomes: string[] = []
  const target = responseTarget({
    name: 'iam',
    url: receiver.url,
    signers: signersOf('iam', SECRET),
    async told(_, verdict) {
      outcomes.push(verdict.kind)
      await told(verdict.kind)
    },
  })
  const signal = new AbortController().signal
  const post = createSend({ allowPrivate: true })
  const exchange = { send: (sent: TargetRequest) => post(sent, signal), clock: { nowMs: () => NOW }, signal }
  const deliver = (alert: Alert) => target.deliver([sampleDelivery(target.name, alert)], exchange)
  return { receiver, outcomes, deliver, target }
}

describe('the request', () => {
  it('says what to do to whom, because of which alert, and who confirmed it', async () => {
    const { receiver, outcomes, deliver } = await bed()
    expect(await deliver(confirmed)).toEqual([{ kind: 'delivered' }])
    expect(receiver.taken).toEqual([
      {
        id: proposal!.id,
        payload: {
          type: 'response.disable_client',
          timestamp: at,
          data: {
            responseId: proposal!.id,
            action: 'disable_client',
            subject: { kind: 'client', id: 'ide' },
            tenant: 'default',
            serverId: 'files',
            alert: {
              alertId: 'a1'.repeat(16),
              rule: 'tok-001-audience-mismatch',
              severity: 'critical',
              title: 'Token audience mismatch: alice on files',
            },
            confirmedBy: 'maria',
            confirmedAt: at,
            reason: 'stolen laptop',
          },
        },
      },
    ])
    expect(outcomes).toEqual(['delivered'])
  })
  it('is repeated under its id until the receiver took it, and then told to be', async () => {
    const { receiver, outcomes, deliver } = await bed()
    receiver.server.faults.push({ status: 503, body: '' })
    expect((await deliver(confirmed))[0]!.kind).toBe('retry')
    expect(outcomes).toEqual([])
    expect((await deliver(confirmed))[0]!.kind).toBe('delivered')
    expect(new Set(receiver.server.received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([proposal!.id]),
    )
    expect(outcomes).toEqual(['delivered'])
  })
  it('that is refused is told to be', async () => {
    const { receiver, outcomes, deliver } = await bed()
    receiver.gone = true
    expect(await deliver(confirmed)).toEqual([{ kind: 'refused', reason: 'status 410' }])
    expect(outcomes).toEqual(['refused'])
  })
  it('comes again, under its id, when what became of it could not be told', async () => {
    const down = new AuditdError('bus_unavailable', 'bus', '', 'not now')
    const { receiver, deliver } = await bed(() => Promise.reject(down))
    await expect(deliver(confirmed)).rejects.toBe(down)
    await expect(deliver(confirmed)).rejects.toBe(down)
    expect([receiver.taken.length, receiver.repeats]).toEqual([1, [proposal!.id]])
  })
  it('is not sent for what somebody says later about the record of the decision', async () => {
    const { receiver, deliver } = await bed()
    expect(await deliver({ ...confirmed, revision: 2, status: 'acknowledged' })).toEqual([{ kind: 'delivered' }])
    expect(receiver.server.received).toEqual([])
  })
  it('goes by a name that no target of people can have', () => {
    expect(config.safeParse({ targets: { [responseTargetName('iam')]: { type: 'console' } } }).success).toBe(false)
  })
})
