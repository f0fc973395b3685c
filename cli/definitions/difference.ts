/** What differs between two versions of a definition, and how grave that is: the words of the rules, for people and programs. */
import { gradeChange } from '../../detectors/definitions/change.ts'
import type { ChangeGrade } from '../../detectors/definitions/grade.ts'
import type { Definition } from '../../schemas/events/registry.ts'

export interface Difference extends ChangeGrade {
  /** Lines of lists that came and went, by what they are about. */
  readonly added: Readonly<Record<string, readonly string[]>>
  readonly removed: Readonly<Record<string, readonly string[]>>
  /** Words changed, or only their spacing, case and punctuation; undefined when it is not known. */
  readonly isReworded: boolean | undefined
}

const LISTS = [
  'inputShape',
  'annotations',
  'findings',
  'verdicts',
  'mentions',
  'externalRefs',
  'requiredScopes',
] as const

export function differenceOf(before: Definition, after: Definition): Difference {
  const added: Record<string, readonly string[]> = {}
  const removed: Record<string, readonly string[]> = {}
  for (const list of LISTS) {
    const [old = [], now = []] = [before[list], after[list]]
    const [came, went] = [now.filter((line) => !old.includes(line)), old.filter((line) => !now.includes(line))]
    if (came.length > 0) added[list] = came
    if (went.length > 0) removed[list] = went
  }
  const { wordingHash: old = '' } = before
  const { wordingHash: now = '' } = after
  return {
    ...gradeChange(before, after),
    added,
    removed,
    isReworded: old === '' || now === '' ? undefined : old !== now,
  }
}

/** Lines, each still to be made fit for a screen. */
export function differenceText({ grade, severity, reasons, parts, added, removed, isReworded }: Difference): string[] {
  if (parts.length === 0 && Object.keys(added).length + Object.keys(removed).length === 0)
    return ['nothing differs that is told of a definition']
  const lists = LISTS.flatMap((list) => [
    ...(removed[list] ?? []).map((line) => `  - ${list} ${line}`),
    ...(added[list] ?? []).map((line) => `  + ${list} ${line}`),
  ])
  const words = isReworded === undefined ? [] : [isReworded ? '  words changed' : '  not a word changed']
  return [
    `${grade}, ${severity}: ${reasons.join('; ') || 'nothing of weight'}`,
    `  parts ${parts.join(', ') || 'none'}`,
    ...words,
    ...lists,
  ]
}
