/** What is remembered of a definition in order to grade the next change of it: marks and letters, never a text; under 3 KB whatever its size. */
import { fingerprint } from '../shapes/fingerprint.ts'

/** A definition as an event carries it; what a producer does not say is absent or empty. */
export interface SeenDefinition {
  readonly hash: string
  readonly descriptionHash?: string | undefined
  readonly inputHash?: string | undefined
  readonly outputHash?: string | undefined
  readonly annotationsHash?: string | undefined
  readonly titleHash?: string | undefined
  readonly metaHash?: string | undefined
  readonly wordingHash?: string | undefined
  readonly inputShape?: readonly string[] | undefined
  readonly annotations?: readonly string[] | undefined
  readonly findings?: readonly string[] | undefined
  readonly verdicts?: readonly string[] | undefined
}
/** `shape`: nine characters for each property. `hints`: annotations. `risks`: six characters for each class found, the last its verdict. */
export type DefinitionFacts = { parts: string[]; wording: string; shape: string; hints: string; risks: string }
export const noFacts = (): DefinitionFacts => ({ parts: [], wording: '', shape: '', hints: '', risks: '' })

export const PARTS = ['description', 'input', 'output', 'annotations', 'title', 'meta'] as const
export type Part = (typeof PARTS)[number]

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

const MAX_PROPERTIES = 256
const MAX_CLASSES = 64
const MAX_HINTS = 16
const HINTS = ['readOnlyHint', 'destructiveHint', 'openWorldHint', 'idempotentHint'] as const

export function factsOf(e: SeenDefinition): DefinitionFacts {
  const parts = [e.descriptionHash, e.inputHash, e.outputHash, e.annotationsHash, e.titleHash, e.metaHash]
  return {
    parts: parts.map((hash) => shortHash(hash ?? '')),
    wording: shortHash(e.wordingHash ?? ''),
    shape: (e.inputShape ?? []).slice(0, MAX_PROPERTIES).map(codeOf).join(''),
    hints: (e.annotations ?? [])
      .filter((hint) => HINTS.some((known) => hint.startsWith(`${known}=`)))
      .slice(0, MAX_HINTS)
      .join(' '),
    risks: risksOf(e),
  }
}

/** Names of properties and classes as a few characters. Two that share one are taken for each other: they are the server's own. */
const markOf = (name: string, length: number): string =>
  fingerprint(name).toString(36).padStart(length, '0').slice(-length)

/** Types and bounds of one property as bits. */
export const TYPE = { null: 1, boolean: 2, integer: 4, number: 8, array: 16, object: 32, string: 64, any: 128 } as const
export const BOUND = { required: 1, enum: 2, pattern: 4, format: 8, max: 16, closed: 32 } as const
const CODE_CHARS = 9
const MARK_CHARS = 4
const bits = (names: readonly string[], table: Readonly<Record<string, number>>): number =>
  names.reduce((sum, name) => sum | (Object.hasOwn(table, name) ? table[name]! : 0), 0)

/** A line of `inputShape` (schemas/events/registry.ts): `!path types flags`. */
export interface PropertyShape {
  readonly types: number
  readonly bounds: number
  /** First letter of the role: path, url, shell, sql, code; `-` for none. */
  readonly role: string
}
const markOfLine = (line: string): string => markOf(nameOfLine(line), MARK_CHARS)
export const nameOfLine = (line: string): string => line.slice(line.startsWith('!') ? 1 : 0).split(' ', 1)[0]!

function codeOf(line: string): string {
  const [path = '', types = '', ...flags] = line.split(' ')
  const bounds =
    bits(
      flags.map((flag) => flag.split('=', 1)[0]!),
      BOUND,
    ) | (path.startsWith('!') ? BOUND.required : 0)
  const role = flags.find((flag) => flag.startsWith('role='))?.slice(5) ?? ''
  const hex = (value: number): string => value.toString(16).padStart(2, '0')
  const letter = role === 'sql' ? 'q' : role === '' ? '-' : role[0]!
  return `${markOfLine(line)}${hex(bits(types.split('|'), TYPE))}${hex(bounds)}${letter}`
}

export function propertiesOf(shape: string): ReadonlyMap<string, PropertyShape> {
  const found = new Map<string, PropertyShape>()
  for (let at = 0; at < shape.length; at += CODE_CHARS)
    found.set(shape.slice(at, at + MARK_CHARS), {
      types: Number.parseInt(shape.slice(at + 4, at + 6), 16),
      bounds: Number.parseInt(shape.slice(at + 6, at + 8), 16),
      role: shape[at + 8]!,
    })
  return found
}
/** What the property of this line was; undefined when it is new. */
export const propertyOf = (properties: ReadonlyMap<string, PropertyShape>, line: string): PropertyShape | undefined =>
  properties.get(markOfLine(line))

/** The shape but for these properties. */
export function shapeWithout(shape: string, names: readonly string[]): string {
  const marks = new Set(names.map((name) => markOf(name, MARK_CHARS)))
  let kept = ''
  for (let at = 0; at < shape.length; at += CODE_CHARS)
    if (!marks.has(shape.slice(at, at + MARK_CHARS))) kept += shape.slice(at, at + CODE_CHARS)
  return kept
}

/** Personal data and addresses in a definition are what it is about; every other class says that something is wrong with its text. */
const isRisk = (kind: string): boolean => !kind.startsWith('pii.')
const VERDICTS = ['benign', 'suspicious', 'malicious']
const CLASS_CHARS = 5

/** 0 benign, 1 suspicious, 2 malicious; a producer that gives no verdict is taken to mean suspicious. */
export const riskOf = (verdict: string): number => Math.max(0, VERDICTS.indexOf(verdict))
export function classesOf(e: SeenDefinition): readonly (readonly [kind: string, risk: number])[] {
  const verdicts = new Map((e.verdicts ?? []).map((each) => each.split('=') as [string, string]))
  return (e.findings ?? [])
    .filter(isRisk)
    .slice(0, MAX_CLASSES)
    .map((kind) => [kind, riskOf(verdicts.get(kind) ?? 'suspicious')] as const)
}
const risksOf = (e: SeenDefinition): string =>
  classesOf(e)
    .map(([kind, risk]) => `${markOf(kind, CLASS_CHARS)}${risk}`)
    .join('')
/** How grave this class was; -1 when it was not found. */
export function riskBefore(risks: string, kind: string): number {
  const mark = markOf(kind, CLASS_CHARS)
  for (let at = 0; at < risks.length; at += CLASS_CHARS + 1)
    if (risks.startsWith(mark, at)) return Number(risks[at + CLASS_CHARS])
  return -1
}

/** Something that was found before is not found now. */
export function losesRisk(before: string, now: string): boolean {
  for (let at = 0; at < before.length; at += CLASS_CHARS + 1) {
    const mark = before.slice(at, at + CLASS_CHARS)
    const found = now.indexOf(mark)
    const risk = found >= 0 ? Number(now[found + CLASS_CHARS]) : 0
    if (Number(before[at + CLASS_CHARS]) > risk) return true
  }
  return false
}

/** What a rule that grades definitions reads of `definition.seen`; and what of it not every server says. */
export const READ_OF_DEFINITION = [
  'tool',
  'era',
  'locale',
  'build',
  'hash',
  'descriptionHash',
  'inputHash',
  'outputHash',
  'annotationsHash',
  'titleHash',
  'metaHash',
  'wordingHash',
  'inputShape',
  'annotations',
  'findings',
  'verdicts',
] as const
export const SELDOM_SAID = [
  'locale',
  'outputHash',
  'annotationsHash',
  'titleHash',
  'metaHash',
  'annotations',
  'findings',
  'verdicts',
] as const
