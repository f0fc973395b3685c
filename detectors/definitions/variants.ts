/** Whether one tool is shown in several versions at a time: definitions that take turns, while build, scopes and language stay the same. */
import { type Deployments, deployedNear } from '../deployments.ts'
import type { Match } from '../rule.ts'
import { fingerprint } from '../shapes/fingerprint.ts'
import { type DefinitionFacts, factsOf, losesRisk, noFacts, type SeenDefinition, shortHash } from './facts.ts'
import { GRADES, type Grade, gradeAfter } from './grade.ts'

/** Versions of one tool that are remembered; more within the time is a text that changes by itself. */
const MAX_VERSIONS = 5

/**
 * `versions`: under which scopes and build which definition was seen, and by whom last; `firstMs` and `lastMs` of each beside it. The facts
 * are those of the version that was seen first, `grades` how far each is from it.
 */
export type Variants = DefinitionFacts & {
  versions: string[]
  firstMs: number[]
  lastMs: number[]
  grades: string[]
  viewers: string[]
  base: string
  current: string
}
export const oneVersion = (): Variants => ({
  ...noFacts(),
  versions: [],
  firstMs: [],
  lastMs: [],
  grades: [],
  viewers: [],
  base: '',
  current: '',
})

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

export function judgeVariants(
  e: Showing,
  known: Variants,
  deployments: Deployments,
  { withinMs, overlapMs }: VariantOptions,
): Match | undefined {
  // A list is told when it changes: what was in force until now was shown until now.
  const inForce = known.versions.indexOf(known.current)
  if (inForce >= 0) known.lastMs[inForce] = e.ts
  forgetBefore(known, e.ts - withinMs)
  const group = fingerprint(`${e.scopeSetHash}\n${e.build}`).toString(36)
  const version = `${group} ${shortHash(e.hash)}`
  const last = known.current
  const at = known.versions.indexOf(version)
  const grade = gradeFor(e, known)
  known.current = version
  if (at < 0) {
    remember(known, version, e, grade)
    return undefined
  }
  known.lastMs[at] = e.ts
  const viewer = known.viewers[at]!
  known.viewers[at] = e.principal
  // It is back: what was shown in between, to callers with the same scopes and from the same build, is its variant.
  if (last === version || last === '' || !last.startsWith(`${group} `)) return undefined
  const between = known.versions.indexOf(last)
  if (between < 0) return undefined
  // Without a build nobody can tell two replicas of a rolling deployment apart from one that takes turns.
  const isRolling =
    e.build === '' && (e.ts - known.firstMs[between]! <= overlapMs || deployedNear(deployments, '', e.ts, overlapMs))
  if (isRolling) return undefined
  const worst = graver(grade, known.grades[between] as Grade)
  const viewers = [...new Set([viewer, known.viewers[between]!, e.principal])].filter((each) => each !== '')
  return {
    severity: severityOf(worst),
    saw: `two versions of the definition take turns (${worst})${viewers.length > 1 ? ', by caller' : ''}`,
    expected: 'one definition for one build and one set of scopes',
    evidence: {
      grade: worst,
      versions: known.versions.filter((each) => each.startsWith(`${group} `)).length,
      hash: e.hash,
      build: e.build,
      viewers,
    },
  }
}

/** Against the version that was seen first: how far from each other two others are cannot be less grave than the graver of them. */
function gradeFor(e: Showing, known: Variants): Grade {
  const hash = shortHash(e.hash)
  if (known.base === '') Object.assign(known, factsOf(e), { base: hash })
  if (known.base === hash) return 'none'
  return losesRisk(known.risks, factsOf(e).risks) ? 'injected' : gradeAfter(known, e).grade
}
const graver = (a: Grade, b: Grade): Grade => (GRADES.indexOf(a) > GRADES.indexOf(b) ? a : b)
/** A text that only some callers see is aimed at them: an order is high, wider input too. Rewording by caller may be a greeting. */
function severityOf(grade: Grade): 'low' | 'medium' | 'high' {
  if (grade === 'none' || grade === 'cosmetic') return 'low'
  return grade === 'compatible' ? 'medium' : 'high'
}

function remember(known: Variants, version: string, { ts, principal }: Showing, grade: Grade): void {
  known.versions.push(version)
  known.firstMs.push(ts)
  known.lastMs.push(ts)
  known.grades.push(grade)
  known.viewers.push(principal)
  if (known.versions.length > MAX_VERSIONS) dropAt(known, 0)
}
function forgetBefore(known: Variants, ms: number): void {
  for (let at = known.versions.length - 1; at >= 0; at--) if (known.lastMs[at]! < ms) dropAt(known, at)
}
function dropAt({ versions, firstMs, lastMs, grades, viewers }: Variants, at: number): void {
  for (const list of [versions, firstMs, lastMs, grades, viewers]) list.splice(at, 1)
}
