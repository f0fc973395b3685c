/** The form of an alert for programs: our own, or an OCSF Detection Finding. */
import type { Alert } from '../../../schemas/alert.ts'
import { detectionFinding } from '../../ocsf/detection-finding.ts'

export type AlertForm = 'alert' | 'ocsf'
export const inForm = (form: AlertForm): ((alert: Alert) => Readonly<Record<string, unknown>>) =>
  form === 'ocsf' ? (alert) => detectionFinding(alert) : (alert) => alert
