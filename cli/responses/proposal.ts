/** What may be done about an alert. Pure: the same alert and configuration give the same proposals under the same ids. */
import { createHash } from 'node:crypto'
import { wantsAlert } from '../../connectors/webhook/delivery/filter.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { ResponseAction, ResponseConfig, Responses } from '../../schemas/response.ts'

export type ProposalAlert = Pick<
  Alert,
  | 'alertId'
  | 'rule'
  | 'severity'
  | 'status'
  | 'title'
  | 'tenant'
  | 'serverId'
  | 'entity'
  | 'principalKey'
  | 'clientKey'
  | 'evidence'
  | 'lastSeen'
>
export interface Proposal {
  /**
   * Names all of what will happen: response, place, action, subject and alert. When the configuration says something else by now, the id
   * that somebody read is nobody's any more.
   */
  readonly id: string
  readonly response: string
  readonly action: ResponseAction
  readonly subject: { readonly kind: SubjectKind; readonly id: string }
  readonly to: string
  readonly alert: ProposalAlert
  /** RFC 3339. */
  readonly expiresAt: string
}
type SubjectKind = 'client' | 'token' | 'principal' | 'server'
const KINDS: Readonly<Record<ResponseAction, SubjectKind>> = {
  disable_client: 'client',
  revoke_token: 'token',
  disable_principal: 'principal',
  quarantine_server: 'server',
}

/** None for alerts that are over, and no action without somebody to do it to. */
export function proposalsOf(alert: ProposalAlert, responses: Responses): readonly Proposal[] {
  if (alert.status === 'resolved' || alert.status === 'suppressed') return []
  return Object.entries(responses).flatMap(([response, config]) =>
    wants(config, alert) ? config.actions.flatMap((action) => proposal(response, config, action, alert)) : [],
  )
}

const wants = ({ rules, minimumSeverity }: ResponseConfig, alert: ProposalAlert): boolean =>
  wantsAlert({ minimumSeverity, filter: { rules, tenants: [], servers: [], except: ['auditd-*'] } }, alert)

function proposal(
  response: string,
  { url, expiresMs }: ResponseConfig,
  action: ResponseAction,
  alert: ProposalAlert,
): readonly Proposal[] {
  const kind = KINDS[action]
  const id = subjectOf(kind, alert)
  if (id === '') return []
  return [
    {
      id: hashOf([response, url, action, alert.tenant, id, alert.alertId]),
      ...{ response, action, alert },
      subject: { kind, id },
      to: new URL(url).origin,
      expiresAt: new Date(Date.parse(alert.lastSeen) + expiresMs).toISOString(),
    },
  ]
}
const hashOf = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)

/** As the alert has it. A token is known by its fingerprint, in the entity or among the evidence. */
function subjectOf(kind: SubjectKind, { clientKey, principalKey, serverId, entity, evidence }: ProposalAlert): string {
  if (kind === 'client') return clientKey
  if (kind === 'principal') return principalKey
  if (kind === 'server') return serverId
  const named = /(?:^| )tokenFp=([0-9a-f]{16,64})(?: |$)/.exec(entity)?.[1]
  const shown = Object.entries(evidence).find(
    ([name, value]) => /^token(Fp|Fingerprint)?$/i.test(name) && /^[0-9a-f]{16,64}$/.test(String(value)),
  )
  return named ?? String(shown?.[1] ?? '')
}

/** Exactly what will happen, in one line: what a person confirms. */
export const proposalText = ({ action, subject, alert, response, to }: Proposal): string =>
  `${action}: ${subject.kind} ${subject.id} of tenant ${alert.tenant}, asked of ${response} at ${to}, because of alert ${alert.alertId} (${alert.severity}, ${alert.rule}: ${alert.title})`
