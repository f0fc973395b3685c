/** One exported event, finding or alert as one line of the format that was asked for. */
import { detectionFinding, findingAsOcsf } from '../../connectors/ocsf/detection-finding.ts'
import { EVENT_CLASSES } from '../../connectors/ocsf/event-classes.ts'
import { ocsfOfEvent } from '../../connectors/ocsf/render.ts'
import type { OcsfVersion } from '../../connectors/ocsf/vocabulary.ts'
import { type Alert, alert } from '../../schemas/alert.ts'
import { ENVELOPE_FIELDS } from '../../schemas/envelope.ts'
import type { AuditEvent, EventFields } from '../../schemas/event.ts'
import { type Finding, finding } from '../../schemas/finding.ts'

export const FORMATS = ['ocsf', 'jsonl', 'csv'] as const
export type Format = (typeof FORMATS)[number]

export interface Lines<T> {
  /** Of CSV: the names of its columns. */
  readonly head: string
  /** Without the line end; undefined when the format has no place for it. */
  line(one: T): string | undefined
  /** What had none, and why, by event type. */
  readonly left: ReadonlyMap<string, { readonly count: number; readonly reason: string }>
}

export function eventLines(format: Format, version: OcsfVersion): Lines<AuditEvent> {
  const left = new Map<string, { count: number; reason: string }>()
  if (format === 'jsonl') return { head: '', line: (event) => JSON.stringify(event), left }
  if (format === 'csv') return { ...csv(['eventType', ...ENVELOPE_FIELDS, 'fields'], eventRecord), left }
  return {
    head: '',
    left,
    line(event) {
      const rendered = ocsfOfEvent(event, version)
      if (rendered !== undefined) return JSON.stringify(rendered)
      const how = EVENT_CLASSES[event.eventType]
      const reason = how.kind === 'none' ? how.reason : ''
      left.set(event.eventType, { count: (left.get(event.eventType)?.count ?? 0) + 1, reason })
      return undefined
    },
  }
}

/** `refs` of a rule stand in alerts, not in findings. */
export function findingLines(
  format: Format,
  version: OcsfVersion,
  refs: ReadonlyMap<string, readonly string[]>,
): Lines<Finding> {
  const left = new Map()
  if (format === 'jsonl') return { head: '', line: (one) => JSON.stringify(one), left }
  if (format === 'csv') return { ...csv(Object.keys(finding.shape), (one: Finding) => one), left }
  return { head: '', line: (one) => JSON.stringify(findingAsOcsf(one, refs.get(one.rule) ?? [], version)), left }
}
export function alertLines(format: Format, version: OcsfVersion): Lines<Alert> {
  const left = new Map()
  if (format === 'jsonl') return { head: '', line: (one) => JSON.stringify(one), left }
  if (format === 'csv') return { ...csv(Object.keys(alert.shape), (one: Alert) => one), left }
  return { head: '', line: (one) => JSON.stringify(detectionFinding(one, version)), left }
}

/** Fields of the type beyond the envelope stand in one column, as JSON. */
function eventRecord(event: AuditEvent): EventFields {
  const envelope: ReadonlySet<string> = new Set(['eventType', ...ENVELOPE_FIELDS])
  const entries = Object.entries(event)
  const own = entries.filter(([field]) => !envelope.has(field))
  return { ...Object.fromEntries(entries), fields: JSON.stringify(Object.fromEntries(own)) }
}

/** RFC 4180. */
function csv<T extends object>(columns: readonly string[], recordOf: (one: T) => object) {
  return {
    head: columns.join(','),
    line(one: T): string {
      const record = recordOf(one) as Readonly<Record<string, unknown>>
      return columns.map((column) => cell(record[column])).join(',')
    },
  }
}
/** A spreadsheet runs what begins so (CWE-1236); an apostrophe in front makes it a text there. */
const FORMULA = /^[=+\-@\t\r]/
function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const harmless = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
