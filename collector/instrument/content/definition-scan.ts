/** The classifiers over definitions, once for each list; and what a definition says about the arguments of its tool. */
import type { Definition } from '../../../schemas/events/registry.ts'
import type { Scanned } from '../../scan/classifier.ts'
import { classesOf, verdictsOf } from '../../scan/labels.ts'
import { rolesOf } from '../../scan/role.ts'
import type { AuditContext } from '../audit-context.ts'
import type { Definitions } from '../registry/definitions.ts'
import { scanContent, type ToolKnowledge, tellFindings, UNKNOWN_TOOL } from './content-scan.ts'

const MAX_CLASSES = 64
/** Kept as long as the list they are about. */
const known = new WeakMap<Definitions, Map<string, ToolKnowledge>>()
const scans = new WeakMap<Definitions, ReadonlyMap<string, Scanned>>()

export function knowledgeOf(definitions: Definitions | undefined, toolName: string): ToolKnowledge {
  const hash = definitions?.hashes.get(toolName)
  const listed = hash === undefined ? undefined : definitions!.listed.get(hash)
  if (definitions === undefined || listed === undefined) return UNKNOWN_TOOL
  let tools = known.get(definitions)
  if (tools === undefined) {
    tools = new Map()
    known.set(definitions, tools)
  }
  let knowledge = tools.get(toolName)
  if (knowledge === undefined) {
    knowledge = { roles: rolesOf(listed.inputSchema, toolName), otherTools: othersOf(definitions, toolName) }
    tools.set(toolName, knowledge)
  }
  return knowledge
}

const othersOf = (definitions: Definitions, name: string): ReadonlySet<string> =>
  new Set([...definitions.hashes.keys()].filter((other) => other !== name))

/** By the hash of the definition. */
function scansOf(context: AuditContext, definitions: Definitions): ReadonlyMap<string, Scanned> {
  const before = scans.get(definitions)
  if (before !== undefined) return before
  const found = new Map<string, Scanned>()
  for (const { name, hash } of definitions.definitions) {
    const knowledge = { roles: new Map(), otherTools: othersOf(definitions, name) }
    const scanned = scanContent(context, 'definition', name, definitions.listed.get(hash), knowledge)
    if (scanned !== undefined) found.set(hash, scanned)
  }
  scans.set(definitions, found)
  return found
}

/** The definitions with the classes that were found in them, and how much of them nobody read. */
export function scannedDefinitions(
  context: AuditContext,
  definitions: Definitions,
): { readonly definitions: readonly Definition[]; readonly unscannedBytes: number | undefined } {
  if (!context.scansContent) return { definitions: definitions.definitions, unscannedBytes: undefined }
  const found = scansOf(context, definitions)
  let unscannedBytes = 0
  const classified = definitions.definitions.map((definition) => {
    const scanned = found.get(definition.hash)
    unscannedBytes += scanned?.unscannedBytes ?? 0
    if (scanned === undefined || scanned.hits.length === 0) return definition
    return {
      ...definition,
      findings: classesOf(scanned).slice(0, MAX_CLASSES),
      verdicts: verdictsOf(scanned).slice(0, MAX_CLASSES),
    }
  })
  return { definitions: classified, unscannedBytes: unscannedBytes === 0 ? undefined : unscannedBytes }
}

/** content.finding for each definition in which something was found; to be told behind the registry. */
export function tellDefinitionFindings(context: AuditContext, definitions: Definitions, era: string): void {
  if (!context.scansContent) return
  const found = scansOf(context, definitions)
  for (const { name, hash } of definitions.definitions) {
    const own = { toolName: name, definitionHash: hash, era: era === '' ? undefined : era }
    tellFindings(context, 'definition', found.get(hash), own, undefined)
  }
}
