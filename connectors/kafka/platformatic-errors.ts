/** Turns what @platformatic/kafka throws into KafkaDriverErrors. */
import { findErrorBy } from '@platformatic/kafka'
import { KafkaDriverError, type KafkaErrorCode } from './driver.ts'

const byApi: readonly (readonly [string, KafkaErrorCode])[] = [
  ['MESSAGE_TOO_LARGE', 'record_too_large'],
  ['RECORD_LIST_TOO_LARGE', 'record_too_large'],
  ['UNKNOWN_TOPIC_OR_PARTITION', 'unknown_topic'],
  ['UNKNOWN_TOPIC_ID', 'unknown_topic'],
  ['INVALID_TOPIC_EXCEPTION', 'unknown_topic'],
  ['TOPIC_AUTHORIZATION_FAILED', 'denied'],
  ['GROUP_AUTHORIZATION_FAILED', 'denied'],
  ['CLUSTER_AUTHORIZATION_FAILED', 'denied'],
  ['SASL_AUTHENTICATION_FAILED', 'denied'],
]
const byCode: readonly (readonly [string, KafkaErrorCode])[] = [
  ['PLT_KFK_AUTHENTICATION', 'denied'],
  ['PLT_KFK_TIMEOUT', 'timeout'],
  ['PLT_KFK_NETWORK', 'unavailable'],
]

/** True when the error, or one it wraps, is the broker's error of this name. */
export const isApiError = (error: unknown, name: string): boolean => findErrorBy(error as Error, 'apiId', name) !== null

export function platformaticError(error: unknown, doing: string): KafkaDriverError {
  if (error instanceof KafkaDriverError) return error
  return new KafkaDriverError(codeOf(error as Error), `${doing}: ${deepest(error as Error)}`, error)
}

function codeOf(error: Error): KafkaErrorCode {
  for (const [name, code] of byApi) if (isApiError(error, name)) return code
  // Metadata without the topic is a UserError that has no api id.
  if (/^Unknown topic /.test(deepest(error))) return 'unknown_topic'
  for (const [code, mapped] of byCode) if (findErrorBy(error, 'code', code) !== null) return mapped
  return findErrorBy(error, 'canRetry', true) === null ? 'protocol' : 'unavailable'
}

/** The message that says what happened: the wrappers only count attempts. */
function deepest(error: Error): string {
  const inner = (error as AggregateError).errors?.at(-1) ?? error.cause
  return inner instanceof Error ? deepest(inner) : error.message
}
