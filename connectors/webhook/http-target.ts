/** A target that is one HTTP request per alert: two pure functions, request and verdict. */
import type {
  AlertTarget,
  Delivery,
  Exchange,
  TargetAnswer,
  TargetPayload,
  TargetRequest,
  TargetVerdict,
} from '../../schemas/ports.ts'
import { retryAfterMs } from './delivery/retry-after.ts'

export interface HttpTargetParts {
  readonly name: string
  readonly paceMs?: number
  /** The body depends on the alert only, never on the clock or the attempt. */
  readonly request: (delivery: Delivery, nowMs: number) => TargetRequest
  readonly verdict: (answer: TargetAnswer) => TargetVerdict
  /** Headers and parts of the URL that are secrets, out of a request that is shown. */
  readonly shown?: (request: TargetRequest) => TargetPayload
}
export type HttpTarget = AlertTarget & Pick<HttpTargetParts, 'request' | 'verdict'>

export const httpTarget = (parts: HttpTargetParts): HttpTarget => ({
  ...parts,
  payloads: (deliveries, nowMs) =>
    deliveries.map((delivery) => (parts.shown ?? withoutSecrets)(parts.request(delivery, nowMs))),
  async deliver(deliveries, exchange) {
    const verdicts: TargetVerdict[] = []
    for (const delivery of deliveries) {
      const answer = await exchange.send(parts.request(delivery, exchange.clock.nowMs()))
      verdicts.push(withRetryAfter(parts.verdict(answer), answer, exchange))
    }
    return verdicts
  },
})

/** What the receiver asked for is added to a verdict that means "again". */
export function withRetryAfter(verdict: TargetVerdict, answer: TargetAnswer, { clock }: Exchange): TargetVerdict {
  if (verdict.kind !== 'retry') return verdict
  const askedMs = retryAfterMs(answer.headers, clock.nowMs()) ?? 0
  return { ...verdict, afterMs: Math.max(askedMs, verdict.afterMs ?? 0) }
}

/** The path of a webhook is often its secret, and so is every header that authorizes or signs. */
const SECRET_HEADER = /authorization|signature|token|key|secret/i
export function withoutSecrets({ url, method = 'POST', headers, body }: TargetRequest): TargetPayload {
  const { origin } = URL.canParse(url) && url.startsWith('http') ? new URL(url) : { origin: url }
  return {
    to: `${method} ${origin}${origin === url ? '' : '/***'}`,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, SECRET_HEADER.test(name) ? '***' : value]),
    ),
    body,
  }
}
