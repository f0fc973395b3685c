/** Driver errors in the service's own words. */
import { AuditdError, type ErrorCode } from '../../schemas/errors.ts'
import { KafkaDriverError } from './driver.ts'

/** `too_large` is the caller's input; `denied` and an unknown topic are configuration; the rest passes. */
export function busError(error: unknown, field: string): AuditdError {
  if (error instanceof AuditdError) return error
  const known = error instanceof KafkaDriverError ? error : undefined
  const code: ErrorCode =
    known?.code === 'record_too_large'
      ? 'event_too_large'
      : known?.code === 'denied' || known?.code === 'unknown_topic'
        ? 'config_invalid'
        : 'bus_unavailable'
  return new AuditdError(code, 'kafka', field, error instanceof Error ? error.message : String(error), error)
}
