/** A schema that makes whoever reads it fetch something, or work without end. */
import { z } from 'zod'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { shows, type Words } from '../../sample-registry.ts'

/** A tool whose schemas are this large. */
const sized = (size: NonNullable<Words['size']>, name = 'query') => shows(0, [{ name, size }])
const small = { schemaChars: 400, schemaDepth: 4, subschemas: 9 }
const most = { schemaChars: 262_144, schemaDepth: 20, subschemas: 1_000 }
const refers = (...externalRefs: string[]) => sized({ ...small, externalRefs })
const reviewed = (entry: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'tools', tags: [`query=${entry}`] })

export default defineRule({
  id: 'tdf-008-hostile-schema',
  version: 1,
  title: 'Schema with outside references, or far too large',
  severity: 'medium',
  why: 'A client that follows $ref asks an address that the server chose; one that checks arguments by a huge schema stands still.',
  falsePositives: [
    'Schemas that were generated from a large API: tag the tool `large_schema` after a review, or raise the limits.',
    'References to the JSON Schema drafts themselves.',
  ],
  blindSpots: [
    'Whether a client follows references at all.',
    'Of a schema no more than 4,096 inner ones are counted, and no more than 64 levels.',
    'Regular expressions that take exponential time.',
  ],
  triage: [
    'Where does the reference point, and does any of your clients resolve it?',
    'Ask the author for a schema that holds all it needs.',
  ],
  refs: ['MCP05:2025', 'T1499', 'AML.T0029'],
  asksInventory: true,
  requires: { 'definition.seen': ['tool', 'externalRefs', 'schemaDepth', 'subschemas', 'schemaChars'] },
  occasional: ['externalRefs', 'schemaDepth', 'subschemas', 'schemaChars'],
  config: z.object({
    depth: z.int().default(20).describe('Levels of nesting that are not too many.'),
    subschemas: z.int().default(1_000).describe('Inner schemas that are not too many.'),
    schemaChars: z.int().default(262_144).describe('Size of both schemas that is not too much, characters.'),
    allowedRefs: z
      .array(z.string())
      .default(['https://json-schema.org', 'http://json-schema.org'])
      .describe('Origins that references may point to.'),
    reviewedTag: z.string().default('large_schema').describe('Tag of tools whose size was reviewed.'),
  }),
  per: 'tool',
  check: {
    'definition.seen'(e, limits) {
      const outside = e.externalRefs.filter((ref) => !limits.allowedRefs.includes(ref))
      const large = [
        ...(e.schemaDepth > limits.depth ? [`${e.schemaDepth} levels`] : []),
        ...(e.subschemas > limits.subschemas ? [`${e.subschemas} inner schemas`] : []),
        ...(e.schemaChars > limits.schemaChars ? [`${e.schemaChars} characters`] : []),
      ]
      const isReviewed = e.tagsOf('tools', e.tool).includes(limits.reviewedTag)
      const flaws = [...outside.map((ref) => `a reference to ${ref}`), ...large.filter(() => !isReviewed)]
      if (flaws.length === 0) return undefined
      return {
        saw: flaws.slice(0, 8).join(', '),
        expected: 'a schema that holds all it needs, of a size that can be read',
        evidence: { externalRefs: outside },
      }
    },
  },
  examples: {
    match: [
      example('a reference to a private address', refers('http://10.0.0.1')),
      example('a reference to a file', refers('file:')),
      example('a reference beside the schema', refers('relative')),
      example('one level too many', sized({ ...most, schemaDepth: 21 })),
      example('one inner schema too many', sized({ ...most, subschemas: 1_001 })),
      example('one character too many', sized({ ...most, schemaChars: 262_145 })),
      example('it comes later', sized(small), sized({ ...most, schemaDepth: 21 })),
      example('reviewed for its size, with a reference', reviewed('large_schema'), refers('http://10.0.0.1')),
      example('another tag', reviewed('public'), sized({ ...most, schemaDepth: 21 })),
      exampleWith({ allowedRefs: [] }, 'no reference is allowed', refers('https://json-schema.org')),
    ],
    noMatch: [
      example('as large as it may be', sized(most), sized(small, 'other')),
      example('references to the drafts', refers('https://json-schema.org', 'http://json-schema.org')),
      example('a large schema that was reviewed', reviewed('large_schema'), sized({ ...most, subschemas: 4_000 })),
      example('a tool without schemas', sized({})),
      exampleWith({ depth: 30 }, 'deeper is usual here', sized({ ...most, schemaDepth: 30 })),
    ],
  },
})
