/** A row through the classifiers and rules of live traffic: an engine of its own, so that rows do not influence each other. */
import { createEngine } from '../../detectors/engine/engine.ts'
import type { LoadedRules } from '../../detectors/load.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { type Finding, isAlerting, type Severity, severityRank } from '../../schemas/finding.ts'
import { applicableRules } from './applicable-rules.ts'
import { leftOverOf } from './content-rules.ts'
import { evidenceOf, placeOf } from './evidence-text.ts'
import { type RowFault, type RowId, rowOf, type ScanRow } from './row.ts'
import { eventsOf } from './row-events.ts'
import { ROW_CHARACTERS } from './row-texts.ts'

export interface RowFinding {
  readonly rule: string
  /** Class of the content, or grade of the change, or else what the rule is about. */
  readonly class: string
  readonly severity: Severity
  /** Where, and how it was hidden: never what stands there. */
  readonly evidence: string
}
export interface ScannedRow {
  readonly id: RowId
  /** The gravest first. */
  readonly findings: readonly RowFinding[]
  /** Only where not everything was read. */
  readonly unscannedBytes?: number
}

const LOG = '0'.repeat(32)
/** A row has a handful of keys. */
const STATE_ROWS = 8_192

/** A row as it stands in a file. `text` undefined: it was too long to be kept. */
export function scanText(text: string | undefined, line: number, rules: LoadedRules): ScannedRow | RowFault {
  if (text === undefined) return { id: line, error: `row: longer than ${ROW_CHARACTERS} characters` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { id: line, error: 'row: not JSON' }
  }
  const row = rowOf(value, line)
  return 'error' in row ? row : scanRow(row, rules)
}

export function scanRow(row: ScanRow, rules: LoadedRules): ScannedRow | RowFault {
  const { events, fault } = eventsOf(row)
  if (fault !== '') return { id: row.id, error: fault }
  const engine = createEngine(applicableRules(rules, events), { stateRows: STATE_ROWS })
  const findings: RowFinding[] = []
  let unscannedBytes = 0
  for (const [offset, { event, isCurrent }] of events.entries()) {
    const found = engine.apply(event, { log: LOG, partition: 0, offset, index: 0 })
    if (!isCurrent) continue
    unscannedBytes += event.unscannedBytes ?? 0
    for (const finding of found) findings.push(rowFinding(finding, event))
    if (event.eventType === 'content.finding' && found.length === 0) findings.push(leftOver(event, rules))
  }
  findings.sort((a, b) => severityRank(b.severity) - severityRank(a.severity))
  return { id: row.id, findings, ...(unscannedBytes > 0 && { unscannedBytes }) }
}

type Words = Readonly<Record<string, unknown>>
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A finding of a rule. What it is about stands in its evidence, else in the event that it was found in. */
function rowFinding(finding: Finding, event: AuditEvent): RowFinding {
  const { grade, class: kind } = finding.evidence
  const told = textOf(grade) || textOf(kind) || textOf((event as Words)['findingClass'])
  return {
    rule: finding.rule,
    class: told || finding.rule.replace(/^[a-z]+-\d+-/, ''),
    // Who only watches, or was told to be silent, raises nothing.
    severity: isAlerting(finding) ? finding.severity : 'info',
    evidence: evidenceOf(event, finding),
  }
}

/** Live traffic has the finding in its events and raises nothing for it. */
function leftOver(event: AuditEvent, rules: LoadedRules): RowFinding {
  const { surface, findingClass, verdict, score, parameterRole, validated, decodings, contentPath } = event as Words
  const found = {
    surface: textOf(surface),
    findingClass: textOf(findingClass),
    verdict: textOf(verdict),
    score: typeof score === 'number' ? score : 0,
    parameterRole: textOf(parameterRole),
    validated: validated === true,
    decodings: Array.isArray(decodings) ? (decodings as string[]) : [],
    contentPath: textOf(contentPath),
  }
  const { rule, severity } = leftOverOf(found, rules)
  return { rule, class: found.findingClass, severity, evidence: placeOf(event) }
}
