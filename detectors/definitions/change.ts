/** The grade of a change whose two sides are both at hand: for people who compare, and for programs beside the rules. */
import { factsOf, type SeenDefinition } from './facts.ts'
import { type ChangeGrade, gradeAdded, gradeAfter, graded, gradeRemoved } from './grade.ts'

type Named = SeenDefinition & { readonly name?: string }

/** `before` undefined: the definition is new. `after` undefined: it is gone. */
export function gradeChange(before: Named | undefined, after: Named | undefined): ChangeGrade {
  if (after === undefined) return gradeRemoved()
  if (before === undefined) return gradeAdded(after)
  if (before.hash === after.hash) return graded([], [])
  const change = gradeAfter(factsOf(before), after)
  const isRenamed = before.name !== undefined && after.name !== undefined && before.name !== after.name
  if (!isRenamed) return change
  const identity = graded([['identity', 'another name']], change.parts)
  const isGraver = change.severity === 'high' || change.severity === 'medium'
  return isGraver ? { ...change, reasons: [...change.reasons, ...identity.reasons] } : identity
}
