/** What is remembered of a definition in order to grade the next change of it: marks and letters, never a text; under 3.5 KB whatever its size. */
import { fingerprint } from '../engine/shapes/fingerprint.ts'

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
/** `shape`: a code for each property. `hints`: annotations. `risks`: a code for each class found, the last letter its verdict. */
export type DefinitionFacts = { parts: string[]; wording: string; shape: string; hints: string; risks: string }
export const noFacts = (): DefinitionFacts => ({ parts: [], wording: '', shape: '', hints: '', risks: '' })

export const PARTS = ['description', 'input', 'output', 'annotations', 'title', 'meta'] as const
export type Part = (typeof PARTS)[number]

/** 128 bits of a SHA-256 in hex, as 22 base64url characters: lists of them fit a cell, hex would not. */
export const shortHash = (hex: string): string => Buffer.from(hex.slice(0, 32), 'hex').toString('base64url')

const MAX_PROPERTIES = 256
const MAX_CLASSES = 48
const HINTS = ['readOnlyHint', 'destructiveHint', 'openWorldHint', 'idempotentHint'] as const

export function factsOf(e: SeenDefinition): DefinitionFacts {
  const { annotations = [], inputShape = [] } = e
  const parts = [e.descriptionHash, e.inputHash, e.outputHash, e.annotationsHash, e.titleHash, e.metaHash]
  return {
    parts: parts.map((hash) => shortHash(hash ?? '')),
    wording: shortHash(e.wordingHash ?? ''),
    shape: inputShape.slice(0, MAX_PROPERTIES).map(codeOf).join(''),
    hints: HINTS.flatMap((hint) => annotations.filter((each) => each.startsWith(`${hint}=`))).join(' '),
    risks: classesOf(e)
      .map(([kind, risk]) => `${classMark(kind)}${risk}`)
      .join(''),
  }
}

/** Names as a few characters. Two of one definition that share a mark are taken for each other: they are the server's own. */
const placeMark = (place: string): string => fingerprint(place).toString(36).slice(-4).padStart(4, '0')
const classMark = (kind: string): string => fingerprint(kind).toString(36).slice(-5).padStart(5, '0')

/** What a property lets in, and what bounds it. */
export interface PropertyShape {
  readonly text: boolean
  readonly object: boolean
  readonly choice: boolean
  readonly pattern: boolean
  readonly limit: boolean
  readonly closed: boolean
}
/** The place of a line of `inputShape` (schemas/events/registry.ts): `!path types flags`. */
export const placeOfLine = (line: string): string => line.slice(0, line.indexOf(' ')).replace('!', '')
/** path, url, shell, sql, code; '' for none. */
export const roleOfLine = (line: string): string => / role=(\w+)/.exec(line)?.[1] ?? ''

/** Mark, and six letters for what holds (`-` where not). Lists may be long: it looks at each line once. */
function codeOf(line: string): string {
  const rest = line.slice(line.indexOf(' '))
  const held = (...words: readonly string[]): string => (words.some((word) => rest.includes(word)) ? 'x' : '-')
  const [text, object, choice] = [held('string', 'any'), held('object', 'any'), held(' enum=')]
  const [pattern, limit, closed] = [held(' pattern', ' format'), held(' max='), held(' closed')]
  return `${placeMark(placeOfLine(line))}${text}${object}${choice}${pattern}${limit}${closed}`
}
const CODE = /.{10}/g
export const codesIn = (shape: string): readonly string[] => shape.match(CODE) ?? []
export function propertyOf(code: string): PropertyShape {
  const [text, object, choice, pattern, limit, closed] = Array.from(code.slice(4), (letter) => letter === 'x')
  return { text, object, choice, pattern, limit, closed } as PropertyShape
}
/** By mark. */
export const propertiesIn = (codes: readonly string[]): ReadonlyMap<string, string> =>
  new Map(codes.map((code) => [code.slice(0, 4), code]))
/** The shape but for these places. */
export function shapeWithout(shape: string, places: readonly string[]): string {
  const marks = new Set(places.map(placeMark))
  return codesIn(shape)
    .filter((code) => !marks.has(code.slice(0, 4)))
    .join('')
}

/** Personal data in a definition is what it is about; every other class says that something is wrong with its text. */
const isRisk = (kind: string): boolean => !kind.startsWith('pii.')
const VERDICTS = ['benign', 'suspicious', 'malicious']

/** 0 benign, 1 suspicious, 2 malicious; a producer that gives no verdict is taken to mean suspicious. */
export function classesOf({ findings = [], verdicts = [] }: SeenDefinition): readonly (readonly [string, number])[] {
  const said = new Map(verdicts.map((each) => each.split('=') as [string, string]))
  return findings
    .filter(isRisk)
    .slice(0, MAX_CLASSES)
    .map((kind) => [kind, VERDICTS.indexOf(said.get(kind) ?? 'suspicious')] as const)
}
const risksIn = (risks: string): ReadonlyMap<string, number> =>
  new Map([...risks.matchAll(/(.{5})(\d)/g)].map(([, mark = '', risk]) => [mark, Number(risk)]))

/** How grave each class was; -1 when it was not found. */
export function riskIn(risks: string): (kind: string) => number {
  const known = risksIn(risks)
  return (kind) => known.get(classMark(kind)) ?? -1
}
/** Something that was found before is not found now, or is less grave. */
export function losesRisk(before: string, now: string): boolean {
  const left = risksIn(now)
  return [...risksIn(before)].some(([mark, risk]) => risk > (left.get(mark) ?? -1))
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
