/** An alert cut to the size a service takes: every text and list gets a bound, and what was cut says so. */
import type { Alert } from '../../../schemas/alert.ts'

/**
 * From mild to severe. 8,000 characters are at most 32,000 bytes: below the longest term of Lucene (32,766), which refuses the whole
 * document. The last step leaves about 20 KB of the largest alert; ids are shorter than its bound and stay whole.
 */
const STEPS = [
  { chars: 8_000, entries: 200 },
  { chars: 2_000, entries: 100 },
  { chars: 500, entries: 50 },
  { chars: 120, entries: 10 },
] as const
type Step = (typeof STEPS)[number]
const CUT_QUERY = '-- too long to be sent: it stands in the table of alerts'

/** The first cut that fits `maxBytes` of JSON, else the most severe. An alert that is small keeps every word. */
export function fitAlert(alert: Alert, maxBytes: number): Alert {
  let fitted = cutAlert(alert, STEPS[0])
  for (const step of STEPS.slice(1)) {
    if (Buffer.byteLength(JSON.stringify(fitted)) <= maxBytes) break
    fitted = cutAlert(alert, step)
  }
  return fitted
}

/** A query that is cut does not run: it is left out instead. */
const cutAlert = (alert: Alert, step: Step): Alert =>
  ({
    ...(cut(alert, step) as Alert),
    query: alert.query.length <= step.chars ? alert.query.toWellFormed() : CUT_QUERY,
  }) satisfies Alert

/** `entries` bounds lists and what hangs below; the fields of the alert itself all stay. */
function cut(value: unknown, step: Step, depth = 0): unknown {
  if (typeof value === 'string') return cutText(value, step.chars)
  if (Array.isArray(value)) {
    const kept = value.slice(0, step.entries).map((one) => cut(one, step, depth + 1))
    return value.length <= step.entries ? kept : [...kept, more(value.length - step.entries)]
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const most = depth === 0 ? entries.length : step.entries
  const kept = entries
    .slice(0, most)
    .map(([name, one]) => [depth === 0 ? name : cutText(name, 100), cut(one, step, depth + 1)] as const)
  return Object.fromEntries(entries.length <= most ? kept : [...kept, ['…', more(entries.length - most)]])
}
const more = (count: number): string => `… and ${count} more`

/** At most `maxChars` UTF-16 units, never half a character; a lone surrogate becomes U+FFFD, because many parsers refuse it. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text.toWellFormed()
  const note = `… (${text.length} characters)`
  const kept = text.slice(0, Math.max(0, maxChars - note.length))
  return (/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept).toWellFormed() + note
}
