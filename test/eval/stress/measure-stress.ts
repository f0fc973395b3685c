/** What is left of recall when what was found comes in other clothes, and orders of our own in other words and languages. */
import type { LoadedRules } from '../../../detectors/load.ts'
import type { EvalRow, EvalSet, Words } from '../corpora.ts'
import type { Measured } from '../lines.ts'
import { isFlagged, verdictOf } from '../measure.ts'
import { type Share, shareOf } from '../wilson.ts'
import { WORDINGS } from './templates.ts'
import { TRANSFORMS, type Transform } from './transforms.ts'

export interface StressLine {
  readonly name: string
  readonly of: string
  readonly found: Share
  readonly falsely: Share
}

const OWN = 'our own orders'
/** Rows of each kind: spread over the set, so that every source takes part. */
const MALICIOUS_ROWS = 100
const BENIGN_ROWS = 80

export function measureStress(measured: readonly Measured[], rules: LoadedRules): readonly StressLine[] {
  return [
    ...stressOf('tools', 'tools found', 'prose', measured, rules),
    ...stressOf('results', 'results found', 'prose', measured, rules),
    ...stressOf('arguments', 'arguments found', 'argument', measured, rules),
    ...wordings(rules),
  ]
}

/** Only what is found as it is: a copy can lose it, and that is what is measured. */
function stressOf(
  set: EvalSet,
  of: string,
  kind: 'prose' | 'argument',
  measured: readonly Measured[],
  rules: LoadedRules,
): readonly StressLine[] {
  const found = measured.filter(({ row, neutral }) => row.set === set && row.isMalicious && isFlagged(row, neutral))
  const benign = measured.filter(({ row, neutral }) => row.set === set && !row.isMalicious && !isFlagged(row, neutral))
  const rows = spread(found, MALICIOUS_ROWS)
  const controls = spread(benign, BENIGN_ROWS)
  const flagged = (group: readonly Measured[], transform: Transform): Share =>
    shareOf(group.filter(({ row }) => isFlagged(row, verdictOf(copyOf(row, transform), rules))).length, group.length)
  return TRANSFORMS.filter((transform) => transform.of.includes(kind)).map((transform) => ({
    name: transform.name,
    of,
    found: flagged(rows, transform),
    falsely: flagged(controls, transform),
  }))
}

function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all
  return Array.from({ length: most }, (_, at) => all[Math.floor((at * all.length) / most)]!)
}

/** The description of a tool, the text of a result, each argument. */
function copyOf(row: EvalRow, { apply }: Transform): EvalRow {
  return { ...row, rows: row.rows.map((one) => copied(one, apply)) }
}
function copied(row: Words, apply: (text: string) => string): Words {
  const { tool } = row
  const out: Record<string, unknown> = { ...row }
  if (tool !== null && typeof tool === 'object')
    out['tool'] = { ...tool, description: apply(String((tool as Words)['description'] ?? '')) }
  for (const field of ['arguments', 'result']) if (row[field] !== undefined) out[field] = mapped(row[field], apply)
  return out
}
function mapped(value: unknown, apply: (text: string) => string): unknown {
  if (typeof value === 'string') return apply(value)
  if (Array.isArray(value)) return value.map((inner) => mapped(inner, apply))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapped(inner, apply)]))
}

/** Orders and harmless sentences of our own, as the description of a tool. */
function wordings(rules: LoadedRules): readonly StressLine[] {
  const flagged = (texts: readonly string[]): Share =>
    shareOf(
      texts.filter((text) => {
        const tool = { name: 'lookup', description: text, inputSchema: { type: 'object', properties: {} } }
        const row: EvalRow = {
          id: '',
          set: 'tools',
          isMalicious: true,
          type: '',
          subtype: '',
          source: '',
          rows: [{ tool }],
        }
        return isFlagged(row, verdictOf(row, rules))
      }).length,
      texts.length,
    )
  const lines = WORDINGS.map(({ name, malicious, benign }) => ({
    name,
    of: OWN,
    found: flagged(malicious),
    falsely: flagged(benign),
  }))
  const translated = lines.slice(1)
  const sum = (of: (line: StressLine) => Share): Share =>
    shareOf(
      translated.reduce((hits, line) => hits + of(line).hits, 0),
      translated.reduce((rows, line) => rows + of(line).rows, 0),
    )
  const all = {
    name: 'all languages but English',
    of: OWN,
    found: sum(({ found }) => found),
    falsely: sum(({ falsely }) => falsely),
  }
  return [...lines, all]
}
