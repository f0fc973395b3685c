/** Turns what kafkajs throws into KafkaDriverErrors. */
import { KafkaDriverError, type KafkaErrorCode } from './driver.ts'
import type { KafkajsError } from './kafkajs-internals.ts'

const UNKNOWN_TOPIC = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION', 'UNKNOWN_TOPIC_ID'])
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

/** The innermost error that says something: kafkajs wraps retries around causes. */
export function innermost(error: unknown): KafkajsError {
  let current = error as KafkajsError
  while (current.type === undefined && current.cause instanceof Error) current = current.cause
  return current
}

export function kafkajsError(error: unknown, doing: string): KafkaDriverError {
  if (error instanceof KafkaDriverError) return error
  const cause = innermost(error)
  return new KafkaDriverError(codeOf(error as KafkajsError, cause), `${doing}: ${cause.message}`, error)
}

function codeOf(outer: KafkajsError, cause: KafkajsError): KafkaErrorCode {
  const type = cause.type ?? ''
  if (TOO_LARGE.has(type)) return 'record_too_large'
  if (UNKNOWN_TOPIC.has(type)) return 'unknown_topic'
  if (type.includes('AUTHORIZATION') || cause.name === 'KafkaJSSASLAuthenticationError') return 'denied'
  if (cause.name === 'KafkaJSRequestTimeoutError' || cause.name === 'KafkaJSLockTimeout') return 'timeout'
  if (
    /Connection|BrokerNotFound|NoBrokerAvailable|NumberOfRetriesExceeded|MetadataNotLoaded|CoordinatorNotFound/.test(
      `${outer.name} ${cause.name}`,
    )
  )
    return 'unavailable'
  return cause.retriable === true ? 'unavailable' : 'protocol'
}
