/** Whether structured content satisfies a tool's output schema: the common keywords of JSON Schema, within bounds, or no verdict. */

/** Work per result. A larger value has no verdict, not a wrong one. */
const MAX_NODES = 2_000
const MAX_DEPTH = 24

/** Keywords that constrain and are understood; those of ANNOTATES say nothing about validity. Any other one makes the verdict `undefined`. */
const UNDERSTOOD = new Set([
  'type',
  'enum',
  'const',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'anyOf',
])
const ANNOTATES = new Set([
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'format',
  'x-mcp-header',
])

type Schema = Readonly<Record<string, unknown>>
type Verdict = boolean | undefined

/** False: it surely does not satisfy the schema. Undefined: a keyword or the size is beyond this check, and nothing else was wrong. */
export function satisfiesSchema(schema: unknown, value: unknown): Verdict {
  const budget = { nodes: MAX_NODES }
  return check(schema, value, budget, 0)
}

/** All must hold: one no is no, one unknown without a no is unknown. */
function all(verdicts: Iterable<Verdict>): Verdict {
  let known = true
  for (const verdict of verdicts) {
    if (verdict === false) return false
    if (verdict === undefined) known = false
  }
  return known ? true : undefined
}

function check(schema: unknown, value: unknown, budget: { nodes: number }, depth: number): Verdict {
  if (typeof schema === 'boolean') return schema
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) return undefined
  if (depth > MAX_DEPTH || --budget.nodes < 0) return undefined
  const rules = schema as Schema
  return all(keywords(rules, value, budget, depth))
}

function* keywords(rules: Schema, value: unknown, budget: { nodes: number }, depth: number): Generator<Verdict> {
  for (const keyword of Object.keys(rules)) if (!UNDERSTOOD.has(keyword) && !ANNOTATES.has(keyword)) yield undefined
  const { type, enum: oneOf, const: only, anyOf } = rules
  if (typeof type === 'string') yield isOfType(type, value)
  else if (Array.isArray(type)) yield type.some((each) => typeof each === 'string' && isOfType(each, value))
  if (Array.isArray(oneOf)) yield oneOf.every(isScalar) ? oneOf.includes(value) : undefined
  if (only !== undefined) yield isScalar(only) ? only === value : undefined
  if (Array.isArray(anyOf)) yield either(anyOf.map((each) => check(each, value, budget, depth + 1)))
  if (typeof value === 'number') yield inRange(rules, value)
  else if (typeof value === 'string')
    yield lengthFits(rules['minLength'], rules['maxLength'], [...value.slice(0, 65_536)].length)
  else if (Array.isArray(value)) {
    yield lengthFits(rules['minItems'], rules['maxItems'], value.length)
    if (rules['items'] !== undefined) for (const each of value) yield check(rules['items'], each, budget, depth + 1)
  } else if (value !== null && typeof value === 'object') yield* members(rules, value as Schema, budget, depth)
}

function* members(rules: Schema, value: Schema, budget: { nodes: number }, depth: number): Generator<Verdict> {
  const { required, additionalProperties } = rules
  const properties = (rules['properties'] ?? {}) as Schema
  if (Array.isArray(required))
    for (const name of required) yield Object.hasOwn(value, name) && value[name] !== undefined
  for (const [name, member] of Object.entries(value)) {
    // JSON leaves it out.
    if (member === undefined) continue
    if (Object.hasOwn(properties, name)) yield check(properties[name], member, budget, depth + 1)
    else if (additionalProperties !== undefined) yield check(additionalProperties, member, budget, depth + 1)
  }
}

function isOfType(type: string, value: unknown): Verdict {
  switch (type) {
    case 'object':
      return value !== null && typeof value === 'object' && !Array.isArray(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'null':
      return value === null
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    default:
      return undefined
  }
}

const isScalar = (value: unknown): boolean => value === null || typeof value !== 'object'
const either = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.includes(true) ? true : verdicts.includes(undefined) ? undefined : false

function inRange(rules: Schema, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = rules
  return !(
    (typeof minimum === 'number' && value < minimum) ||
    (typeof maximum === 'number' && value > maximum) ||
    (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) ||
    (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
  )
}

const lengthFits = (min: unknown, max: unknown, length: number): boolean =>
  !((typeof min === 'number' && length < min) || (typeof max === 'number' && length > max))

/** Rows of a result: the length of its one array. Undefined when there is none, or more than one that could be meant. */
export function rowsOf(structured: unknown): number | undefined {
  if (Array.isArray(structured)) return structured.length
  if (structured === null || typeof structured !== 'object') return undefined
  let rows: number | undefined
  for (const name of Object.keys(structured)) {
    const member = (structured as Schema)[name]
    if (!Array.isArray(member)) continue
    if (rows !== undefined) return undefined
    rows = member.length
  }
  return rows
}
