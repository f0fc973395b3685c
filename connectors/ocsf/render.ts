/** Any event in the OCSF class of its type. */
import type { AuditEvent } from '../../schemas/event.ts'
import { apiActivity } from './api-activity.ts'
import { authentication } from './authentication.ts'
import { contentFinding } from './content-finding.ts'
import type { OcsfEvent } from './event.ts'
import type { OcsfVersion } from './vocabulary.ts'

/** Undefined for a type that is not exported as OCSF; EVENT_CLASSES says why. */
export const ocsfOfEvent = (event: AuditEvent, version?: OcsfVersion): OcsfEvent | undefined =>
  apiActivity(event, version) ?? authentication(event, version) ?? contentFinding(event, version)
