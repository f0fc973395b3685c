/** Rows through the scan path of the command, in process: how grave the gravest finding is, and which classes say so. */
import { rowOf } from '../../cli/scan/row.ts'
import { scanRow } from '../../cli/scan/row-scanner.ts'
import type { LoadedRules } from '../../detectors/load.ts'
import { severityRank } from '../../schemas/finding.ts'
import type { EvalRow, Words } from './corpora.ts'

export const MEDIUM = severityRank('medium')
export const HIGH = severityRank('high')
const LOW = severityRank('low')

export interface FoundClass {
  readonly kind: string
  readonly rule: string
  readonly rank: number
}
export interface Verdict {
  /** Rank of the gravest finding, -1 for none; personal data apart. */
  readonly rank: number
  /** Classes of findings from medium on, with the gravest rank of each and the rule that said so. */
  readonly classes: readonly FoundClass[]
  /** Classes of lesser findings: seen, and not thought to matter. */
  readonly lesser: readonly FoundClass[]
  /** Personal data was found, at low or above. */
  readonly hasPii: boolean
  readonly error: string
}

/** Personal data stands around an injection as it does around anything: it never flags a row. */
const isPii = (kind: string): boolean => kind.startsWith('pii.')

export function verdictOf({ rows }: EvalRow, rules: LoadedRules): Verdict {
  let rank = -1
  let hasPii = false
  let error = ''
  const classes = new Map<string, FoundClass>()
  for (const row of rows) {
    const scanned = scannedOf(row, rules)
    if ('error' in scanned) {
      error = scanned.error
      continue
    }
    for (const { class: kind, rule, severity } of scanned.findings) {
      const found = severityRank(severity)
      if (isPii(kind)) hasPii ||= found >= LOW
      else {
        rank = Math.max(rank, found)
        if (found > (classes.get(kind)?.rank ?? -1)) classes.set(kind, { kind, rule, rank: found })
      }
    }
  }
  const all = [...classes.values()]
  const matters = (one: FoundClass): boolean => one.rank >= MEDIUM
  return { rank, classes: all.filter(matters), lesser: all.filter((one) => !matters(one)), hasPii, error }
}

function scannedOf(row: Words, rules: LoadedRules) {
  const read = rowOf(row, 0)
  return 'error' in read ? read : scanRow(read, rules)
}

export const isFlagged = (row: EvalRow, verdict: Verdict): boolean =>
  row.set === 'pii' ? verdict.hasPii : verdict.rank >= MEDIUM
/** A malicious change counts as found only when it is graded high. */
export const isFound = (row: EvalRow, verdict: Verdict): boolean =>
  row.set === 'changes' ? verdict.rank >= HIGH : isFlagged(row, verdict)
