/** Fingerprints change with what they cover, and with nothing else. */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { describe, expect, it } from 'vitest'
import {
  definitionsOf as definitionsOfKind,
  fingerprintTool as fingerprint,
  fingerprintPrompt,
  fingerprintResource,
  fittingDefinitions,
  type Listed,
} from '../../../../collector/instrument/registry/definitions.ts'
import { PROMPTS, RESOURCES, TOOLS } from '../../../../collector/instrument/registry/registry-kinds.ts'
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
const definitionsOf = (tools: readonly Listed[]) => definitionsOfKind(TOOLS, tools)
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
      inputShape: ['!place string', '* object', 'days number'],
      annotations: ['destructiveHint=false', 'readOnlyHint=true'],
      wordingHash: createHash('sha256').update('weather tells the weather x').digest('hex'),
      schemaChars: canonicalize(tool.inputSchema)!.length + canonicalize(tool.outputSchema)!.length,
      schemaDepth: 2,
      subschemas: 4,
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

describe('prompts', () => {
  const prompt = {
    name: 'review',
    description: 'Reviews',
    arguments: [{ name: 'lang' }, { name: 'code', required: true }],
  }
  it('have their arguments as input, the required ones marked', () => {
    expect(fingerprintPrompt(prompt)).toMatchObject({
      hash: sha(prompt),
      inputHash: sha(prompt.arguments),
      inputFields: ['!code', 'lang'],
      nameKey: 'review',
    })
    expect(fingerprintPrompt({ name: 'odd', arguments: [null, 7, {}] as never }).inputFields).toEqual([])
  })
  it('are found by name', () => {
    expect(definitionsOfKind(PROMPTS, [prompt]).hashes.get('review')).toBe(sha(prompt))
  })
})

describe('resources', () => {
  const note = { uri: 'docs://a/secret-of-alice', name: 'note', description: 'A note', size: 7 }
  it('keep their definition while their content changes', () => {
    const dated = (lastModified: string, size: number) => ({
      ...note,
      size,
      annotations: { priority: 1, lastModified },
    })
    expect(fingerprintResource(dated('2026-01-01', 1))).toEqual(fingerprintResource(dated('2026-02-02', 2)))
    expect(fingerprintResource({ ...note, description: 'Another' }).hash).not.toBe(fingerprintResource(note).hash)
    expect(fingerprintResource({ ...note, uri: 'docs://b' }).hash).not.toBe(fingerprintResource(note).hash)
  })
  it('are found by URI, which is not told; templates by their text, which is their name', () => {
    const template = { uriTemplate: 'docs://{folder}/{id}', name: 'doc' }
    const { hashes, definitions } = definitionsOfKind(RESOURCES, [note, template])
    expect([...hashes.keys()]).toEqual([note.uri, template.uriTemplate])
    expect(definitions.map(({ name }) => name)).toEqual(['docs://{folder}/{id}', 'note'])
    expect(JSON.stringify(definitions)).not.toContain('alice')
  })
  it('of one name are told apart by a hash of the URI, the same on every machine', () => {
    const { definitions } = definitionsOfKind(RESOURCES, [
      note,
      { ...note, uri: 'docs://b' },
      { ...note, name: 'other' },
    ])
    const suffix = (uri: string) => createHash('sha256').update(uri).digest('hex').slice(0, 8)
    expect(definitions.map(({ name }) => name).sort()).toEqual(
      [`note~${suffix(note.uri)}`, `note~${suffix('docs://b')}`, 'other'].sort(),
    )
  })
})

describe('what a definition declares beside its text', () => {
  it('mirrored parameters stand in it, and where the headers are checked', () => {
    const mirrored = { ...tool, inputSchema: { properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } } }
    expect(fingerprint(mirrored).mirrored).toEqual(['region'])
    expect(fingerprint(tool).mirrored).toBeUndefined()
    expect(definitionsOf([mirrored]).mirrored.get(tool.name)?.[0]?.header).toBe('Region')
  })
  it('required scopes change what is told and no hash', () => {
    const plain = definitionsOfKind(TOOLS, [tool])
    const scoped = definitionsOfKind(TOOLS, [tool], new Map([[tool.name, ['orders:write']]]))
    expect(scoped.definitions[0]!.requiredScopes).toEqual(['orders:write'])
    expect(scoped.listHash).toBe(plain.listHash)
    expect(scoped.identity).not.toBe(plain.identity)
  })
})
