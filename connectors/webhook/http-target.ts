/** A target that is one HTTP request per message: pure functions, request and verdict. A message is an alert, or a bundle of them. */
import type {
  AlertTarget,
  Delivery,
  Exchange,
  TargetAnswer,
  TargetPayload,
  TargetRequest,
  TargetVerdict,
} from '../../schemas/ports.ts'
import { retryAfterMs } from './retry-after.ts'

export interface HttpTargetParts {
  readonly name: string
  readonly together?: number
  readonly paceMs?: number
  /** The body depends on the alert only, never on the clock or the attempt. */
  readonly request: (delivery: Delivery, nowMs: number) => TargetRequest
  /** All deliveries of one bundle in one message; without it each has its own. */
  readonly summary?: (bundle: string, deliveries: readonly Delivery[], nowMs: number) => TargetRequest
  readonly verdict: (answer: TargetAnswer) => TargetVerdict
  /** Headers and parts of the URL that are secrets, out of a request that is shown. */
  readonly shown?: (request: TargetRequest) => TargetPayload
}
export type HttpTarget = AlertTarget & Pick<HttpTargetParts, 'request' | 'verdict'>

export function httpTarget(parts: HttpTargetParts): HttpTarget {
  const requestOf = (message: readonly Delivery[], nowMs: number): TargetRequest => {
    const [first] = message
    return first?.bundle !== undefined && parts.summary !== undefined
      ? parts.summary(first.bundle, message, nowMs)
      : parts.request(first!, nowMs)
  }
  return {
    ...parts,
    payloads: (deliveries, nowMs) =>
      messagesOf(deliveries, parts.summary !== undefined).map((message) =>
        (parts.shown ?? withoutSecrets)(requestOf(message, nowMs)),
      ),
    async deliver(deliveries, exchange) {
      const verdicts = new Map<Delivery, TargetVerdict>()
      for (const message of messagesOf(deliveries, parts.summary !== undefined)) {
        const answer = await exchange.send(requestOf(message, exchange.clock.nowMs()))
        const verdict = withRetryAfter(parts.verdict(answer), answer, exchange)
        for (const delivery of message) verdicts.set(delivery, verdict)
      }
      return deliveries.map((delivery) => verdicts.get(delivery)!)
    },
  }
}

/** Deliveries that are told in one message stand together, in the order of their first. */
function messagesOf(deliveries: readonly Delivery[], bundled: boolean): readonly (readonly Delivery[])[] {
  const messages = new Map<Delivery | string, Delivery[]>()
  for (const delivery of deliveries) {
    const key = bundled ? (delivery.bundle ?? delivery) : delivery
    const known = messages.get(key)
    if (known === undefined) messages.set(key, [delivery])
    else known.push(delivery)
  }
  return [...messages.values()]
}

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
