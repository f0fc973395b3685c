/** Sends a confirmed response: one signed Standard Webhooks request, under an id that stays the same however often it is tried. */
import type { Webhook } from 'standardwebhooks'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertTarget, Delivery, TargetRequest, TargetVerdict } from '../../schemas/ports.ts'
import { withoutSecrets, withRetryAfter } from './http-target.ts'
import { signedRequest, standardWebhooksVerdict } from './targets/standard-webhooks.ts'

/** Targets of people have no colon in their names, so that none can be taken for a response. */
export const responseTargetName = (name: string): string => `response:${name}`

export interface ResponseTargetParts {
  readonly name: string
  readonly url: string
  readonly signers: readonly Webhook[]
  /** What became of it, for good. Awaited before it is settled: told twice rather than never. */
  readonly told: (alert: Alert, verdict: Exclude<TargetVerdict, { kind: 'retry' }>) => Promise<void>
}

export function responseTarget({ name, url, signers, told }: ResponseTargetParts): AlertTarget {
  const request = ({ alert }: Delivery, nowMs: number): TargetRequest =>
    signedRequest(url, signers, textOf(alert, 'proposal'), nowMs, {
      type: `response.${textOf(alert, 'action')}`,
      timestamp: alert.lastSeen,
      data: responseOf(alert),
    })
  return {
    name: responseTargetName(name),
    payloads: (deliveries, nowMs) => deliveries.map((delivery) => withoutSecrets(request(delivery, nowMs))),
    async deliver(deliveries, exchange) {
      const verdicts: TargetVerdict[] = []
      for (const delivery of deliveries) verdicts.push(await one(delivery, exchange))
      return verdicts
    },
  }

  async function one(delivery: Delivery, exchange: Parameters<AlertTarget['deliver']>[1]): Promise<TargetVerdict> {
    const { alert } = delivery
    // A later revision is somebody's word about the record of the decision, not a second decision.
    if (alert.revision !== 1) return { kind: 'delivered' }
    const answer = await exchange.send(request(delivery, exchange.clock.nowMs()))
    const verdict = withRetryAfter(standardWebhooksVerdict(answer), answer, exchange)
    if (verdict.kind !== 'retry') await told(alert, verdict)
    return verdict
  }
}

const textOf = ({ evidence }: Alert, field: string): string => String(evidence[field] ?? '')

/** `subject` names whom it is done to, as the alert has it: keyed hashes and ids, never a token. */
const responseOf = (alert: Alert) => ({
  responseId: textOf(alert, 'proposal'),
  action: textOf(alert, 'action'),
  subject: { kind: textOf(alert, 'subjectKind'), id: textOf(alert, 'subject') },
  tenant: alert.tenant,
  serverId: alert.serverId,
  alert: {
    alertId: textOf(alert, 'alert'),
    rule: textOf(alert, 'alertRule'),
    severity: textOf(alert, 'alertSeverity'),
    title: textOf(alert, 'alertTitle'),
  },
  confirmedBy: textOf(alert, 'by'),
  confirmedAt: alert.lastSeen,
  reason: textOf(alert, 'reason'),
})
