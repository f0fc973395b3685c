/** What is said of a tool's result beyond its shape: whether it satisfies the output schema, its rows, its data tags. */
import type { AuditContext } from '../audit-context.ts'
import { namesOf } from '../names.ts'
import type { ServerRegistry } from '../registry/registry.ts'
import { rowsOf, satisfiesSchema } from './output-schema.ts'

type Json = Readonly<Record<string, unknown>>
export interface ResultFacts {
  readonly schemaOk: boolean | undefined
  readonly rows: number | undefined
  readonly dataTags: readonly string[] | undefined
  readonly flag: string | undefined
}
export const NO_FACTS: ResultFacts = { schemaOk: undefined, rows: undefined, dataTags: undefined, flag: undefined }
const MAX_TAGS = 32
/** How both SDKs answer in place of a result that their own check refuses; SDK v1 puts the code in front. */
const REFUSED_OUTPUT = /^(?:MCP error -32602: )?Output validation error/

/** Never throws: callbacks and results may. Most tools have no output schema, and nobody asks for tags: then there is nothing to do. */
export function resultFacts(context: AuditContext, registry: ServerRegistry, tool: string, result: Json): ResultFacts {
  let rows: number | undefined
  let schemaOk: boolean | undefined
  let isUnchecked = false
  try {
    const structured = result['structuredContent']
    const schemas = registry.definitions?.outputSchemas
    const hasSchema = schemas !== undefined && schemas.size > 0 && schemas.has(tool)
    if (structured === undefined && !hasSchema && context.options.dataTags === undefined) return NO_FACTS
    if (structured !== undefined) rows = rowsOf(structured)
    if (hasSchema) {
      schemaOk = schemaVerdict(registry, tool, schemas.get(tool), result)
      isUnchecked = schemaOk === undefined && structured !== undefined
    }
  } catch {
    context.errors++
  }
  return { schemaOk, rows, dataTags: tagsOf(context, tool, result), flag: isUnchecked ? 'schema_unchecked' : undefined }
}

/**
 * An McpServer checks structured content itself before it goes out; what it refuses becomes an error result. Our own check stands
 * beside it: for servers without that class, and because a validator may let pass what the published schema does not.
 */
function schemaVerdict(registry: ServerRegistry, tool: string, schema: unknown, result: Json): boolean | undefined {
  const structured = result['structuredContent']
  if (result['isError'] === true) {
    const [first] = Array.isArray(result['content']) ? (result['content'] as { text?: unknown }[]) : []
    return typeof first?.text === 'string' && REFUSED_OUTPUT.test(first.text) ? false : undefined
  }
  const isFinal = result['resultType'] === undefined || result['resultType'] === 'complete'
  if (structured === undefined) return isFinal && result['content'] !== undefined ? false : undefined
  return satisfiesSchema(schema, structured) ?? (registry.validates(tool) ? true : undefined)
}

function tagsOf(context: AuditContext, tool: string, result: Json): readonly string[] | undefined {
  const { dataTags } = context.options
  if (dataTags === undefined) return undefined
  try {
    const tags =
      typeof dataTags === 'function'
        ? dataTags(tool, result)
        : Object.hasOwn(dataTags, tool)
          ? dataTags[tool]
          : undefined
    const names = namesOf(tags)
    return names === undefined || names.length === 0 ? undefined : [...new Set(names)].slice(0, MAX_TAGS)
  } catch {
    context.errors++
    return undefined
  }
}
