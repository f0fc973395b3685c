/**
 * Quick checks made from zod schemas: a yes here is a yes of zod, and everything else is asked of zod itself. An event holds a third of
 * the fields there are; visiting only those costs a third of a full parse. Whatever a schema says that is not understood here
 * makes the check say no, so zod stays the only source (test/unit/schemas/quick-check.test.ts).
 */
import type { z } from 'zod'
import { INSTANT } from './field.ts'

/** True only for values that the schema accepts unchanged. */
export type QuickCheck = (value: unknown) => boolean

interface Check {
  readonly check: string
  readonly minimum?: number
  readonly maximum?: number
  readonly value?: number
  readonly inclusive?: boolean
  readonly pattern?: RegExp
  readonly fn?: (value: string) => unknown
}
interface Definition {
  readonly type: string
  readonly format?: string
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly entries?: Readonly<Record<string, string>>
  readonly values?: readonly unknown[]
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[]
}

/** What a field asks for, in one shape for all kinds: the loop over an event’s fields then stays fast. */
interface Plan {
  kind: 'text' | 'pattern' | 'instant' | 'letters' | 'number' | 'boolean' | 'choice' | 'list' | 'object' | 'zod'
  optional: boolean
  /** Of lengths for texts and lists, of values for numbers. */
  min: number
  max: number
  pattern: RegExp | undefined
  /** 1 for each character code below 128 that a text may hold. */
  letters: Uint8Array | undefined
  /** The empty text is good whatever `min` says. */
  orEmpty: boolean
  /** A further condition on a text. */
  also: ((value: string) => unknown) | undefined
  isInteger: boolean
  choices: ReadonlySet<unknown> | undefined
  each: Plan | undefined
  fields: ReadonlyMap<string, Field> | undefined
  /** The field that came first in the object before. */
  first: Field | undefined
  required: readonly string[]
}
/** Objects of one kind name their fields in one order, mostly: each field remembers which one came after it. */
interface Field {
  readonly key: string
  readonly plan: Plan
  next: Field | undefined
}

/** A schema of a kind that is not understood gets a check that always says no: zod decides then. */
export function quickCheck(schema: z.ZodType): QuickCheck {
  const plan = planOf(schema)
  return (value) => accepts(plan, value)
}

function accepts(plan: Plan, value: unknown): boolean {
  if (value === undefined) return plan.optional
  switch (plan.kind) {
    case 'text':
      return (
        typeof value === 'string' &&
        value.length <= plan.max &&
        value.length >= plan.min &&
        (plan.also === undefined || plan.also(value) === true)
      )
    case 'pattern':
      return typeof value === 'string' && plan.pattern!.test(value)
    case 'instant':
      return typeof value === 'string' && isInstant(value)
    case 'letters':
      return typeof value === 'string' && isOfLetters(plan, value)
    case 'number':
      return (
        typeof value === 'number' &&
        value <= plan.max &&
        value >= plan.min &&
        (!plan.isInteger || Number.isSafeInteger(value))
      )
    case 'boolean':
      return typeof value === 'boolean'
    case 'choice':
      return plan.choices!.has(value)
    case 'list':
      return (
        Array.isArray(value) &&
        value.length <= plan.max &&
        value.every((one) => one !== undefined && accepts(plan.each!, one))
      )
    case 'object':
      return acceptsObject(plan, value)
    default:
      return false
  }
}

/** Known keys with good values, and every required one present. An unknown key is a no: zod would remove it. */
function acceptsObject(plan: Plan, value: unknown): boolean {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const fields = plan.fields!
  let required = 0
  let before: Field | undefined
  // An inherited key is one more to look at: zod reads it too.
  for (const key in value) {
    let field = before === undefined ? plan.first : before.next
    if (field === undefined || field.key !== key) {
      field = fields.get(key)
      if (field === undefined) return false
      if (before === undefined) plan.first = field
      else before.next = field
    }
    if (!accepts(field.plan, (value as Record<string, unknown>)[key])) return false
    if (!field.plan.optional) required++
    before = field
  }
  return required === plan.required.length
}

function planOf(schema: z.ZodType): Plan {
  const { type, format, innerType, element, shape, entries, values, checks = [] } = schema.def as unknown as Definition
  const rules = checks.map(({ _zod }) => _zod.def)
  const plan: Plan = {
    kind: 'zod',
    optional: false,
    min: Number.NEGATIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
    pattern: undefined,
    letters: undefined,
    orEmpty: false,
    also: undefined,
    isInteger: false,
    choices: undefined,
    each: undefined,
    fields: undefined,
    first: undefined,
    required: [],
  }
  if (type === 'optional' && innerType !== undefined && rules.length === 0)
    return { ...planOf(innerType), optional: true }
  if (type === 'string' && format === undefined) return textPlan(plan, rules)
  if (type === 'number' && (format === undefined || format === 'safeint'))
    return numberPlan({ ...plan, isInteger: format === 'safeint' }, rules)
  if (type === 'boolean' && rules.length === 0) return { ...plan, kind: 'boolean' }
  if ((type === 'enum' || type === 'literal') && rules.length === 0)
    return { ...plan, kind: 'choice', choices: new Set(values ?? Object.values(entries ?? {})) }
  if (type === 'array' && element !== undefined && rules.every(({ check }) => check === 'max_length')) {
    const each = planOf(element)
    return each.kind === 'zod'
      ? plan
      : { ...plan, kind: 'list', each, max: Math.min(plan.max, ...rules.map(({ maximum = 0 }) => maximum)) }
  }
  if (type === 'object' && shape !== undefined && rules.length === 0) {
    const fields = new Map(
      Object.entries(shape).map(([key, field]) => [key, { key, plan: planOf(field), next: undefined }]),
    )
    return {
      ...plan,
      kind: 'object',
      fields,
      required: [...fields].flatMap(([key, field]) => (field.plan.optional ? [] : [key])),
    }
  }
  return plan
}

/** Either one pattern, or lengths with at most one further condition. */
function textPlan(plan: Plan, rules: readonly Check[]): Plan {
  const [only] = rules
  if (rules.length === 1 && only!.check === 'string_format' && only!.pattern !== undefined && !only!.pattern.global)
    return only!.pattern.source === INSTANT.source && only!.pattern.flags === ''
      ? { ...plan, kind: 'instant' }
      : (lettersPlan(plan, only!.pattern) ?? { ...plan, kind: 'pattern', pattern: only!.pattern })
  const text: Plan = { ...plan, kind: 'text' }
  for (const { check, minimum = 0, maximum = 0, fn } of rules) {
    if (check === 'min_length') text.min = Math.max(text.min, minimum)
    else if (check === 'max_length') text.max = Math.min(text.max, maximum)
    else if (check === 'custom' && fn !== undefined && text.also === undefined) text.also = fn
    else return plan
  }
  return text
}

/** `^[0-9a-f]{8,64}$` and `^([0-9a-f]{32})?$`: ids, most of what an event holds. A loop over a table takes a quarter of the pattern’s time. */
function lettersPlan(plan: Plan, pattern: RegExp): Plan | undefined {
  const form = /^\^\(?(\[[\w-]+\])\{(\d+)(?:,(\d+))?\}\)?(\?)?\$$/.exec(pattern.source)
  if (form === null || pattern.flags !== '') return undefined
  const [, letters = '', min = '', max = min, orEmpty] = form
  const one = new RegExp(`^${letters}$`)
  return {
    ...plan,
    kind: 'letters',
    min: Number(min),
    max: Number(max),
    orEmpty: orEmpty !== undefined,
    letters: Uint8Array.from({ length: 128 }, (_, code) => (one.test(String.fromCharCode(code)) ? 1 : 0)),
  }
}

function isOfLetters({ min, max, letters, orEmpty }: Plan, text: string): boolean {
  const { length } = text
  if (length > max || length < min) return orEmpty && length === 0
  for (let i = 0; i < length; i++) if (letters![text.charCodeAt(i)] !== 1) return false
  return true
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57
/** Two digits as a number; NaN for anything else. */
function two(text: string, at: number): number {
  const a = text.charCodeAt(at)
  const b = text.charCodeAt(at + 1)
  return isDigit(a) && isDigit(b) ? a * 10 + b - 528 : Number.NaN
}
/** Place and code of `-`, `-`, `T`, `:`, `:`. */
const SEPARATORS = [4, 45, 7, 45, 10, 84, 13, 58, 16, 58] as const
const [DOT, Z] = [46, 90]
const isBetween = (n: number, least: number, most: number): boolean => n >= least && n <= most
/** What INSTANT of field.ts says, in a quarter of its time: every event has two of them. */
export function isInstant(text: string): boolean {
  const last = text.length - 1
  if (last !== 19 && (last < 21 || last > 29)) return false
  for (let i = 0; i < SEPARATORS.length; i += 2) if (text.charCodeAt(SEPARATORS[i]!) !== SEPARATORS[i + 1]) return false
  if (text.charCodeAt(last) !== Z || (last > 19 && text.charCodeAt(19) !== DOT)) return false
  for (let i = 20; i < last; i++) if (!isDigit(text.charCodeAt(i))) return false
  return (
    two(text, 0) >= 0 &&
    two(text, 2) >= 0 &&
    isBetween(two(text, 5), 1, 12) &&
    isBetween(two(text, 8), 1, 31) &&
    two(text, 11) <= 23 &&
    two(text, 14) <= 59 &&
    two(text, 17) <= 59
  )
}

function numberPlan(plan: Plan, rules: readonly Check[]): Plan {
  const number: Plan = { ...plan, kind: 'number', min: -Number.MAX_VALUE, max: Number.MAX_VALUE }
  for (const { check, value = 0, inclusive } of rules) {
    if (check === 'greater_than' && inclusive === true) number.min = Math.max(number.min, value)
    else if (check === 'less_than' && inclusive === true) number.max = Math.min(number.max, value)
    else return plan
  }
  return number
}
