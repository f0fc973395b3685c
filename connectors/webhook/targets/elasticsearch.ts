/** The Elasticsearch target: the bulk API, each document under our id, so that what comes again is not written twice. */
import type { Alert } from '../../../schemas/alert.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import type {
  AlertTarget,
  Delivery,
  EventRow,
  Exchange,
  TargetPayload,
  TargetRequest,
  TargetVerdict,
} from '../../../schemas/ports.ts'
import { batches, inHalves, together } from '../batches.ts'
import { BULK_LIMITS, BULK_PATH, bulkBody, bulkEntry, bulkResult } from '../elastic-bulk.ts'
import { inForm } from '../forms/alert-form.ts'
import { changedAt } from '../forms/alert-life.ts'
import { ecsAlert, ecsEvent, named } from '../forms/ecs.ts'
import { eventUid } from '../forms/event-row.ts'
import { fitAlert } from '../forms/fit-alert.ts'
import { withoutSecrets, withRetryAfter } from '../http-target.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

export interface ElasticsearchOptions {
  readonly url: string
  readonly index: string
  readonly eventIndex: string
  /** Value of the header; '' sends none. */
  readonly authorization: string
  readonly form: 'ecs' | 'alert' | 'ocsf'
  readonly events: boolean
}
const TOGETHER = 100
const ALERT_BYTES = 200_000

export function elasticsearchTarget(name: string, options: ElasticsearchOptions): AlertTarget {
  const { index, eventIndex, authorization, form } = options
  const url = `${options.url.replace(/\/+$/, '')}${BULK_PATH}`
  const headers = {
    'content-type': 'application/x-ndjson',
    ...(authorization === '' ? {} : { authorization }),
  }
  const request = (entries: readonly { text: string }[]): TargetRequest => ({ url, headers, body: bulkBody(entries) })
  const alertEntries = (deliveries: readonly Delivery[]) =>
    deliveries.map(({ alert, idempotencyKey }) => ({
      text: bulkEntry(index, idempotencyKey, document(fitAlert(alert, ALERT_BYTES), idempotencyKey, form)),
    }))
  const send = async (entries: readonly { text: string }[], exchange: Exchange): Promise<readonly TargetVerdict[]> => {
    const verdicts: TargetVerdict[] = []
    for (const batch of batches(entries, BULK_LIMITS)) {
      const done = await inHalves(batch, async (some) => {
        const answer = await exchange.send(request(some))
        const result = bulkResult(answer, some.length)
        return 'refusedWhole' in result ? result : result.map((verdict) => withRetryAfter(verdict, answer, exchange))
      })
      verdicts.push(...done)
    }
    return verdicts
  }
  const eventEntries = (rows: readonly EventRow[]) =>
    rows.map((row) => ({ text: bulkEntry(eventIndex, eventUid(row), ecsEvent(row)) }))
  const shown = (entries: readonly { text: string }[]): readonly TargetPayload[] =>
    batches(entries, BULK_LIMITS).map((batch) => ({ ...withoutSecrets(request(batch)), to: `POST ${url}` }))
  const target: AlertTarget = {
    name,
    together: TOGETHER,
    payloads: (deliveries) => shown(alertEntries(deliveries)),
    deliver: (deliveries, exchange) => send(alertEntries(deliveries), exchange),
  }
  if (!options.events) return target
  return {
    ...target,
    eventPayloads: (rows) => shown(eventEntries(rows)),
    deliverEvents: async (rows, _key, exchange) => together(await send(eventEntries(rows), exchange)),
  }
}

/** A field named by an alert's own words could refuse the document, so its table of evidence is a list here. */
function document(alert: Alert, uid: string, form: ElasticsearchOptions['form']): Readonly<Record<string, unknown>> {
  if (form === 'ecs') return ecsAlert(alert, uid)
  const shaped = inForm(form)(alert)
  const { evidence } = alert
  return { '@timestamp': changedAt(alert), ...shaped, ...(form === 'alert' ? { evidence: named(evidence) } : {}) }
}

export default defineTarget({
  type: 'elasticsearch',
  async create(name, config, settings) {
    const { index, eventIndex, events, body: form, apiKey, username, password } = config
    const url = targetUrl(name, config.url, settings.allowPrivate)
    const secret = async (field: 'apiKey' | 'password'): Promise<string> =>
      (await settings.secret(config[field]!, `targets.${name}.${field}`)).trim()
    if (apiKey !== undefined && (username !== '' || password !== undefined))
      throw new AuditdError('config_invalid', 'config', `targets.${name}.apiKey`, 'stands beside a user name')
    if ((username === '') !== (password === undefined))
      throw new AuditdError(
        'config_invalid',
        'config',
        `targets.${name}.password`,
        'needs a user name, and it a password',
      )
    const basic = async () => `Basic ${Buffer.from(`${username}:${await secret('password')}`).toString('base64')}`
    const authorization =
      apiKey !== undefined ? `ApiKey ${await secret('apiKey')}` : username === '' ? '' : await basic()
    return elasticsearchTarget(name, { url, index, eventIndex, authorization, form, events })
  },
})
