/** A set of tool names that fits a cell, and what became of it. */
import { fingerprint } from '../engine/shapes/fingerprint.ts'

/** Names up to this length in all are kept as they are, more as marks of five characters, and beyond that only their number. */
const MAX_NAMES_CHARS = 2_500
const MARK_CHARS = 5
const MAX_MARKS = 600

/** `form` is names, marks or count; `names` holds lines or marks in one text. */
export type ToolSet = { form: string; names: string; size: number }
export interface SetChange {
  readonly added: readonly string[]
  /** Names where they are known. */
  readonly removed: readonly string[]
  readonly removedCount: number
}

const markOf = (name: string): string => fingerprint(name).toString(36).padStart(MARK_CHARS, '0').slice(-MARK_CHARS)

export function toolSetOf(names: readonly string[]): ToolSet {
  const unique = [...new Set(names)].sort()
  const lines = unique.join('\n')
  if (lines.length <= MAX_NAMES_CHARS) return { form: 'names', names: lines, size: unique.length }
  if (unique.length <= MAX_MARKS) return { form: 'marks', names: unique.map(markOf).join(''), size: unique.length }
  return { form: 'count', names: '', size: unique.length }
}

/** What was added to and removed from the set. Of a set kept as a number only the difference is known. */
export function changeOf(before: ToolSet, names: readonly string[]): SetChange {
  const now = new Set(names)
  if (before.form === 'names') {
    const old = before.names === '' ? [] : before.names.split('\n')
    const added = [...now].filter((name) => !old.includes(name))
    const removed = old.filter((name) => !now.has(name))
    return { added, removed, removedCount: removed.length }
  }
  if (before.form === 'marks') {
    const old = new Set(before.names.match(new RegExp(`.{${MARK_CHARS}}`, 'g')))
    const added = [...now].filter((name) => !old.has(markOf(name)))
    return { added, removed: [], removedCount: Math.max(0, before.size + added.length - now.size) }
  }
  const grown = now.size - before.size
  return { added: grown > 0 ? [`${grown} tools`] : [], removed: [], removedCount: Math.max(0, -grown) }
}

/** A name without case and separators: finds a renamed tool. */
export const spellingOf = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
