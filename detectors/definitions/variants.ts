/** Whether one tool is shown in several versions at a time: definitions that take turns, while build, scopes and language stay the same. */
import { type Deployments, deployedNear } from '../deployments.ts'
import { fingerprint } from '../engine/shapes/fingerprint.ts'
import type { Match } from '../rule.ts'
import { type DefinitionFacts, factsOf, losesRisk, noFacts, type SeenDefinition, shortHash } from './facts.ts'
import { GRADES, type Grade, gradeAfter } from './grade.ts'

/** Versions of one tool that are remembered; more within the time is a text that changes by itself. */
const MAX_VERSIONS = 5

/**
 * `versions`: under which scopes and build which definition was seen, how far it is from the first, when it came, until when it was in
 * force, and who saw it last: a line each. The facts are those of the version that was seen first.
 */
export type Variants = DefinitionFacts & { versions: string[]; base: string; current: string }
export const oneVersion = (): Variants => ({ ...noFacts(), versions: [], base: '', current: '' })

interface Showing extends SeenDefinition {
  readonly ts: number
  readonly build: string
  readonly scopeSetHash: string
  readonly principal: string
}
export interface VariantOptions {
  readonly withinMs: number
  readonly overlapMs: number
}
interface Version {
  readonly name: string
  readonly grade: Grade
  readonly firstMs: number
  readonly lastMs: number
  readonly viewer: string
}
const lineOf = ({ name, grade, firstMs, lastMs, viewer }: Version): string =>
  [name, grade, firstMs, lastMs, viewer].join(' ')
function versionOf(line: string): Version {
  const [name = '', grade, firstMs, lastMs, viewer = ''] = line.split(' ')
  return { name, grade: grade as Grade, firstMs: Number(firstMs), lastMs: Number(lastMs), viewer }
}

export function judgeVariants(
  e: Showing,
  known: Variants,
  deployments: Deployments,
  { withinMs, overlapMs }: VariantOptions,
): Match | undefined {
  const group = fingerprint(`${e.scopeSetHash}\n${e.build}`).toString(36)
  const name = `${group}/${shortHash(e.hash)}`
  // A list is told when it changes: what was in force until now was shown until now.
  const versions = known.versions
    .map(versionOf)
    .map((each) => ({ ...each, lastMs: each.name === known.current ? e.ts : each.lastMs }))
    .filter(({ lastMs }) => e.ts - lastMs < withinMs)
  const own = versions.find((each) => each.name === name)
  const between = versions.find((each) => each.name === known.current)
  const now = { name, grade: gradeFor(e, known), firstMs: own?.firstMs ?? e.ts, lastMs: e.ts, viewer: e.principal }
  const others = versions.filter((each) => each.name !== name)
  Object.assign(known, { current: name, versions: [...others, now].slice(-MAX_VERSIONS).map(lineOf) })
  // It is back: what was shown in between, to callers with the same scopes and from the same build, is its variant.
  if (own === undefined || between === undefined || between.name === name || !between.name.startsWith(`${group}/`))
    return undefined
  // Without a build nobody can tell two replicas of a rolling deployment apart from one that takes turns.
  const isRolling = e.ts - between.firstMs <= overlapMs || deployedNear(deployments, '', e.ts, overlapMs)
  if (e.build === '' && isRolling) return undefined
  return variance(e, now, between, own.viewer)
}

/** Against the version that was seen first: how far from each other two others are cannot be less grave than the graver of them. */
function gradeFor(e: Showing, known: Variants): Grade {
  const hash = shortHash(e.hash)
  if (known.base === '') Object.assign(known, factsOf(e), { base: hash })
  if (known.base === hash) return 'none'
  const now = factsOf(e)
  return losesRisk(known.risks, now.risks) ? 'injected' : gradeAfter(known, e, now).grade
}

/** A text that only some callers see is aimed at them: an order is high, wider input too. Rewording by caller may be a greeting. */
const SEVERITIES: Readonly<Partial<Record<Grade, 'low' | 'medium'>>> = {
  none: 'low',
  cosmetic: 'low',
  compatible: 'medium',
}
function variance(e: Showing, now: Version, between: Version, viewer: string): Match {
  const worst = GRADES.findLast((grade) => grade === now.grade || grade === between.grade)!
  const viewers = [...new Set([viewer, between.viewer, e.principal])].filter(Boolean)
  return {
    severity: SEVERITIES[worst] ?? 'high',
    saw: `two versions of the definition take turns (${worst})${viewers.length > 1 ? ', by caller' : ''}`,
    expected: 'one definition for one build and one set of scopes',
    evidence: { grade: worst, hash: e.hash, build: e.build, viewers },
  }
}
