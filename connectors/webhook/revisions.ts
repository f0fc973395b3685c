/** Which revisions of an alert a person is told of: its first appearance and each rise of its severity, above the target's minimum. */
import type { Alert } from '../../schemas/alert.ts'
import { type Severity, severityRank } from '../../schemas/finding.ts'
import type { AlertUpdate } from '../../schemas/ports.ts'

export interface Threshold {
  readonly name: string
  readonly minimumSeverity: Severity
}

/** `previous`: the alert as last recorded, undefined when it is new. A count that grows alone is told to nobody. */
export function deliveriesOf(
  previous: Alert | undefined,
  next: Alert,
  targets: readonly Threshold[],
): AlertUpdate['deliveries'] {
  const rank = severityRank(next.severity)
  if (previous !== undefined && rank <= severityRank(previous.severity)) return []
  return targets
    .filter((target) => rank >= severityRank(target.minimumSeverity))
    .map((target) => ({ alertId: next.alertId, revision: next.revision, target: target.name }))
}
