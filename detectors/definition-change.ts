/** What happened to a tool definition: what changed, whether anything explains it, and how grave it is. Hashes only, never text. */
import type { Severity } from '../schemas/finding.ts'

/** 128 bits of a SHA-256 in hex, as 22 base64url characters: lists of them fit a cell, hex would not. */
export function shortHash(hex: string): string {
  if (hex === '') return ''
  let bits = ''
  for (let at = 0; at < 32; at += 4)
    bits += Number.parseInt(hex.slice(at, at + 4).padEnd(4, '0'), 16)
      .toString(2)
      .padStart(16, '0')
  return (bits.padEnd(132, '0').match(/.{6}/g) ?? []).map((six) => ALPHABET[Number.parseInt(six, 2)]).join('')
}
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Hashes remembered per list: approved with their ends, and rejected, fit one cell of 4 KB. */
export const MAX_HASHES = 48
/** Names of input fields longer than this are not kept: then any change of the input counts as a change of meaning. */
const MAX_FIELDS_CHARS = 900

export const PARTS = ['description', 'input', 'output', 'annotations', 'title', 'meta'] as const
export type Part = (typeof PARTS)[number]
export interface SeenDefinition {
  readonly hash: string
  readonly descriptionHash: string
  readonly inputHash: string
  readonly outputHash: string
  readonly annotationsHash: string
  readonly titleHash: string
  readonly metaHash: string
  readonly inputFields: readonly string[]
}
export const partsOf = (e: SeenDefinition): string[] =>
  [e.descriptionHash, e.inputHash, e.outputHash, e.annotationsHash, e.titleHash, e.metaHash].map(shortHash)
export const fieldsOf = (e: SeenDefinition): string => {
  const all = e.inputFields.join('\n')
  return all.length > MAX_FIELDS_CHARS ? '' : all
}

/** The parts that differ. A part unknown on either side says nothing. */
export const changedParts = (before: readonly string[], after: readonly string[]): readonly Part[] =>
  PARTS.filter((_, i) => before[i] !== after[i])

/** Only optional fields were added (required ones are marked with `!`). */
export function addsOnlyOptional(before: string, after: string): boolean {
  if (before === '' || after === '') return false
  const old = new Set(before.split('\n'))
  const now = after.split('\n')
  return (
    [...old].every((field) => now.includes(field)) && now.every((field) => old.has(field) || !field.startsWith('!'))
  )
}

/** Description and annotations steer the model: high. A title is for eyes: low. */
export function gradeOf(parts: readonly Part[], addsOptional: boolean): Severity {
  if (parts.length === 0 || parts.includes('description') || parts.includes('annotations')) return 'high'
  if (parts.includes('input')) return addsOptional ? 'medium' : 'high'
  return parts.every((part) => part === 'title') ? 'low' : 'medium'
}

/** Approvals of a tool: hash and end in ms, 0 for none. */
export type Approvals = { approved: string[]; untilMs: number[] }
export function approve(known: Approvals, hash: string, untilMs: number): void {
  revoke(known, hash)
  known.approved.push(hash)
  known.untilMs.push(untilMs)
  if (known.approved.length <= MAX_HASHES) return
  known.approved.shift()
  known.untilMs.shift()
}
export function revoke(known: Approvals, hash: string): void {
  const at = known.approved.indexOf(hash)
  if (at < 0) return
  known.approved.splice(at, 1)
  known.untilMs.splice(at, 1)
}
export function isApproved(known: Approvals, hash: string, ts: number): boolean {
  const at = known.approved.indexOf(hash)
  return at >= 0 && (known.untilMs[at] === 0 || ts < known.untilMs[at]!)
}
