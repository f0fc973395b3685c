/** A scan for people: rows with findings, what they are, and the sums. */
import { visible } from '../../connectors/webhook/forms/escape.ts'
import { SEVERITIES, type Severity } from '../../schemas/finding.ts'
import type { RowFault } from './row.ts'
import type { ScannedRow } from './row-scanner.ts'

export class ScanReport {
  private rows = 0
  private unread = 0
  /** Rows by their gravest finding. */
  private readonly bySeverity = new Map<Severity, number>()

  /** '' for a row in which nothing was found. */
  linesOf(scanned: ScannedRow | RowFault): string {
    this.rows++
    const id = visible(String(scanned.id))
    if ('error' in scanned) {
      this.unread++
      return `${id}: could not be read: ${visible(scanned.error)}\n`
    }
    const [gravest] = scanned.findings
    if (gravest === undefined) return ''
    this.bySeverity.set(gravest.severity, (this.bySeverity.get(gravest.severity) ?? 0) + 1)
    const lines = scanned.findings.map(
      ({ severity, rule, class: kind, evidence }) => `  ${severity.padEnd(8)} ${rule} ${visible(kind)}: ${evidence}\n`,
    )
    return `${id}\n${lines.join('')}`
  }

  summary(): string {
    const flagged = SEVERITIES.toReversed().flatMap((severity) => {
      const rows = this.bySeverity.get(severity)
      return rows === undefined ? [] : [`${rows} ${severity}`]
    })
    const unread = this.unread === 0 ? '' : `, ${this.unread} could not be read`
    return `${this.rows} rows: ${flagged.join(', ') || 'nothing found'}${unread}\n`
  }
}
