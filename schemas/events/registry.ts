/** Events of definitions: what a server offers, and what people approved. */
import { z } from 'zod'
import { characters, count, epochSeconds, flag, id, LIMITS, measure, name, oneOf } from '../field.ts'

const hash = z.string().regex(/^([0-9a-f]{64})?$/, 'must be a SHA-256 in lower-case hex')
/** One definition as fingerprints: SHA-256 over RFC 8785 canonical JSON, no Unicode normalisation; '' for an absent part. */
export const definition = z.object({
  name: characters(LIMITS.nameChars),
  hash,
  descriptionHash: hash.optional(),
  inputHash: hash.optional(),
  outputHash: hash.optional(),
  annotationsHash: hash.optional(),
  titleHash: hash.optional(),
  metaHash: hash.optional(),
  /**
   * The name as people read it: without case and separators, letters that look like others folded (UTS #39, 0 as o, 1 as l). Finds a
   * renamed tool within a server and a look-alike on another one.
   */
  nameKey: characters(LIMITS.nameChars).optional(),
  /** Names of the input's properties, required ones first marked with `!`: tells an added optional field. */
  inputFields: z.array(characters(256)).max(LIMITS.listLength).optional(),
  /** Annotations that are true or false, such as readOnlyHint=true. */
  annotations: z.array(characters(128)).max(32).optional(),
  findings: z.array(characters(128)).max(64).optional(),
  /** The strongest verdict of each class in `findings`, as class=verdict: benign, suspicious, malicious. */
  verdicts: z.array(characters(160)).max(64).optional(),
  /**
   * What the input lets a caller send, a line for each property: its path (`!` when required), its types, then what bounds it: enum=N,
   * const, pattern, format, max=N, closed, and role=path|url|shell|sql|code where the parameter reaches further than its text.
   */
  inputShape: z.array(characters(256)).max(LIMITS.listLength).optional(),
  /** Over every word of the definition, without case, spacing and punctuation: equal when a change is cosmetic. */
  wordingHash: hash.optional(),
  /** Names of other tools, of this server or of none that it has, that stand in its texts. */
  mentions: z.array(characters(128)).max(32).optional(),
  /** Size of both schemas as JSON in characters, their nesting and the schemas inside them; depth and number stop at 65 and 4,097. */
  schemaChars: z.int().min(0).max(LIMITS.integer).optional(),
  schemaDepth: z.int().min(0).max(LIMITS.integer).optional(),
  subschemas: z.int().min(0).max(LIMITS.integer).optional(),
  /** References that leave the schema, as scheme://host, `file:` or `relative`. */
  externalRefs: z.array(characters(256)).max(32).optional(),
  /** Scopes the tool declares it needs; absent when it says nothing. */
  requiredScopes: z.array(characters(256)).max(64).optional(),
  /** Parameters whose value a modern client also sends as a header (x-mcp-header). */
  mirrored: z.array(characters(256)).max(64).optional(),
  tags: z.array(characters(128)).max(64).optional(),
})
export type Definition = z.infer<typeof definition>

const registryFields = {
  registrySource: oneOf(
    'server',
    ['startup', 'mutation', 'list', 'probe'],
    'What made us look: start, change, or a list request.',
  ),
  listHash: id('server', 'SHA-256 over the sorted definition hashes.'),
  scopeSetHash: id(
    'server',
    "Keyed hash of the sorted scopes the list was made for; '' when lists do not depend on scopes.",
  ),
  definitions: z
    .array(definition)
    .max(LIMITS.registryLength)
    .optional()
    .meta({ description: 'All definitions, sorted by name; all pages merged.', origin: 'server', unit: 'list' }),
  locale: name('client', 'Locale the list was made for.'),
  ttlMs: measure('server', 'ms', 'How long a client may keep the list.'),
  cacheScope: oneOf('server', ['public', 'private'], 'Who may keep it.'),
  pages: count('server', 'number', 'Pages merged.'),
}

export const registry = {
  'tools.registry': registryFields,
  'prompts.registry': registryFields,
  'resources.registry': registryFields,
  'tool.approved': {
    approvedHash: id('ingested', 'Definition that was approved.'),
    approver: name('ingested', 'Who approved.'),
    expiresAt: epochSeconds('ingested', 'End of the approval, 0 for none.'),
  },
  'tool.approval.revoked': {
    approvedHash: id('ingested', 'Definition whose approval ended.'),
    approver: name('ingested', 'Who revoked.'),
    all: flag('ingested', 'All approvals of the tool.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
