/** Which alerts a target wants, by its configuration. Pure. */
import type { Alert } from '../../../schemas/alert.ts'
import { severityRank } from '../../../schemas/finding.ts'
import type { TargetConfig } from '../../../schemas/target-config.ts'

/** What every target has in its configuration. */
export type DeliverySettings = Pick<TargetConfig, 'minimumSeverity' | 'filter' | 'redact' | 'flood'>

export function wantsAlert(
  { minimumSeverity, filter }: Pick<DeliverySettings, 'minimumSeverity' | 'filter'>,
  { severity, rule, tenant, serverId }: Pick<Alert, 'severity' | 'rule' | 'tenant' | 'serverId'>,
): boolean {
  const { rules, tenants, servers, except } = filter
  return (
    severityRank(severity) >= severityRank(minimumSeverity) &&
    (rules.length === 0 || rules.some((pattern) => fits(pattern, rule))) &&
    (tenants.length === 0 || tenants.includes(tenant)) &&
    (servers.length === 0 || servers.some((pattern) => fits(pattern, serverId))) &&
    !except.some((pattern) => fits(pattern, rule))
  )
}

/** `tok-001-audience-mismatch`, `tok-*` or `*`. */
const fits = (pattern: string, id: string): boolean =>
  pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern
