/** The Standard Webhooks 1.0 target: `{type, timestamp, data}`, signed v1 (HMAC-SHA256); `webhook-id` is the idempotency key. */
import { Webhook } from 'standardwebhooks'
import { AuditdError } from '../../../schemas/errors.ts'
import { type HttpTarget, httpTarget } from '../http-target.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

/** The `type` of every body. A receiver tells a first alert from a raised severity by `data.revision` and `data.alertId`. */
export const EVENT_TYPE = 'alert.raised'
/** The specification asks for keys of 24 to 64 bytes. */
const KEY_BYTES = { least: 24, most: 64 }

/**
 * `signers`: one for each valid key, newest first, while keys are rotated. The body depends on the alert only, never on the clock or the
 * attempt, so a repeated delivery carries the same bytes under the same id; only `webhook-timestamp` and the signature are new.
 */
export const standardWebhooksTarget = (name: string, url: string, signers: readonly Webhook[]): HttpTarget =>
  httpTarget({
    name,
    request(delivery, nowMs) {
      const body = JSON.stringify({ type: EVENT_TYPE, timestamp: delivery.alert.lastSeen, data: delivery.alert })
      const at = new Date(nowMs)
      return {
        url,
        headers: {
          'content-type': 'application/json',
          'webhook-id': delivery.idempotencyKey,
          'webhook-timestamp': String(Math.floor(nowMs / 1000)),
          'webhook-signature': signers.map((signer) => signer.sign(delivery.idempotencyKey, at, body)).join(' '),
        },
        body,
      }
    },
    /**
     * Any 2xx is taken. 410 means "stop sending", and a body too large stays too large: both are final. Everything else is repeated, 400
     * and 401 too, because receivers answer so while their key is not yet the new one; 3xx because we follow no redirect.
     */
    verdict(answer) {
      if (answer.status >= 200 && answer.status < 300) return { kind: 'delivered' }
      const reason = `status ${answer.status}`
      return answer.status === 410 || answer.status === 413 ? { kind: 'refused', reason } : { kind: 'retry', reason }
    },
  })

/** Signers of a resolved secret: `whsec_` and base64; during a rotation several, divided by white space. */
export function signersOf(name: string, secret: string): readonly Webhook[] {
  const bad = (reason: string) => new AuditdError('config_invalid', 'config', `targets.${name}.secret`, reason)
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
    return standardWebhooksTarget(
      name,
      url,
      signersOf(name, await settings.secret(config.secret, `targets.${name}.secret`)),
    )
  },
})
