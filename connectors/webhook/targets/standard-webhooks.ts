/** The Standard Webhooks 1.0 target: `{type, timestamp, data}`, signed v1 (HMAC-SHA256); `webhook-id` is the idempotency key. */
import { Webhook } from 'standardwebhooks'
import type { Alert } from '../../../schemas/alert.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import type { TargetAnswer, TargetRequest, TargetVerdict } from '../../../schemas/ports.ts'
import { detectionFinding } from '../../ocsf/detection-finding.ts'
import { lifeEvent } from '../forms/alert-life.ts'
import { type HttpTarget, httpTarget } from '../http-target.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

/** The `type` of a body says where the alert stands; which one of its revisions, `data` says. */
const eventType = (alert: Alert): string => `alert.${lifeEvent(alert)}`
/** The specification asks for keys of 24 to 64 bytes. */
const KEY_BYTES = { least: 24, most: 64 }

/**
 * `dataOf`: the form of an alert, ours by default. `signers`: one for each valid key, newest first, while keys are rotated. The body depends on the alert only, never on the clock or the
 * attempt, so a repeated delivery carries the same bytes under the same id; only `webhook-timestamp` and the signature are new.
 */
export const standardWebhooksTarget = (
  name: string,
  url: string,
  signers: readonly Webhook[],
  dataOf: (alert: Alert) => unknown = (alert) => alert,
): HttpTarget =>
  httpTarget({
    name,
    request: ({ alert, idempotencyKey }, nowMs) =>
      signedRequest(url, signers, idempotencyKey, nowMs, {
        type: eventType(alert),
        timestamp: alert.status === 'open' ? alert.lastSeen : alert.statusAt || alert.lastSeen,
        data: dataOf(alert),
      }),
    verdict: standardWebhooksVerdict,
  })

/** One request of Standard Webhooks 1.0. `id` stays the same over attempts. */
export function signedRequest(
  url: string,
  signers: readonly Webhook[],
  id: string,
  nowMs: number,
  payload: { readonly type: string; readonly timestamp: string; readonly data: unknown },
): TargetRequest {
  const body = JSON.stringify(payload)
  const at = new Date(nowMs)
  return {
    url,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'webhook-signature': signers.map((signer) => signer.sign(id, at, body)).join(' '),
    },
    body,
  }
}

/**
 * Any 2xx is taken. 410 means "stop sending", and a body too large stays too large: both are final. Everything else is repeated, 400
 * and 401 too, because receivers answer so while their key is not yet the new one; 3xx because we follow no redirect.
 */
export function standardWebhooksVerdict({ status }: TargetAnswer): TargetVerdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const reason = `status ${status}`
  return status === 410 || status === 413 ? { kind: 'refused', reason } : { kind: 'retry', reason }
}

/** Signers of a resolved secret: `whsec_` and base64; during a rotation several, divided by white space. */
export function signersOf(name: string, secret: string, place: string = `targets.${name}.secret`): readonly Webhook[] {
  const bad = (reason: string) => new AuditdError('config_invalid', 'config', place, reason)
  const keys = secret.split(/\s+/).filter((key) => key !== '')
  if (keys.length === 0) throw bad('is empty')
  return keys.map((key) => {
    const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(key)
    if (match === null) throw bad('must be whsec_ followed by base64')
    const bytes = Buffer.from(match[1]!, 'base64').length
    if (bytes < KEY_BYTES.least || bytes > KEY_BYTES.most) {
      throw bad(`must hold ${KEY_BYTES.least} to ${KEY_BYTES.most} bytes, not ${bytes}`)
    }
    return new Webhook(key)
  })
}

export default defineTarget({
  type: 'webhook',
  async create(name, config, settings) {
    const url = targetUrl(name, config.url, settings.allowPrivate)
    const signers = signersOf(name, await settings.secret(config.secret, `targets.${name}.secret`))
    return standardWebhooksTarget(name, url, signers, config.body === 'ocsf' ? detectionFinding : undefined)
  },
})
