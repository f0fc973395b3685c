/** Lines of the table: each attack type and source with its recall, each benign source with its false alarms. */
import { SEVERITIES } from '../../schemas/finding.ts'
import type { EvalRow, EvalSet } from './corpora.ts'
import { Proven } from './left-out.ts'
import { HIGH, isFlagged, isFound, type Verdict } from './measure.ts'
import { type Share, shareOf } from './wilson.ts'

export interface Measured {
  readonly row: EvalRow
  /** Without the artefacts of the corpora: what counts. */
  readonly neutral: Verdict
  readonly asItCame: Verdict
  readonly naive: boolean
  /** Of a malicious row without the words that only its source has. */
  readonly leftOut: Verdict | undefined
}
export interface Line {
  readonly set: EvalSet
  readonly isMalicious: boolean
  readonly type: string
  readonly source: string
  /** Recall, or for benign rows false alarms; medium or above. */
  readonly flagged: Share
  /** High or above. */
  readonly high: Share
  readonly asItCame: Share
  readonly naive: Share
  /** Recall by what other sources would have given; undefined where there is no other. See left-out.ts. */
  readonly leftOut: Share | undefined
  /** Malicious rows that were missed; benign ones that were flagged, with what said so. */
  readonly faults: readonly string[]
}

export function linesOf(measured: readonly Measured[]): readonly Line[] {
  const groups = new Map<string, Measured[]>()
  for (const one of measured) {
    const { set, isMalicious, type, source } = one.row
    const key = JSON.stringify([set, isMalicious ? 0 : 1, type, source])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  const proven = new Proven(measured)
  return [...groups.values()].map((group) => lineOf(group, proven)).sort(byPlace)
}

const SET_ORDER: readonly EvalSet[] = ['tools', 'unicode', 'results', 'arguments', 'changes', 'secrets', 'pii']
const byPlace = (a: Line, b: Line): number =>
  SET_ORDER.indexOf(a.set) - SET_ORDER.indexOf(b.set) ||
  Number(b.isMalicious) - Number(a.isMalicious) ||
  a.type.localeCompare(b.type) ||
  b.flagged.rows - a.flagged.rows

export const flaggedShare = (group: readonly Measured[]): Share =>
  shareOf(group.filter(({ row, neutral }) => isFlagged(row, neutral)).length, group.length)
export const highShare = (group: readonly Measured[]): Share =>
  shareOf(group.filter(({ neutral }) => neutral.rank >= HIGH).length, group.length)

function lineOf(group: readonly Measured[], proven: Proven): Line {
  const { set, isMalicious, type, source } = group[0]!.row
  const count = (is: (one: Measured) => boolean): Share => shareOf(group.filter(is).length, group.length)
  return {
    set,
    isMalicious,
    type,
    source,
    flagged: flaggedShare(group),
    high: highShare(group),
    asItCame: count(({ row, asItCame }) => isFlagged(row, asItCame)),
    naive: count(({ naive }) => naive),
    leftOut: isMalicious && proven.hasOthers(set, source) ? count((one) => proven.isFoundWithout(one)) : undefined,
    faults: group.flatMap((one) => faultOf(one) ?? []),
  }
}

/** With what was seen in it all the same, or what flagged it. */
function faultOf({ row, neutral }: Measured): string | undefined {
  const isFault = row.isMalicious ? !isFound(row, neutral) : isFlagged(row, neutral)
  if (!isFault) return undefined
  const found = row.isMalicious ? [...neutral.classes, ...neutral.lesser] : neutral.classes
  if (found.length === 0) return row.id
  return `${row.id} (${found.map(({ rule, kind, rank }) => `${rule.slice(0, 7)} ${kind} ${SEVERITIES[rank]}`).join(', ')})`
}
