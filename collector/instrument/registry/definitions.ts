/** Fingerprints of tools, prompts and resources: SHA-256 over RFC 8785 canonical JSON, with a sub-hash for each part. */
import type { Definition } from '../../../schemas/events/registry.ts'
import { LIMITS } from '../../../schemas/field.ts'
import { canonical } from '../keys/canonical.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { type MirroredParameter, mirroredParametersOf } from '../messages/header-mirror.ts'
import { trustedName } from '../names.ts'
import { foldedWords, mentionsIn, nameSkeleton } from './definition-words.ts'
import { inputShapeOf, measureSchema, type SchemaSize } from './schema-facts.ts'

/** A tool, prompt, resource or resource template as a list shows it. */
export interface Listed {
  readonly name?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly arguments?: unknown
  readonly annotations?: unknown
  readonly uri?: unknown
  readonly uriTemplate?: unknown
  readonly size?: unknown
  readonly _meta?: unknown
}

/** The definitions in force of one list: what a request meets. Never changed, shared by all servers that show the same list. */
export interface Definitions {
  /** Over the hashes of the definitions. */
  readonly listHash: string
  /** Over all that is told of them: a scope that is no longer required changes no hash. */
  readonly identity: string
  /** By what a request names them: a tool or prompt by name, a resource by URI, a template by its text. */
  readonly hashes: ReadonlyMap<string, string>
  readonly definitions: readonly Definition[]
  /** As they were listed, by the hash of the definition: for the classifiers. */
  readonly listed: ReadonlyMap<string, Listed>
  /** Parameters that clients send as headers too, of the tools that have any. */
  readonly mirrored: ReadonlyMap<string, readonly MirroredParameter[]>
  /** Output schemas, of the tools that have one. */
  readonly outputSchemas: ReadonlyMap<string, unknown>
}

const partText = (part: unknown): string => (part === undefined ? '' : (canonical(part) ?? ''))
const hashOf = (text: string): string => (text === '' ? '' : sha256(text))
const partHash = (part: unknown): string => hashOf(partText(part))

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

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const MAX_MIRRORED = 64

/** What is said of every definition, over everything the list says of it. */
const commonParts = (listed: Listed) => ({
  name: trustedName(textOf(listed.name)),
  hash: partHash(listed),
  descriptionHash: partHash(listed.description),
  titleHash: partHash(listed.title),
  metaHash: partHash(listed._meta),
  nameKey: trustedName(nameSkeleton(textOf(listed.name))),
})

/** Texts of a tool in which a model reads what it is for and how it is called. */
function textsOf(tool: Listed, size: SchemaSize): string[] {
  const texts = [tool.title, tool.description, (tool.annotations as { title?: unknown } | null | undefined)?.title].map(
    textOf,
  )
  for (const schema of [tool.inputSchema, tool.outputSchema]) measureSchema(schema, size, (text) => texts.push(text))
  return texts
}
/** Kept as long as the tool is: mentions are made when its neighbours are known. */
const textsByTool = new WeakMap<object, readonly string[]>()

export function fingerprintTool(tool: Listed): Definition {
  const size: SchemaSize = { schemaDepth: 0, subschemas: 0, externalRefs: [] }
  const texts = textsOf(tool, size)
  textsByTool.set(tool, texts)
  const words = foldedWords(texts)
  const inputShape = inputShapeOf(tool.inputSchema, textOf(tool.name))
  const { externalRefs, ...sizes } = size
  const input = partText(tool.inputSchema)
  const output = partText(tool.outputSchema)
  const mirrored = mirroredParametersOf(tool.inputSchema).map(({ path }) => trustedName(path.join('.')).slice(0, 256))
  return {
    ...commonParts(tool),
    inputHash: hashOf(input),
    outputHash: hashOf(output),
    annotationsHash: partHash(tool.annotations),
    inputFields: inputFieldsOf(tool.inputSchema),
    annotations: annotationsOf(tool.annotations),
    wordingHash: words === '' ? '' : sha256(words),
    ...(inputShape.length > 0 && { inputShape }),
    ...(size.subschemas > 0 && { ...sizes, schemaChars: input.length + output.length }),
    ...(externalRefs.length > 0 && { externalRefs }),
    ...(mirrored.length > 0 && { mirrored: mirrored.slice(0, MAX_MIRRORED) }),
  }
}

/** Arguments of a prompt stand where the input of a tool does. */
export function fingerprintPrompt(prompt: Listed): Definition {
  const given = Array.isArray(prompt.arguments) ? prompt.arguments : []
  const named = given.filter((one): one is { name: string; required?: unknown } => typeof one?.name === 'string')
  const properties = Object.fromEntries(named.map(({ name }) => [name, true]))
  const required = named.filter((one) => one.required === true).map(({ name }) => name)
  return {
    ...commonParts(prompt),
    inputHash: partHash(prompt.arguments),
    inputFields: inputFieldsOf({ properties, required }),
  }
}

/**
 * A resource or a template. Size and time of change are facts of the content: they do not make another definition. The URI may be
 * data and is covered by the hash alone; a template is the server's own text and names itself.
 */
export function fingerprintResource(resource: Listed): Definition {
  const { size: _, ...lasting } = resource
  const { lastModified, ...annotations } = (resource.annotations ?? {}) as Readonly<Record<string, unknown>>
  const template = textOf(resource.uriTemplate)
  return {
    ...commonParts(resource),
    ...(template !== '' && { name: trustedName(template) }),
    hash: partHash(lastModified === undefined ? lasting : { ...lasting, annotations }),
    annotationsHash: resource.annotations === undefined ? '' : partHash(annotations),
  }
}

const KEPT_LISTS = 32
/** Lists seen, by their text: a list that comes again costs one stringify and one look. */
const lists = new Map<string, Definitions>()

/** What one kind of definitions is made by. */
export interface DefinitionKind {
  readonly eventType: 'tools.registry' | 'prompts.registry' | 'resources.registry'
  fingerprint(listed: Listed): Definition
  /** What a request names the definition by. */
  keyOf(listed: Listed): unknown
}
/** Scopes that tools need, as far as their author says so where it can be read. */
export type DeclaredScopes = ReadonlyMap<string, readonly string[]>
const NO_SCOPES: DeclaredScopes = new Map()

/** All definitions of a list, sorted by name. */
export function definitionsOf(
  kind: DefinitionKind,
  list: readonly Listed[],
  scopes: DeclaredScopes = NO_SCOPES,
): Definitions {
  const scopeText = scopes.size === 0 ? '' : JSON.stringify([...scopes])
  const text = `${kind.eventType}\n${scopeText}\n${JSON.stringify(list)}`
  const known = lists.get(text)
  if (known !== undefined) return known
  const objects = list.slice(0, LIMITS.registryLength).filter((one) => one !== null && typeof one === 'object')
  const hashes = new Map<string, string>()
  const mirrored = new Map<string, readonly MirroredParameter[]>()
  const outputSchemas = new Map<string, unknown>()
  const listed = new Map<string, Listed>()
  const found = objects.map((one) => {
    const definition = kind.fingerprint(one)
    const key = textOf(kind.keyOf(one))
    hashes.set(key, definition.hash)
    listed.set(definition.hash, one)
    const requiredScopes = scopes
      .get(key)
      ?.slice(0, 64)
      .map((scope) => trustedName(scope).slice(0, 256))
    if (definition.mirrored !== undefined) mirrored.set(key, mirroredParametersOf(one.inputSchema))
    if (one.outputSchema !== undefined) outputSchemas.set(key, one.outputSchema)
    return { key, definition: requiredScopes === undefined ? definition : { ...definition, requiredScopes } }
  })
  const definitions = withMentions(toldApart(found), listed).sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  )
  const listHash = sha256(definitions.map(({ name, hash }) => `${name}\u0000${hash}`).join('\n'))
  const made: Definitions = {
    listHash,
    identity: listHash + scopeText,
    hashes,
    listed,
    definitions,
    mirrored,
    outputSchemas,
  }
  if (lists.size >= KEPT_LISTS) lists.delete(lists.keys().next().value!)
  lists.set(text, made)
  return made
}

/** Which tools a tool speaks of; parameters of any of them are none. */
function withMentions(definitions: readonly Definition[], listed: ReadonlyMap<string, Listed>): Definition[] {
  const names = new Set(definitions.map(({ name }) => name))
  const parameters = new Set(
    definitions.flatMap(({ inputFields = [] }) => inputFields.map((field) => field.replace(/^!/, ''))),
  )
  return definitions.map((definition) => {
    const texts = textsByTool.get(listed.get(definition.hash) ?? NO_TOOL)
    if (texts === undefined) return definition
    const mentions = mentionsIn(
      texts,
      definition.name,
      (name) => names.has(name),
      (name) => parameters.has(name),
    )
    return mentions.length === 0 ? definition : { ...definition, mentions }
  })
}
const NO_TOOL = {}

/** Resources may share a name: then each is told with the beginning of a hash of its URI. */
function toldApart(found: readonly { readonly key: string; readonly definition: Definition }[]): Definition[] {
  const times = new Map<string, number>()
  for (const { definition } of found) times.set(definition.name, (times.get(definition.name) ?? 0) + 1)
  return found.map(({ key, definition }) => {
    const { name } = definition
    if (times.get(name) === 1 || key === name) return definition
    return { ...definition, name: `${name.slice(0, 500)}~${sha256(key).slice(0, 8)}` }
  })
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
    ({ inputShape, mentions, ...rest }) => rest,
    ({ titleHash, metaHash, inputFields, inputShape, mentions, annotations, nameKey, ...rest }) => rest,
    ({ name, hash, descriptionHash, inputHash, wordingHash, findings, verdicts }) => ({
      name,
      hash,
      descriptionHash,
      inputHash,
      ...(wordingHash && { wordingHash }),
      ...(findings && { findings, verdicts }),
    }),
    ({ name, hash, findings, verdicts }) => ({ name, hash, ...(findings && { findings, verdicts }) }),
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
