// The additive law of schemas: what may differ between the committed shapes and today's. Used by the test and by the baseline command.
import { jsonSchema } from '../../../schemas/json-schema.ts'

type Schema = { readonly [keyword: string]: unknown }
/** Shape name (`envelope`, an event type, `finding` …) to its JSON Schema without prose. */
export type Shapes = { readonly [name: string]: Schema }

const PROSE = new Set(['description', 'origin', 'unit', 'title', '$schema', 'version', 'default'])
const bare = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(bare)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      // Inside `properties` the keys are field names, and a field may be called `title`.
      if (key === 'properties')
        return [
          [key, Object.fromEntries(Object.entries(inner as object).map(([field, schema]) => [field, bare(schema)]))],
        ]
      return PROSE.has(key) ? [] : [[key, bare(inner)]]
    }),
  )
}

/** Today's public shapes. Configuration is not among them: it is ours to read, and `doctor` explains it. */
export function currentShapes(): Shapes {
  const { oneOf, ...envelope } = jsonSchema('event')
  const types = (oneOf as Schema[]).map((schema) => [String(schema['title']), bare(schema)])
  const flat = (['finding', 'alert', 'signal'] as const).map((name) => [name, bare(jsonSchema(name))])
  return Object.fromEntries([['envelope', bare(envelope)], ...types, ...flat]) as Shapes
}

const UPPER = ['maximum', 'maxLength', 'maxItems', 'exclusiveMaximum']
const LOWER = ['minimum', 'minLength', 'minItems', 'exclusiveMinimum']
const known = new Set([...UPPER, ...LOWER, 'enum', 'properties', 'required', 'items'])

/** Where `now` refuses what `before` took, or lost what it had; one sentence each. Wider and longer is fine. */
export function narrowings(before: Schema, now: Schema | undefined, at: string): string[] {
  if (now === undefined) return [`${at}: is gone`]
  const faults: string[] = []
  const say = (what: string) => void faults.push(`${at}: ${what}`)
  for (const keyword of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (known.has(keyword)) continue
    const [was, is] = [JSON.stringify(before[keyword]), JSON.stringify(now[keyword])]
    if (was !== is) say(`${keyword} was ${was} and is ${is}`)
  }
  for (const keyword of UPPER)
    if (Number(now[keyword] ?? Number.POSITIVE_INFINITY) < Number(before[keyword] ?? Number.POSITIVE_INFINITY))
      say(`${keyword} fell to ${now[keyword]}`)
  for (const keyword of LOWER)
    if (Number(now[keyword] ?? Number.NEGATIVE_INFINITY) > Number(before[keyword] ?? Number.NEGATIVE_INFINITY))
      say(`${keyword} rose to ${now[keyword]}`)
  const values = (schema: Schema, keyword: string) => (schema[keyword] as unknown[] | undefined) ?? []
  const lost = values(before, 'enum').filter((value) => !values(now, 'enum').includes(value))
  if (lost.length > 0 || (before['enum'] === undefined && now['enum'] !== undefined))
    say(`enum lost ${JSON.stringify(lost)}`)
  const demanded = values(now, 'required').filter((field) => !values(before, 'required').includes(field))
  if (demanded.length > 0) say(`newly required: ${demanded.join(', ')}`)
  if (before['items'] !== undefined)
    faults.push(...narrowings(before['items'] as Schema, now['items'] as Schema, `${at}[]`))
  const [had, has] = [before, now].map((schema) => (schema['properties'] ?? {}) as Shapes)
  for (const [field, schema] of Object.entries(had!)) faults.push(...narrowings(schema, has![field], `${at}.${field}`))
  return faults
}

export const breaks = (before: Shapes, now: Shapes): string[] =>
  Object.entries(before).flatMap(([name, schema]) => narrowings(schema, now[name], name))
