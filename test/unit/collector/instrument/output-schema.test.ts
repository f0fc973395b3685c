/** The verdict about structured content: yes, no, or none where the check does not understand the schema; and the rows of a result. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rowsOf, satisfiesSchema } from '../../../../collector/instrument/messages/output-schema.ts'

const order = {
  type: 'object',
  properties: {
    id: { type: 'string', minLength: 2 },
    total: { type: 'number', minimum: 0 },
    state: { enum: ['open', 'paid'] },
    lines: { type: 'array', items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } },
  },
  required: ['id'],
  additionalProperties: false,
}
it.each([
  [{ id: 'o1', total: 3, state: 'paid', lines: [{ sku: 'a' }] }, true],
  [{ id: 'o1', note: undefined }, true],
  [{}, false],
  [{ id: 'x' }, false],
  [{ id: 7 }, false],
  [{ id: 'o1', total: -1 }, false],
  [{ id: 'o1', state: 'lost' }, false],
  [{ id: 'o1', extra: 1 }, false],
  [{ id: 'o1', lines: [{ sku: 'a' }, {}] }, false],
  [[], false],
  [null, false],
])('%j satisfies the schema: %s', (value, expected) => {
  expect(satisfiesSchema(order, value)).toBe(expected)
})
it('has no verdict where a keyword is beyond it, and says no all the same when something else is wrong', () => {
  const schema = { type: 'object', properties: { id: { type: 'string', pattern: '^o' } }, required: ['id'] }
  expect(satisfiesSchema(schema, { id: 'o1' })).toBeUndefined()
  expect(satisfiesSchema(schema, {})).toBe(false)
  expect(satisfiesSchema({ $ref: '#/x' }, 1)).toBeUndefined()
  expect(satisfiesSchema('schema', 1)).toBeUndefined()
})
it('has no verdict on a value that is too large to be looked at', () => {
  const list = { type: 'array', items: { type: 'number' } }
  expect(satisfiesSchema(list, Array(100).fill(1))).toBe(true)
  expect(satisfiesSchema(list, Array(100_000).fill(1))).toBeUndefined()
})
it('never contradicts a full validator', () => {
  const ajv = new Ajv2020({ strict: false })
  const validate = new Map<object, (value: unknown) => boolean>()
  const schemas = [
    order,
    { type: ['string', 'null'] },
    { anyOf: [{ type: 'integer' }, { const: 'x' }] },
    { items: { maximum: 3 }, maxItems: 2 },
    true,
  ]
  for (const schema of schemas)
    if (typeof schema === 'object') validate.set(schema, ajv.compile(schema) as (value: unknown) => boolean)
  const member = fc.constantFrom('id', 'total', 'state', 'lines', 'sku', 'other')
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 0, 3, 2.5, -1, 'x', 'paid', 'o1', ''),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(member, tie('value'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.constantFrom(...validate.keys()), value, (schema, each) => {
      const verdict = satisfiesSchema(schema, each)
      if (verdict !== undefined) expect(verdict).toBe(validate.get(schema)!(each))
    }),
    { numRuns: 500 },
  )
})
it.each([
  [[1, 2, 3], 3],
  [{ rows: [1, 2], total: 2 }, 2],
  [{ rows: [], page: 'x' }, 0],
  [{ rows: [1], errors: [] }, undefined],
  [{ total: 2 }, undefined],
  ['text', undefined],
  [undefined, undefined],
])('rows of %j: %s', (structured, expected) => {
  expect(rowsOf(structured)).toBe(expected)
})
