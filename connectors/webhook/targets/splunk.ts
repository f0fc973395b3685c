/** The Splunk target: batches to the HTTP Event Collector, with indexer acknowledgement where the token has it. */
import { randomUUID } from 'node:crypto'
import type { Alert } from '../../../schemas/alert.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import type { AlertTarget, Exchange, TargetPayload, TargetRequest, TargetVerdict } from '../../../schemas/ports.ts'
import { type BatchResult, batches, inHalves, together } from '../batches.ts'
import { type Sleep, sleepReally } from '../delivery/pauses.ts'
import { inForm } from '../forms/alert-form.ts'
import { eventUid } from '../forms/event-row.ts'
import { withoutSecrets, withRetryAfter } from '../http-target.ts'
import {
  alertEvent,
  type HecNames,
  isAcknowledged,
  meaningOf,
  REQUEST_BYTES,
  REQUEST_EVENTS,
  rowEvent,
} from '../splunk-request.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

export interface SplunkOptions extends HecNames {
  readonly url: string
  readonly token: string
  readonly acknowledged: boolean
  readonly events: boolean
  readonly shape?: (alert: Alert) => unknown
  /** Between two questions whether a request is indexed. */
  readonly sleep?: Sleep
}
interface HecEvent {
  readonly text: string
}
const TOGETHER = 100
const LIMITS = { bytes: REQUEST_BYTES, entries: REQUEST_EVENTS }
/** A wrong token, index or channel needs a person. */
const OPERATOR_PAUSE_MS = 600_000
/** An indexer acknowledges within seconds. What is not acknowledged after two minutes is sent again: it may then stand there twice, under one uid. */
const ACK = { firstMs: 250, longestMs: 5_000, withinMs: 120_000 }

export function splunkTarget(name: string, options: SplunkOptions): AlertTarget {
  const { acknowledged, shape = (alert: Alert) => alert, sleep = sleepReally } = options
  const base = options.url.replace(/\/+$/, '')
  /** One channel for each process: ids of acknowledgement count within it. */
  const channel = randomUUID()
  const headers = {
    'content-type': 'application/json',
    authorization: `Splunk ${options.token}`,
    ...(acknowledged ? { 'x-splunk-request-channel': channel } : {}),
  }
  const request = (entries: readonly HecEvent[]): TargetRequest => ({
    url: `${base}/services/collector/event`,
    headers,
    body: entries.map(({ text }) => text).join('\n'),
  })
  const send = async (entries: readonly HecEvent[], exchange: Exchange): Promise<BatchResult> => {
    const answer = await exchange.send(request(entries))
    const meaning = meaningOf(answer)
    const all = (verdict: TargetVerdict) => entries.map(() => withRetryAfter(verdict, answer, exchange))
    const { kind } = meaning
    if (kind === 'accepted') {
      if (!acknowledged) return all({ kind: 'delivered' })
      if (meaning.ackId === undefined) return all(again('no id to ask for an acknowledgement'))
      return all(await acknowledgement(meaning.ackId, exchange))
    }
    if (kind === 'too-large') return { refusedWhole: meaning.reason }
    if (kind !== 'event') return all(again(meaning.reason, kind === 'operator' ? OPERATOR_PAUSE_MS : undefined))
    const { at, reason } = meaning
    if (at === undefined || at >= entries.length) return { refusedWhole: reason }
    // Without an acknowledgement to come, those before it are as delivered as they ever get; else they are sent again with the rest.
    const before = entries.slice(0, at)
    return [
      ...(acknowledged
        ? await inHalves(before, (some) => send(some, exchange))
        : before.map((): TargetVerdict => ({ kind: 'delivered' }))),
      { kind: 'refused', reason },
      ...(await inHalves(entries.slice(at + 1), (some) => send(some, exchange))),
    ]
  }
  const acknowledgement = async (ackId: number, exchange: Exchange): Promise<TargetVerdict> => {
    const untilMs = exchange.clock.nowMs() + ACK.withinMs
    for (let waitMs = ACK.firstMs; ; waitMs = Math.min(waitMs * 2, ACK.longestMs)) {
      if (await isIndexed(ackId, exchange)) return { kind: 'delivered' }
      if (exchange.clock.nowMs() >= untilMs || exchange.signal.aborted) return again('not acknowledged in time')
      await sleep(waitMs, exchange.signal)
    }
  }
  /** A question that got no answer is asked again: the ids outlive the connection. */
  const isIndexed = async (ackId: number, exchange: Exchange): Promise<boolean> => {
    try {
      const body = JSON.stringify({ acks: [ackId] })
      return isAcknowledged(await exchange.send({ url: `${base}/services/collector/ack`, headers, body }), ackId)
    } catch (error) {
      if (error instanceof AuditdError) return false
      throw error
    }
  }
  const sendAll = async (entries: readonly HecEvent[], exchange: Exchange): Promise<readonly TargetVerdict[]> => {
    const verdicts: TargetVerdict[] = []
    for (const batch of batches(entries, LIMITS))
      verdicts.push(...(await inHalves(batch, (some) => send(some, exchange))))
    return verdicts
  }
  const shown = (entries: readonly HecEvent[]): readonly TargetPayload[] =>
    batches(entries, LIMITS).map((batch) => ({
      ...withoutSecrets(request(batch)),
      to: `POST ${base}/services/collector/event`,
    }))
  const target: AlertTarget = {
    name,
    together: TOGETHER,
    payloads: (deliveries) => shown(deliveries.map((delivery) => ({ text: alertEvent(delivery, options, shape) }))),
    deliver: (deliveries, exchange) =>
      sendAll(
        deliveries.map((delivery) => ({ text: alertEvent(delivery, options, shape) })),
        exchange,
      ),
  }
  if (!options.events) return target
  /** Rows of pages that are tried again, of which Splunk has these already. */
  const taken = new Set<string>()
  return {
    ...target,
    eventPayloads: (rows) => shown(rows.map((row) => ({ text: rowEvent(row, options) }))),
    async deliverEvents(rows, _key, exchange) {
      const missing = rows.filter((row) => !taken.has(eventUid(row)))
      const verdicts = await sendAll(
        missing.map((row) => ({ text: rowEvent(row, options) })),
        exchange,
      )
      const verdict = together(verdicts)
      if (verdict.kind === 'delivered') for (const row of rows) taken.delete(eventUid(row))
      else for (const [at, row] of missing.entries()) if (verdicts[at]?.kind === 'delivered') taken.add(eventUid(row))
      return verdict
    },
  }
}
const again = (reason: string, afterMs?: number): TargetVerdict => ({
  kind: 'retry',
  reason,
  ...(afterMs === undefined ? {} : { afterMs }),
})

export default defineTarget({
  type: 'splunk',
  async create(name, config, settings) {
    const url = targetUrl(name, config.url, settings.allowPrivate)
    const token = (await settings.secret(config.token, `targets.${name}.token`)).trim()
    return splunkTarget(name, { ...config, url, token, shape: inForm(config.body) })
  },
})
