/** Our own log records: the body is the AuditEvent as JSON text. Attributes and resource only repeat it, and are not read. */
import type { AnyValue } from './instrument/delivery/otlp-encode.ts'
import type { OtlpFault } from './otlp/records.ts'

export type NativeReading = { readonly event: { readonly [field: string]: unknown } } | { readonly fault: OtlpFault }

/**
 * The fields of an event as sent: admission checks structure and values. Only our collect role (`isCollected`) may say what an event
 * was made from; JSON.parse needs no bound on depth, and a record has one on its bytes.
 */
export function readNativeEvent(body: AnyValue, isCollected: boolean): NativeReading {
  if (typeof body !== 'string') return refused('must be the event as JSON text')
  let event: unknown
  try {
    event = JSON.parse(body)
  } catch {
    return refused('is not JSON')
  }
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return refused('must be a JSON object')
  const fields = event as { [field: string]: unknown }
  if (!isCollected || fields['source'] === undefined) fields['source'] = 'native'
  if (fields['vantage'] === undefined) fields['vantage'] = 'server'
  return { event: fields }
}

const refused = (reason: string): NativeReading => ({ fault: { field: 'body', reason } })
