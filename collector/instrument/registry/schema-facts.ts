/** What the schemas of a tool allow, in a few facts: a line for each property of the input, how deep and large they are, what they refer to. */
import { LIMITS } from '../../../schemas/field.ts'
import { roleOf } from '../../scan/role.ts'
import { trustedName } from '../names.ts'

type Schema = Readonly<Record<string, unknown>>
const isSchema = (value: unknown): value is Schema =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Work per schema, whatever a server sends. What lies beyond is not looked at, and counts as one more than the bound. */
const MAX_SCHEMAS = 4_096
const MAX_NESTING = 64
const MAX_REFS = 32

/** Keywords that hold a schema, a list of schemas, or schemas by name (JSON Schema 2020-12 and draft 7). */
const ONE = ['items', 'additionalItems', 'contains', 'not', 'if', 'then', 'else', 'propertyNames'] as const
const OR_FLAG = ['additionalProperties', 'unevaluatedProperties', 'unevaluatedItems'] as const
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems', 'items'] as const
const NAMED = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'] as const

export interface SchemaSize {
  schemaDepth: number
  subschemas: number
  readonly externalRefs: string[]
}

/** Adds what is nested in this schema, and where it points. Texts of descriptions and titles go to `say`. */
export function measureSchema(schema: unknown, size: SchemaSize, say: (text: string) => void): void {
  if (!isSchema(schema)) return
  const waiting: (readonly [Schema, depth: number])[] = [[schema, 1]]
  while (waiting.length > 0) {
    const [at, depth] = waiting.pop()!
    if (size.subschemas > MAX_SCHEMAS) return
    size.subschemas++
    if (depth > size.schemaDepth) size.schemaDepth = depth
    if (depth > MAX_NESTING) continue
    for (const key of ['$ref', '$dynamicRef', '$recursiveRef']) addRef(at[key], size.externalRefs)
    if (typeof at['title'] === 'string') say(at['title'])
    if (typeof at['description'] === 'string') say(at['description'])
    const add = (inner: unknown): void => {
      if (isSchema(inner) && waiting.length <= MAX_SCHEMAS) waiting.push([inner, depth + 1])
    }
    for (const key of ONE) add(at[key])
    for (const key of OR_FLAG) add(at[key])
    for (const key of LISTS) if (Array.isArray(at[key])) for (const inner of at[key]) add(inner)
    for (const key of NAMED)
      if (isSchema(at[key])) for (const name of Object.keys(at[key]).sort()) add((at[key] as Schema)[name])
  }
}

/** `#/…` stays inside. A reference without a scheme leaves the schema too: it is resolved against wherever the schema came from. */
function addRef(ref: unknown, refs: string[]): void {
  if (typeof ref !== 'string' || ref === '' || ref.startsWith('#') || refs.length >= MAX_REFS) return
  const [, scheme = '', host = ''] = /^([a-z][a-z0-9+.-]{0,15}:)?(\/\/[^/?#]{1,200})?/i.exec(ref) ?? []
  const authority = host.replace(/^\/\/(?:[^@]*@)?/, '//').toLowerCase()
  const found = trustedName(scheme === '' && host === '' ? 'relative' : `${scheme.toLowerCase()}${authority}`)
  if (!refs.includes(found)) refs.push(found)
}

/** What bounds a value; a property with several alternatives is bounded only where each of them is. */
const ENUM_TYPES: Readonly<Record<string, string>> = { string: 'string', number: 'number', boolean: 'boolean' }
const MAX_ALTERNATIVES = 16
const MAX_SHAPE_DEPTH = 6
const UPPER = ['maxLength', 'maximum', 'exclusiveMaximum', 'maxItems'] as const

/** The lines of `definition.inputShape`. */
export function inputShapeOf(schema: unknown, toolName: string): string[] {
  if (!isSchema(schema)) return []
  const lines: string[] = []
  const root: Root = { schema, left: MAX_SCHEMAS }
  const visit = (inner: unknown, path: string, depth: number): void => {
    if (depth > MAX_SHAPE_DEPTH) return
    for (const each of alternativesOf(inner, root)) {
      if (depth > 0 && isSchema(each['items'])) visit(each['items'], `${path}[]`, depth + 1)
      const { properties, required } = each
      if (!isSchema(properties)) continue
      const must = new Set(Array.isArray(required) ? required : [])
      for (const name of Object.keys(properties)) {
        if (lines.length >= LIMITS.listLength) return
        const place = path === '' ? name : `${path}.${name}`
        lines.push(lineOf(place, name, must.has(name), alternativesOf(properties[name], root), toolName))
        visit(properties[name], place, depth + 1)
      }
    }
  }
  lines.push(isOpen(schema) ? '* object' : '* object closed')
  visit(schema, '', 0)
  return [...new Set(lines)].sort()
}

const isOpen = (schema: Schema): boolean => schema['additionalProperties'] !== false

function lineOf(path: string, name: string, isRequired: boolean, all: readonly Schema[], toolName: string): string {
  const types = new Set(all.flatMap(typesOf))
  // What may also be null is bounded by what it is otherwise.
  const real = all.filter((each) => each['type'] !== 'null')
  const flags: string[] = []
  const every = (test: (each: Schema) => boolean): boolean => real.length > 0 && real.every(test)
  const choices = real.map(choicesOf)
  const isChoice = real.length > 0 && choices.every((count) => count > 0)
  if (isChoice) flags.push(`enum=${choices.reduce((sum, count) => sum + count, 0)}`)
  if (every((each) => typeof each['pattern'] === 'string')) flags.push('pattern')
  if (every((each) => typeof each['format'] === 'string')) flags.push('format')
  if (every((each) => upperOf(each) !== undefined)) flags.push(`max=${Math.max(...real.map((each) => upperOf(each)!))}`)
  if (every((each) => each['type'] === 'object' && !isOpen(each))) flags.push('closed')
  if (!isChoice && (types.has('string') || types.has('any'))) {
    const role = roleOf(name, real[0] ?? {}, toolName)
    if (role !== 'unknown' && role !== 'text') flags.push(`role=${role}`)
  }
  const place = trustedName(path).replace(/\s/g, '_').slice(0, 160).toWellFormed()
  return [`${isRequired ? '!' : ''}${place}`, [...types].sort().join('|').slice(0, 48), ...flags]
    .join(' ')
    .slice(0, 256)
}

function typesOf(schema: Schema): readonly string[] {
  const { type } = schema
  if (typeof type === 'string') return [word(type)]
  if (Array.isArray(type)) return type.map((each) => word(String(each)))
  const values = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : []
  if (values.length > 0) return [...new Set(values.map((value) => ENUM_TYPES[typeof value] ?? 'any'))]
  return isSchema(schema['properties']) ? ['object'] : schema['items'] !== undefined ? ['array'] : ['any']
}
const word = (type: string): string => type.replace(/[^a-z]/gi, '').slice(0, 12)

const choicesOf = (schema: Schema): number =>
  Array.isArray(schema['enum']) ? schema['enum'].length : 'const' in schema ? 1 : 0
function upperOf(schema: Schema): number | undefined {
  for (const key of UPPER) if (typeof schema[key] === 'number' && Number.isFinite(schema[key])) return schema[key]
  return undefined
}

/** A whole schema, and how many of its parts may still be looked at: one that refers to itself many times over has no end. */
interface Root {
  readonly schema: Schema
  left: number
}
/** The schemas of which a value satisfies one: alternatives and local references taken apart, what holds together put together. */
function alternativesOf(schema: unknown, root: Root, depth = 0): readonly Schema[] {
  if (--root.left < 0) return []
  if (!isSchema(schema)) return schema === undefined || schema === false ? [] : [{}]
  if (depth > 4) return [schema]
  const target = localTarget(schema['$ref'], root)
  if (target !== undefined) return alternativesOf(target, root, depth + 1)
  const { anyOf, oneOf, allOf, ...own } = schema
  if (Array.isArray(allOf)) {
    const parts = allOf.slice(0, MAX_ALTERNATIVES).map((each) => alternativesOf(each, root, depth + 1)[0] ?? {})
    return [Object.assign({}, own, ...parts) as Schema]
  }
  const either = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : undefined
  if (either === undefined || either.length === 0) return [schema]
  const found = either.slice(0, MAX_ALTERNATIVES).flatMap((each) => alternativesOf(each, root, depth + 1))
  return found.slice(0, MAX_ALTERNATIVES)
}

function localTarget(ref: unknown, { schema: root }: Root): Schema | undefined {
  const match = typeof ref === 'string' ? /^#\/(\$defs|definitions)\/([^/]{1,128})$/.exec(ref) : null
  const group = match === null ? undefined : root[match[1]!]
  const found = isSchema(group) && Object.hasOwn(group, match![2]!) ? group[match![2]!] : undefined
  return isSchema(found) ? found : undefined
}
