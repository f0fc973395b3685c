/** What other products really sent (or are documented to send), for tests: OTLP batches and JSON bodies, and the events they become. */

import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { admit } from '../../../../collector/admit.ts'
import type { Fingerprint } from '../../../../collector/foreign.ts'
import type { Reader } from '../../../../collector/normalize.ts'
import { emptyAttributes, type OtlpBatch, type OtlpSpan } from '../../../../collector/otlp/records.ts'
import { sourceNamed } from '../../../../collector/sources/catalogue.ts'
import { readJsonRecords } from '../../../../collector/sources/read-json.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'

const FOLDER = new URL('../../../fixtures/other-sources/', import.meta.url)
const text = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8')
export const jsonFile = (file: string): unknown => JSON.parse(text(file))
export const lines = (file: string): Record<string, unknown>[] =>
  text(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

interface Situation {
  telemetry: { events: unknown[]; spans: unknown[] }
}
/** Events or spans of a recording, situation after situation. */
const recorded = (file: string, kind: 'events' | 'spans'): unknown[] =>
  Object.values(jsonFile(file) as Record<string, Situation>).flatMap(({ telemetry }) => telemetry[kind])

/** Payloads of all items of all envelopes. */
export const sentryPayloads = (file: string): unknown[] =>
  (recorded(file, 'events') as [unknown, [unknown, unknown][]][]).flatMap(([, entries]) =>
    entries.map(([, payload]) => payload),
  )
export const posthogEvents = (): Record<string, unknown>[] =>
  recorded('posthog-v1.json', 'events') as Record<string, unknown>[]

/** The recording has no times: they are made up. */
export const traceloopBatch = (): OtlpBatch<OtlpSpan>[] => {
  const records = (
    recorded('traceloop-client-v1.json', 'spans') as (OtlpSpan & { status: { code: number; message?: string } })[]
  ).map(
    (span): OtlpSpan => ({
      name: span.name,
      // As OTLP has it: the SDK's own numbers are one lower.
      kind: span.kind + 1,
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId ?? '',
      start: '2026-11-23T10:00:00.000000000Z',
      end: '2026-11-23T10:00:00.005000000Z',
      durationMs: 5,
      attributes: Object.assign(emptyAttributes(), span.attributes),
      status: { code: span.status.code, message: span.status.message ?? '' },
    }),
  )
  const scope = { name: '@traceloop/instrumentation-mcp', version: '0.27.0' }
  return [{ resource: { 'service.name': 'agent' }, scope, records }]
}

export const atMs = Date.parse('2026-11-24T06:00:00Z')
export const reader: Reader = { caller: { tenant: 'default', producer: '', claimed: true }, atMs }
const fingerprint: Fingerprint = (purpose, value) =>
  createHmac('sha256', purpose).update(value).digest('hex').slice(0, 32)
export const withKeys: Reader = { ...reader, fingerprint }

/** The events of JSON records as stored; everything that was refused is an error. */
export function eventsOf(source: string, body: unknown, by: Reader = withKeys): AuditEvent[] {
  const { candidates, refused } = readJsonRecords(sourceNamed(source)!, body, by)
  if (refused.length > 0) throw new Error(JSON.stringify(refused))
  return admitted(candidates)
}
export const admitted = (candidates: readonly unknown[]): AuditEvent[] =>
  candidates.map((candidate) => {
    const result = admit(structuredClone(candidate), reader.caller, atMs)
    if ('refused' in result) throw new Error(`${result.refused.field}: ${result.refused.reason}`)
    return result.event
  })
/** What most tests look at. */
export const summary = (events: readonly AuditEvent[]) =>
  events
    .filter(({ eventType }) => eventType !== 'content.finding')
    .map((event) => [event.method, event.toolName ?? '', event.outcome, event.errorCode ?? ''])
