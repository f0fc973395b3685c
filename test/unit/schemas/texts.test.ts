/** Texts of events: the store refuses a whole insert for one lone surrogate, so none may pass validation, wherever it stands. */
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { EVENT_SCHEMAS, EVENT_TYPES } from '../../../schemas/event.ts'

interface Definition {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly shape?: Readonly<Record<string, z.ZodType>>
}
/** Every schema of a text below `schema`, by the path to it. */
function textsOf(schema: z.ZodType, path: string): [path: string, text: z.ZodType][] {
  const { type, innerType, element, shape } = schema.def as unknown as Definition
  if (type === 'string') return [[path, schema]]
  if (innerType !== undefined) return textsOf(innerType, path)
  if (element !== undefined) return textsOf(element, `${path}[]`)
  return Object.entries(shape ?? {}).flatMap(([field, inner]) => textsOf(inner, `${path}.${field}`))
}

describe.each(EVENT_TYPES)('%s', (type) => {
  it('has no text that takes a lone surrogate or NUL', () => {
    const texts = textsOf(EVENT_SCHEMAS[type], type)
    expect(texts.length).toBeGreaterThan(20)
    const lax = texts.filter(([, text]) =>
      ['a\ud800', '\udc00a', 'a\u0000'].some((hostile) => text.safeParse(hostile).success),
    )
    expect(lax.map(([path]) => path)).toEqual([])
  })
})
