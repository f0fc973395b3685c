/** JSON of a producer's own form to candidate AuditEvents: unwrapped, read one by one; a bad record costs its neighbours nothing. */
import type { DeadLetter } from '../../schemas/ports.ts'
import { deadLetter } from '../dead-letter.ts'
import { foreignEvents } from '../foreign.ts'
import { type Reader, type Readings, soleServer } from '../normalize.ts'
import { WrongType } from '../observation.ts'
import { isForbiddenKey } from '../otlp/records.ts'
import { isObject } from './json-fields.ts'
import type { TelemetrySource } from './source.ts'

/** Of one record; more work than any producer's record is worth. */
const MAX_NODES = 32_768
const MAX_DEPTH = 64

export const readJsonRecords = (source: TelemetrySource, body: unknown, reader: Reader): Readings =>
  readRecords(source, recordsIn(source, body), reader)

export function readRecords(source: TelemetrySource, records: readonly unknown[], reader: Reader): Readings {
  const candidates: unknown[] = []
  const refused: DeadLetter[] = []
  let ignored = 0
  const { caller, atMs } = reader
  const fallbackServer = soleServer(caller) ?? 'unknown'
  const refuse = (field: string, reason: string, record: unknown): void => {
    refused.push(deadLetter(source.name, field, reason, caller.tenant, atMs, record))
  }
  for (const record of records) {
    const fault = shapeFault(record)
    if (fault !== undefined) {
      refuse(fault.field, fault.reason, record)
      continue
    }
    try {
      const seen = source.readJson?.(record, { tenant: caller.tenant, fallbackServer })
      if (seen === undefined) {
        ignored++
        continue
      }
      const serverId = soleServer(caller) ?? (seen.server || fallbackServer)
      candidates.push(...foreignEvents(seen, serverId, reader.fingerprint))
    } catch (error) {
      if (!(error instanceof WrongType)) throw error
      refuse(error.attribute, error.message, record)
    }
  }
  return { candidates, refused, ignored }
}

/** The records in a body, whatever they are. */
export const recordsIn = (source: TelemetrySource, body: unknown): readonly unknown[] =>
  source.unwrap?.(body) ?? recordsOf(body)

/** A list, `{records: […]}` or one record. */
export function recordsOf(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body
  const held = isObject(body) ? body['records'] : undefined
  return Array.isArray(held) ? (held as readonly unknown[]) : [body]
}

/** What no reader should have to walk through: too deep, too much, keys that change an object. */
function shapeFault(record: unknown): { field: string; reason: string } | undefined {
  let nodes = 0
  const waiting: [value: unknown, depth: number][] = [[record, 0]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, depth] = next
    if (typeof value === 'string' && !value.isWellFormed()) return { field: 'record', reason: 'not valid UTF-8' }
    if (value === null || typeof value !== 'object') continue
    if (depth >= MAX_DEPTH) return { field: 'record', reason: `nested deeper than ${MAX_DEPTH}` }
    for (const key of Object.keys(value)) {
      if (isForbiddenKey(key)) return { field: 'record', reason: 'forbidden key' }
      if (++nodes > MAX_NODES) return { field: 'record', reason: `more than ${MAX_NODES} values` }
      waiting.push([(value as Record<string, unknown>)[key], depth + 1])
    }
  }
  return undefined
}
