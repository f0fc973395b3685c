/** Which revisions of an alert a target is told of: its first appearance, each rise of severity, reopening, and changes of its status. */
import { type Alert, toldOf } from '../../../schemas/alert.ts'
import { severityRank } from '../../../schemas/finding.ts'
import type { AlertUpdate } from '../../../schemas/ports.ts'
import { type DeliverySettings, wantsAlert } from './filter.ts'

export interface Audience extends Pick<DeliverySettings, 'minimumSeverity' | 'filter'> {
  readonly name: string
}

/** `previous`: the alert as last recorded, undefined when it is new. A count that grows alone is told to nobody. */
export function deliveriesOf(
  previous: Alert | undefined,
  next: Alert,
  targets: readonly Audience[],
): AlertUpdate['deliveries'] {
  return targets
    .filter((target) =>
      isNews(previous, next) ? wantsAlert(target, next) : isChanged(previous, next) && wasTold(target, previous),
    )
    .map(({ name }) => ({ alertId: next.alertId, revision: next.revision, target: name }))
}

/** It is open, and more than what was told before: new, graver, or back. */
function isNews(previous: Alert | undefined, next: Alert): boolean {
  if (next.status === 'resolved' || next.status === 'suppressed') return false
  const told = toldOf(previous)
  const isBack = previous?.status === 'resolved' || previous?.status === 'suppressed'
  return isBack || told === '' || severityRank(next.severity) > severityRank(told)
}
const isChanged = (previous: Alert | undefined, next: Alert): boolean =>
  previous !== undefined && previous.status !== next.status

/** Nobody hears of the end of something he was not told of. */
function wasTold(target: Audience, previous: Alert | undefined): boolean {
  const severity = toldOf(previous)
  return previous !== undefined && severity !== '' && wantsAlert(target, { ...previous, severity })
}
