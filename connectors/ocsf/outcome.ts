/** How an event of ours ended, as OCSF’s status: success, failure, or not told. */
import type { EventFields } from '../../schemas/event.ts'
import { type Attributes, textOf } from './event.ts'

const UNTOLD = 0
const SUCCESS = 1
const FAILURE = 2
const FIRST_ERROR_STATUS = 400

export function statusIdOf(event: EventFields): number {
  const { outcome, decision, isError, status, granted } = event
  if (isError === true || granted === false) return FAILURE
  if (textOf(outcome) !== undefined) return outcome === 'ok' ? SUCCESS : FAILURE
  if (textOf(decision) !== undefined) return decision === 'allow' ? SUCCESS : FAILURE
  if (typeof status === 'number' && status > 0) return status < FIRST_ERROR_STATUS ? SUCCESS : FAILURE
  return UNTOLD
}

/** The code, and why: in the words of the event. */
export const statusOf = (event: EventFields): Attributes => ({
  status_code: textOf(event['errorCode']),
  status_detail:
    textOf(event['reason']) ?? textOf(event['error']) ?? textOf(event['failure']) ?? textOf(event['outcome']),
})
