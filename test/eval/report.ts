/** The evaluation as tables for people. */
import type { EvalSet } from './corpora.ts'
import { historyOf, isTunedOn } from './history.ts'
import type { Line, Measured } from './lines.ts'
import { PUBLISHED, PUBLISHED_COLUMNS, PUBLISHED_NOTE } from './published.ts'
import type { StressLine } from './stress/measure-stress.ts'
import type { Target } from './targets.ts'
import { percentText, type Share, shareOf, shareText } from './wilson.ts'

const TITLES: Readonly<Record<EvalSet, string>> = {
  tools: 'Tool definitions',
  unicode: 'Hidden Unicode and look-alikes in tool definitions',
  results: 'Injected results',
  arguments: 'Attacks in arguments',
  changes: 'Changes of a definition (found: graded high)',
  secrets: 'Secrets',
  pii: 'Personal data (low or above)',
}

/** Columns as wide as their widest cell. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => [...(row[at] ?? '')].length)))
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell + ' '.repeat(widths[at]! - [...cell].length))
      .join('  ')
      .trimEnd()
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(lineOf).join('\n')
}

/** `withFaults`: also the ids of what was missed or flagged falsely. */
export function setText(set: EvalSet, lines: readonly Line[], withFaults: boolean): string {
  const own = lines.filter((line) => line.set === set)
  const head = ['attack', 'source', 'rows', 'found %', 'source left out', 'as it came', 'naive regex', 'missed']
  const attacks = own
    .filter(({ isMalicious }) => isMalicious)
    .map((line) => [
      line.type,
      line.source,
      String(line.flagged.rows),
      shareText(foundOf(line)),
      line.leftOut === undefined ? '-' : percentText(line.leftOut.percent),
      percentText(line.asItCame.percent),
      percentText(line.naive.percent),
      String(line.flagged.rows - foundOf(line).hits),
    ])
  const benign = own
    .filter(({ isMalicious }) => !isMalicious)
    .map((line) => [
      line.type,
      line.source,
      String(line.flagged.rows),
      shareText(line.flagged),
      percentText(line.high.percent),
      percentText(line.asItCame.percent),
      percentText(line.naive.percent),
      String(line.flagged.hits),
    ])
  const benignHead = ['benign', 'source', 'rows', 'flagged %', 'high %', 'as it came', 'naive regex', 'falsely']
  const parts = [`## ${TITLES[set]}`, tableText(head, attacks), tableText(benignHead, benign)]
  if (withFaults) parts.push(faultsText(own))
  return parts.filter((part) => part !== '').join('\n\n')
}

const foundOf = (line: Line): Share => (line.set === 'changes' ? line.high : line.flagged)

const faultsText = (lines: readonly Line[]): string =>
  lines
    .filter(({ faults }) => faults.length > 0)
    .map(({ isMalicious, type, source, faults }) => {
      const what = isMalicious ? 'missed' : 'falsely flagged'
      return `${what}: ${type}, ${source}: ${faults.join(' ')}`
    })
    .join('\n')

export const targetsText = (targets: readonly Target[]): string =>
  `## Aims\n\n${tableText(
    ['what', 'rows', 'measured %', 'aim', '', 'source left out %'],
    targets.map(({ what, share, sign, percent, met, leftOut }) => [
      what,
      String(share.rows),
      shareText(share),
      `${sign} ${percent}`,
      met ? 'met' : 'MISSED',
      leftOut === undefined ? '' : shareText(leftOut),
    ]),
  )}`

/** Sources by whether anybody looked at what was missed there. */
export function historyText(measured: readonly Measured[], flagged: (one: Measured) => boolean): string {
  const malicious = measured.filter(({ row }) => row.isMalicious && row.set !== 'pii')
  const rows = [false, true].flatMap((tunedOn) =>
    [...new Set(malicious.map(({ row }) => row.set))].map((set) => {
      const group = malicious.filter(({ row }) => row.set === set && isTunedOn(row.source) === tunedOn)
      const sources = [...new Set(group.map(({ row }) => row.source))]
      const first = sources.flatMap((source) => historyOf(source)?.firstSight ?? [])
      return [
        tunedOn ? 'read' : 'never tuned on',
        set,
        String(group.length),
        shareText(shareOf(group.filter(flagged).length, group.length)),
        sources.join(', ').slice(0, 90),
        [...new Set(first)].join('; '),
      ]
    }),
  )
  const shown = rows.filter(([, , count]) => count !== '0')
  return `## Sources whose misses were read, and others\n\n${tableText(['misses', 'set', 'rows', 'found %', 'sources', 'at first sight'], shown)}`
}

export const stressText = (lines: readonly StressLine[]): string =>
  `## Copies of what was found, and orders of our own, in other words, languages and encodings\n\nA benign copy in a disguise (hidden or look-alike characters) is flagged for the disguise.\n\n${tableText(
    ['copy', 'of', 'rows', 'found %', 'benign rows', 'flagged %'],
    lines.map(({ name, of, found, falsely }) => [
      name,
      of,
      String(found.rows),
      shareText(found),
      String(falsely.rows),
      shareText(falsely),
    ]),
  )}`

export const publishedText = (): string =>
  `## Other scanners on these corpora, percent flagged (peer-detection.md)\n\n${tableText(
    ['scanner', ...PUBLISHED_COLUMNS],
    PUBLISHED.map(({ scanner, percent }) => [
      scanner,
      ...PUBLISHED_COLUMNS.map((_, at) => (percent[at] === undefined ? '-' : String(percent[at]))),
    ]),
  )}\n\n${PUBLISHED_NOTE}`
