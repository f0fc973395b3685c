/** What tools, prompts and resources have in common and what not: the methods that list them, and how their registrations are told apart. */

import type { RegisteredLike, ServerLike } from '../server-shape.ts'
import { type DefinitionKind, fingerprintPrompt, fingerprintResource, fingerprintTool } from './definitions.ts'

/** Text that changes with the registrations. `exact`: equal text means equal definitions; else they may differ in depth. */
export interface Signature {
  readonly text: string
  readonly exact: boolean
}
export interface RegistryKind extends DefinitionKind {
  /** Methods whose answers make up the list, each with the member that holds it. */
  readonly lists: readonly { readonly method: string; readonly member: string }[]
  /** Undefined: the server keeps no registrations that we know how to read. */
  signature(facade: ServerLike): Signature | undefined
  /** Whether its list handlers may be asked although no client did. */
  mayProbe(facade: ServerLike | undefined): boolean
}

const schemaIds = new WeakMap<object, number>()
let nextSchemaId = 1

/** Schemas are told apart by object: one seen before means the same, converted or not. */
function schemaMark(schema: unknown, seen: { exact: boolean }): string {
  if (schema === null || typeof schema !== 'object') return '-'
  const id = schemaIds.get(schema)
  if (id !== undefined) return String(id)
  schemaIds.set(schema, nextSchemaId++)
  seen.exact = false
  const shape = (schema as { shape?: unknown }).shape ?? schema
  return `{${typeof shape === 'object' && shape !== null ? Object.keys(shape).join() : ''}}`
}

/** The signature of registrations with schemas: tools by input and output, prompts by arguments. */
function schemaSignature(
  registered: Readonly<Record<string, RegisteredLike>> | undefined,
  schemasOf: (one: RegisteredLike) => readonly unknown[],
): Signature | undefined {
  if (registered === undefined) return undefined
  const seen = { exact: true }
  let text = ''
  for (const name in registered) {
    const one = registered[name]!
    const extras =
      one.annotations === undefined && one._meta === undefined ? '' : JSON.stringify([one.annotations, one._meta])
    text += `${name}\u0001${one.enabled}\u0001${one.title}\u0001${one.description}\u0001${extras}`
    for (const schema of schemasOf(one)) text += `\u0001${schemaMark(schema, seen)}`
    text += '\n'
  }
  return { text, exact: seen.exact }
}

export const TOOLS: RegistryKind = {
  eventType: 'tools.registry',
  lists: [{ method: 'tools/list', member: 'tools' }],
  signature: (facade) => schemaSignature(facade._registeredTools, (tool) => [tool.inputSchema, tool.outputSchema]),
  mayProbe: () => true,
  fingerprint: fingerprintTool,
  keyOf: ({ name }) => name,
}

export const PROMPTS: RegistryKind = {
  eventType: 'prompts.registry',
  lists: [{ method: 'prompts/list', member: 'prompts' }],
  signature: (facade) => schemaSignature(facade._registeredPrompts, (prompt) => [prompt.argsSchema]),
  mayProbe: () => true,
  fingerprint: fingerprintPrompt,
  keyOf: ({ name }) => name,
}

export const RESOURCES: RegistryKind = {
  eventType: 'resources.registry',
  lists: [
    { method: 'resources/list', member: 'resources' },
    { method: 'resources/templates/list', member: 'resourceTemplates' },
  ],
  signature({ _registeredResources: resources, _registeredResourceTemplates: templates }) {
    if (resources === undefined) return undefined
    const parts: unknown[] = []
    for (const uri in resources) {
      const { name, enabled, title, metadata } = resources[uri]!
      parts.push([uri, name, enabled, title, metadata])
    }
    for (const name in templates) {
      const { resourceTemplate, enabled, title, metadata } = templates[name]!
      parts.push([name, String(resourceTemplate?.uriTemplate), enabled, title, metadata])
    }
    return { text: JSON.stringify(parts), exact: true }
  },
  /**
   * Only registrations of an McpServer: a resource list of an author's own, or of a template's callback, may read a disk or another
   * service each time, and be another one for each caller. Such lists are told when clients are shown them.
   */
  mayProbe(facade) {
    if (facade?._registeredResources === undefined || facade._resourceHandlersInitialized !== true) return false
    const templates = Object.values(facade._registeredResourceTemplates ?? {})
    return templates.every(({ resourceTemplate }) => resourceTemplate?.listCallback === undefined)
  },
  fingerprint: fingerprintResource,
  keyOf: ({ uri, uriTemplate }) => uri ?? uriTemplate,
}
