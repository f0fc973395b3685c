/** The ways that confirmed responses go, as targets of the delivery loops. */
import { createHash } from 'node:crypto'
import { resolveSecret } from '../../collector/instrument/keys/secret.ts'
import { responseTarget } from '../../connectors/webhook/response-target.ts'
import { type ConfiguredTarget, configuredUrl, type OpenTargets } from '../../connectors/webhook/target-factory.ts'
import { signersOf } from '../../connectors/webhook/targets/standard-webhooks.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { Config } from '../../schemas/config.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Clock, EventBus, TargetVerdict, Telemetry } from '../../schemas/ports.ts'
import { CONFIRMED_RULE } from '../../schemas/response.ts'
import { accessEvent } from '../access-event.ts'
import { warnOf } from '../credentials.ts'
import { RESPONDER } from './standing.ts'

interface Parts {
  readonly settings: Config
  readonly bus: Pick<EventBus, 'publish'>
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** Each hears of the decisions about it alone, whole and at once. */
export function openResponses({ settings, bus, clock, telemetry }: Parts): Promise<readonly ConfiguredTarget[]> {
  const warn = { warn: warnOf(telemetry) }
  return Promise.all(
    Object.entries(settings.responses).map(async ([name, config]) => {
      const field = `responses.${name}.secret`
      const secret = await resolveSecret(config.secret, { component: 'config', field }, warn)
      const target = responseTarget({
        name,
        url: configuredUrl(`responses.${name}.url`, config.url, settings.allowPrivateTargets),
        signers: signersOf(name, secret, field),
        async told(alert, verdict) {
          telemetry.count('mcp_auditd_responses_total', 1, { response: name, result: verdict.kind })
          await bus.publish([outcomeEvent(alert, verdict, clock.nowMs())]).catch((error: unknown) => {
            throw error instanceof AuditdError
              ? error
              : new AuditdError('bus_unavailable', 'responses', name, 'what became of it could not be told', error)
          })
        },
      })
      return {
        target,
        minimumSeverity: 'info' as const,
        filter: { rules: [`${CONFIRMED_RULE}${name}`], tenants: [], servers: [], except: [] },
        redact: [],
        flood: { most: 0, perMs: 60_000 },
      }
    }),
  )
}

/** The same way out as targets have: addresses are checked, no redirect is followed. */
export const withResponses = <Targets extends OpenTargets>(
  targets: Targets,
  responses: readonly ConfiguredTarget[],
): Targets => ({ ...targets, configured: [...targets.configured, ...responses] })

/** One id for each response: told again after a crash, it stands once. */
function outcomeEvent(alert: Alert, verdict: Exclude<TargetVerdict, { kind: 'retry' }>, nowMs: number) {
  const subject = String(alert.evidence['proposal'])
  const reason = verdict.kind === 'delivered' ? 'delivered' : `refused: ${verdict.reason}`
  const event = accessEvent({ operation: 'response', actor: RESPONDER, subject, reason, tenant: alert.tenant }, nowMs)
  const eventId = createHash('sha256').update(`response outcome ${subject}`).digest('hex').slice(0, 32)
  return { ...event, eventId }
}
