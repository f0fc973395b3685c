/** Fingerprints of tool definitions: SHA-256 over RFC 8785 canonical JSON, with a sub-hash for each part. */
import type { Definition } from '../../schemas/events/registry.ts'
import { LIMITS } from '../../schemas/field.ts'
import { canonical } from './canonical.ts'
import { sha256 } from './keyed-hash.ts'
import { trustedName } from './names.ts'

/** A tool as tools/list shows it. */
export interface ListedTool {
  readonly name?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly annotations?: unknown
  readonly _meta?: unknown
}

/** The definitions in force of one list: what a call by name meets. Never changed, shared by all servers that show the same list. */
export interface Definitions {
  readonly listHash: string
  readonly hashes: ReadonlyMap<string, string>
  readonly definitions: readonly Definition[]
}

const partHash = (part: unknown): string => {
  const text = part === undefined ? undefined : canonical(part)
  return text === undefined ? '' : sha256(text)
}

/** A renamed tool keeps this: no case, no separators. */
const nameKeyOf = (name: string): string => name.toLowerCase().replace(/[\s_\-./:]/g, '')

/** Required properties first, marked with `!`; names are the server's own, bounded. */
function inputFieldsOf(schema: unknown): string[] {
  if (schema === null || typeof schema !== 'object') return []
  const { properties, required } = schema as { properties?: unknown; required?: unknown }
  if (properties === null || typeof properties !== 'object') return []
  const must = new Set(Array.isArray(required) ? required : [])
  const names = Object.keys(properties).map((name) => (must.has(name) ? `!${name}` : name))
  return names
    .sort()
    .slice(0, LIMITS.listLength)
    .map((name) => trustedName(name).slice(0, 256))
}

function annotationsOf(annotations: unknown): string[] {
  if (annotations === null || typeof annotations !== 'object') return []
  return Object.entries(annotations)
    .filter(([, value]) => typeof value === 'boolean')
    .map(([name, value]) => `${trustedName(name).slice(0, 100)}=${String(value)}`)
    .sort()
    .slice(0, 32)
}

/** The fingerprint of one definition, over everything the list says of it. */
export function fingerprint(tool: ListedTool): Definition {
  const name = typeof tool.name === 'string' ? tool.name : ''
  return {
    name: trustedName(name),
    hash: partHash(tool),
    descriptionHash: partHash(tool.description),
    inputHash: partHash(tool.inputSchema),
    outputHash: partHash(tool.outputSchema),
    annotationsHash: partHash(tool.annotations),
    titleHash: partHash(tool.title),
    metaHash: partHash(tool._meta),
    nameKey: trustedName(nameKeyOf(name)),
    inputFields: inputFieldsOf(tool.inputSchema),
    annotations: annotationsOf(tool.annotations),
  }
}

const KEPT_LISTS = 32
/** Lists seen, by their text: a list that comes again costs one stringify and one look. */
const lists = new Map<string, Definitions>()

/** All definitions of a list, sorted by name. */
export function definitionsOf(tools: readonly ListedTool[]): Definitions {
  const text = JSON.stringify(tools)
  const known = lists.get(text)
  if (known !== undefined) return known
  const definitions = tools
    .slice(0, LIMITS.registryLength)
    .filter((tool) => tool !== null && typeof tool === 'object')
    .map(fingerprint)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const made: Definitions = {
    listHash: sha256(definitions.map(({ name, hash }) => `${name}\u0000${hash}`).join('\n')),
    hashes: new Map(definitions.map(({ name, hash }) => [name, hash])),
    definitions,
  }
  if (lists.size >= KEPT_LISTS) lists.delete(lists.keys().next().value!)
  lists.set(text, made)
  return made
}

/** Room for definitions in one event; the rest of it is small. */
const MAX_CHARACTERS = LIMITS.eventBytes - 16_384

/**
 * Definitions as one event may carry them. A registry that would not fit loses detail in steps, never definitions: empty parts
 * first, then fields and annotations, then all but name and hash. `trimmed` says that it did.
 */
export function fittingDefinitions(all: readonly Definition[]): {
  definitions: readonly Definition[]
  trimmed: boolean
} {
  const steps: ((definition: Definition) => Definition)[] = [
    (definition) => definition,
    ({ titleHash, metaHash, inputFields, annotations, nameKey, ...rest }) => rest,
    ({ name, hash, descriptionHash, inputHash }) => ({ name, hash, descriptionHash, inputHash }),
    ({ name, hash }) => ({ name, hash }),
  ]
  let definitions = all
  for (const [index, step] of steps.entries()) {
    definitions = all.map(step)
    if (all.length < 200 && index === 0) return { definitions, trimmed: false }
    if (JSON.stringify(definitions).length <= MAX_CHARACTERS) return { definitions, trimmed: index > 0 }
  }
  // Two thousand names of 512 characters: the last ones go, and the event says that it is not whole.
  let length = 0
  const fitting = definitions.findIndex(({ name }) => {
    length += name.length + 100
    return length > MAX_CHARACTERS
  })
  return { definitions: definitions.slice(0, fitting), trimmed: true }
}
