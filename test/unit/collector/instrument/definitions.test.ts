/** Fingerprints change with what they cover, and with nothing else. */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { describe, expect, it } from 'vitest'
import { definitionsOf, fingerprint, fittingDefinitions } from '../../../../collector/instrument/definitions.ts'
import { LIMITS } from '../../../../schemas/field.ts'

const tool = {
  name: 'get-Weather.v2',
  title: 'Weather',
  description: 'Tells the weather',
  inputSchema: {
    type: 'object',
    properties: { place: { type: 'string' }, days: { type: 'number' } },
    required: ['place'],
  },
  outputSchema: { type: 'object' },
  annotations: { readOnlyHint: true, destructiveHint: false, title: 'x' },
  _meta: { a: 1 },
}
const sha = (value: unknown) => createHash('sha256').update(canonicalize(value)!).digest('hex')

describe('fingerprint', () => {
  it('is SHA-256 over RFC 8785 of the whole and of each part, as anyone can compute it', () => {
    expect(fingerprint(tool)).toEqual({
      name: 'get-Weather.v2',
      hash: sha(tool),
      descriptionHash: sha(tool.description),
      inputHash: sha(tool.inputSchema),
      outputHash: sha(tool.outputSchema),
      annotationsHash: sha(tool.annotations),
      titleHash: sha(tool.title),
      metaHash: sha(tool._meta),
      nameKey: 'getweatherv2',
      inputFields: ['!place', 'days'],
      annotations: ['destructiveHint=false', 'readOnlyHint=true'],
    })
  })
  it('changes one part hash with one part, and the whole', () => {
    const changed = fingerprint({ ...tool, description: 'Tells the weather ' })
    const before = fingerprint(tool)
    expect(changed.hash).not.toBe(before.hash)
    expect(changed.descriptionHash).not.toBe(before.descriptionHash)
    expect({ ...changed, hash: '', descriptionHash: '' }).toEqual({ ...before, hash: '', descriptionHash: '' })
  })
  it('does not see the order of keys or absent parts, and does see Unicode forms', () => {
    expect(fingerprint({ inputSchema: tool.inputSchema, name: 'a', title: undefined }).hash).toBe(
      fingerprint({ name: 'a', inputSchema: tool.inputSchema }).hash,
    )
    expect(fingerprint({ name: 'a', description: 'é' }).hash).not.toBe(
      fingerprint({ name: 'a', description: 'e\u0301' }).hash,
    )
    expect(fingerprint({ name: 'a' })).toMatchObject({
      descriptionHash: '',
      inputHash: '',
      inputFields: [],
      annotations: [],
    })
  })
})

describe('a list', () => {
  it('has one hash whatever the order of its tools', () => {
    const [a, b] = [{ name: 'a' }, { name: 'b' }]
    expect(definitionsOf([a, b]).listHash).toBe(definitionsOf([b, a]).listHash)
    expect(definitionsOf([a, b]).listHash).not.toBe(definitionsOf([a]).listHash)
    expect(definitionsOf([b, a]).definitions.map(({ name }) => name)).toEqual(['a', 'b'])
  })
  it('fits an event however long it is, and says what it lost', () => {
    const many = (count: number, name = 'tool_') =>
      definitionsOf(Array.from({ length: count }, (_, i) => ({ ...tool, name: `${name}${i}` }))).definitions
    for (const [count, trimmed] of [
      [100, false],
      [400, true],
      [2_048, true],
    ] as const) {
      const fitted = fittingDefinitions(many(count))
      expect(fitted.trimmed, String(count)).toBe(trimmed)
      expect(fitted.definitions).toHaveLength(count)
      expect(fitted.definitions.every(({ hash }) => hash.length === 64)).toBe(true)
      expect(JSON.stringify(fitted.definitions).length).toBeLessThan(LIMITS.eventBytes)
    }
    const huge = fittingDefinitions(many(2_048, 'x'.repeat(400)))
    expect(huge.trimmed).toBe(true)
    expect(JSON.stringify(huge.definitions).length).toBeLessThan(LIMITS.eventBytes)
  })
})
