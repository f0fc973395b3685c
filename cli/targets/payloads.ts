/** The payloads of targets as they would go out, made without any connection, with every secret left out. */
import { resolveSecret } from '../../collector/instrument/keys/secret.ts'
import { redactAlert } from '../../connectors/webhook/delivery/redaction.ts'
import type { ConfiguredTarget } from '../../connectors/webhook/target-factory.ts'
import { loadTargets } from '../../connectors/webhook/targets/load.ts'
import type { TargetPayload } from '../../schemas/ports.ts'
import type { TargetConfig } from '../../schemas/target-config.ts'
import { redactRow } from '../forward/redact-row.ts'
import { placeholder } from './examples.ts'
import { sampleMoments } from './sample-alerts.ts'
import { sampleRow } from './sample-events.ts'

/** A shorter secret is no secret, and would blot out ordinary words. */
const SCRUBBED_CHARS = 8
export interface SampleTarget extends ConfiguredTarget {
  readonly type: TargetConfig['type']
  /** In a text of this target, each of its secrets as `***`. */
  readonly scrub: (text: string) => string
}
/**
 * Targets to look at, not to send through. A secret that cannot be read here (the variable is set where the service runs) is replaced:
 * what is shown holds none anyway.
 */
export async function openSamples(
  targets: Readonly<Record<string, TargetConfig>>,
  allowPrivate: boolean,
): Promise<readonly SampleTarget[]> {
  return Promise.all(
    Object.entries(targets).map(async ([name, config]) => {
      const secrets = new Set<string>()
      const [configured] = await loadTargets(
        { [name]: config },
        {
          allowPrivate,
          async secret(reference, field) {
            const value = await resolveSecret(reference, { component: 'config', field }).catch(() =>
              placeholder(config.type, field),
            )
            if (value.length >= SCRUBBED_CHARS) secrets.add(value)
            return value
          },
        },
      )
      const scrub = (text: string): string =>
        [...secrets].reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
      return { ...configured!, type: config.type, scrub }
    }),
  )
}

export interface SamplePayload extends TargetPayload {
  readonly target: string
  readonly type: TargetConfig['type']
  /** `opened`, `acknowledged`, …; `event`. */
  readonly moment: string
}
/** An alert and its later life; and an event, where the target takes events. */
export function samplePayloads(opened: SampleTarget, nowMs: number): readonly SamplePayload[] {
  const { target, redact } = opened
  const told = sampleMoments(target.name).flatMap(({ name, deliveries }) => {
    const redacted = deliveries.map((one) => ({ ...one, alert: redactAlert(one.alert, redact) }))
    return target.payloads(redacted, nowMs).map((payload) => shown(opened, name, payload))
  })
  const events = target.eventPayloads?.([redactRow(sampleRow(), redact)]) ?? []
  return [...told, ...events.map((payload) => shown(opened, 'event', payload))]
}

const shown = ({ target, type, scrub }: SampleTarget, moment: string, payload: TargetPayload): SamplePayload => ({
  ...{ target: target.name, type, moment },
  to: scrub(payload.to),
  headers: Object.fromEntries(Object.entries(payload.headers).map(([name, value]) => [name, scrub(value)])),
  body: scrub(payload.body),
})
