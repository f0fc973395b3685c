/** Lines of the table: each attack type and source with its recall, each benign source with its false alarms. */
import { SEVERITIES } from '../../schemas/finding.ts'
import type { EvalRow, EvalSet } from './corpora.ts'
import { HIGH, isFlagged, isFound, type Verdict } from './measure.ts'
import { type Share, shareOf } from './wilson.ts'

export interface Measured {
  readonly row: EvalRow
  /** Without the artefacts of the corpora: what counts. */
  readonly neutral: Verdict
  readonly asItCame: Verdict
  readonly naive: boolean
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
  /** Recall by classes that had proved themselves on other sources; undefined where there is no other. */
  readonly leftOut: Share | undefined
  /** Malicious rows that were missed; benign ones that were flagged, with what said so. */
  readonly faults: readonly string[]
}

/** A class that flags more of the benign rows of a set than this would not have been kept. */
const MAX_FALSE_SHARE = 0.01

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
    leftOut: isMalicious ? proven.recallWithout(set, source, group) : undefined,
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

/**
 * Leave one source out, for classifiers that are written and not trained: on a source only those classes count that found something on
 * another source of the same set without too many false alarms outside of it. What is left is what would have been kept without it.
 */
class Proven {
  /** By set, then by class: sources of malicious rows that it flagged, and benign rows by source. */
  private readonly found = new Map<string, Set<string>>()
  private readonly falsely = new Map<string, Map<string, number>>()
  private readonly benign = new Map<EvalSet, Map<string, number>>()
  private readonly sources = new Map<EvalSet, Set<string>>()

  constructor(measured: readonly Measured[]) {
    for (const { row, neutral } of measured) {
      const { set, source, isMalicious } = row
      if (isMalicious) setOf(this.sources, set).add(source)
      else add(mapOf(this.benign, set), source)
      for (const { kind } of counting(set, neutral))
        if (isMalicious) setOf(this.found, `${set} ${kind}`).add(source)
        else add(mapOf(this.falsely, `${set} ${kind}`), source)
    }
  }

  recallWithout(set: EvalSet, source: string, group: readonly Measured[]): Share | undefined {
    if (set === 'pii' || [...setOf(this.sources, set)].every((other) => other === source)) return undefined
    const isKept = (kind: string): boolean =>
      [...setOf(this.found, `${set} ${kind}`)].some((other) => other !== source) &&
      without(mapOf(this.falsely, `${set} ${kind}`), source) <=
        MAX_FALSE_SHARE * without(mapOf(this.benign, set), source)
    const isLeft = ({ neutral }: Measured): boolean => counting(set, neutral).some(({ kind }) => isKept(kind))
    return shareOf(group.filter(isLeft).length, group.length)
  }
}

/** The classes by which a row counts as found. */
const counting = (set: EvalSet, { classes }: Verdict): Verdict['classes'] =>
  set === 'changes' ? classes.filter(({ rank }) => rank >= HIGH) : classes

function setOf<K>(all: Map<K, Set<string>>, key: K): Set<string> {
  const known = all.get(key) ?? new Set()
  all.set(key, known)
  return known
}
function mapOf<K>(all: Map<K, Map<string, number>>, key: K): Map<string, number> {
  const known = all.get(key) ?? new Map()
  all.set(key, known)
  return known
}
const add = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
const without = (counts: ReadonlyMap<string, number>, key: string): number =>
  [...counts].reduce((sum, [other, count]) => (other === key ? sum : sum + count), 0)
