/** Builds of a server: a newer one words one of its tools anew. The same everywhere the definition is named. */
import type { Server } from './fleet.ts'
import { stableHex } from './random.ts'
import type { Fields } from './templates.ts'

interface Definition {
  readonly name: string
  readonly hash: string
  readonly descriptionHash?: string
  readonly wordingHash?: string
}
const buildOf = (server: Server, version: number): string => `sha256:${stableHex(`build ${server.id} ${version}`, 64)}`

export { buildOf }

/** Names of tools that builds up to `version` reworded, each with the newest of them. */
function reworded(server: Server, version: number): ReadonlyMap<string, number> {
  const tools = toolsOf(server)
  const changed = new Map<string, number>()
  for (let each = 1; each <= version; each++) if (tools.length > 0) changed.set(tools[each % tools.length]!, each)
  return changed
}
const lists = new WeakMap<object, readonly string[]>()
function toolsOf({ kind }: Server): readonly string[] {
  let tools = lists.get(kind)
  if (tools === undefined) {
    const all: readonly Fields[] = [
      ...kind.prologue,
      ...kind.sessions.flatMap(({ events }) => events.map(({ fields }) => fields)),
    ]
    const named = all
      .filter(({ eventType }) => eventType === 'tools.registry')
      .flatMap(({ definitions }) => ((definitions as readonly Definition[] | undefined) ?? []).map(({ name }) => name))
    tools = [...new Set(named)].sort()
    lists.set(kind, tools)
  }
  return tools
}
const newer = (hash: string, version: number): string => stableHex(`${hash} ${version}`, 64)

const made = new WeakMap<object, Map<string, readonly Definition[]>>()
/** Says the build, and the definitions as that build has them. */
export function built(fields: Record<string, unknown>, server: Server, version: number): void {
  if (fields['buildDigest'] !== undefined && fields['buildDigest'] !== '')
    fields['buildDigest'] = buildOf(server, version)
  if (version === 0) return
  const changed = reworded(server, version)
  const tool = changed.get(fields['toolName'] as string)
  if (tool !== undefined && fields['definitionHash'])
    fields['definitionHash'] = newer(fields['definitionHash'] as string, tool)
  const definitions = fields['definitions'] as readonly Definition[] | undefined
  if (fields['eventType'] !== 'tools.registry' || definitions === undefined) return
  const known = made.get(definitions) ?? new Map<string, readonly Definition[]>()
  made.set(definitions, known)
  const key = `${server.id} ${version}`
  let list = known.get(key)
  if (list === undefined) {
    list = definitions.map((definition) => {
      const at = changed.get(definition.name)
      if (at === undefined) return definition
      const { hash, descriptionHash, wordingHash } = definition
      return {
        ...definition,
        hash: newer(hash, at),
        ...(descriptionHash && { descriptionHash: newer(descriptionHash, at) }),
        ...(wordingHash && { wordingHash: newer(wordingHash, at) }),
      }
    })
    known.set(key, list)
  }
  fields['definitions'] = list
  if (fields['listHash']) fields['listHash'] = newer(fields['listHash'] as string, version)
}
