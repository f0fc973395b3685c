/** A row of a scan: one tool definition, call, result, change or list of tools, as a file tells it. What it is not, is named by field. */

/** A definition, a result: an object whose members nobody has looked at. */
export type Words = Readonly<Record<string, unknown>>
export type RowId = string | number

/** What happened at the server, in the order it happened. */
export interface ScanRow {
  readonly id: RowId
  readonly server: string
  /** Lists that were shown before the one in force: a change has one. */
  readonly earlier: readonly Words[] | undefined
  /** The tools in force; undefined: nobody listed any. */
  readonly tools: readonly Words[] | undefined
  /** A call of a tool; without `result` it was not answered. */
  readonly call: { readonly tool: string; readonly arguments: unknown; readonly result: Words | undefined } | undefined
}
export interface RowFault {
  readonly id: RowId
  /** The field and what is wrong with it. */
  readonly error: string
}

const DEFAULT_SERVER = 'scan'
const KNOWN = ['tool', 'tools', 'arguments', 'result', 'before', 'after'] as const

/** `line`: stands for an id that is not there. Every field may be null, which is as if it were not there. */
export function rowOf(value: unknown, line: number): ScanRow | RowFault {
  if (!isWords(value)) return { id: line, error: `row: must be an object, is ${kindOf(value)}` }
  const given = value['id'] ?? line
  if (typeof given !== 'string' && !Number.isFinite(given))
    return { id: line, error: `id: must be a text or a number, is ${kindOf(given)}` }
  const fault = faultOf(value)
  const id = given as RowId
  return fault === undefined ? shaped(id, value) : { id, error: fault }
}

const isWords = (value: unknown): value is Words => value !== null && typeof value === 'object' && !Array.isArray(value)
const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value

function faultOf(row: Words): string | undefined {
  if (!KNOWN.some((field) => Object.hasOwn(row, field))) return `row: has none of ${KNOWN.join(', ')}`
  const { server, tool, tools, before, after } = row
  if (typeof (server ?? '') !== 'string') return `server: must be a text, is ${kindOf(server)}`
  if (!isWords(tool ?? {}) && typeof tool !== 'string')
    return `tool: must be a definition or a name, is ${kindOf(tool)}`
  for (const [field, definition] of Object.entries({ before, after }))
    if (!isWords(definition ?? {})) return `${field}: must be a definition or null, is ${kindOf(definition)}`
  if (!Array.isArray(tools ?? [])) return `tools: must be a list of definitions, is ${kindOf(tools)}`
  const odd = ((tools ?? []) as unknown[]).findIndex((one) => !isWords(one))
  if (odd >= 0) return `tools[${odd}]: must be a definition, is ${kindOf((tools as unknown[])[odd])}`
  return undefined
}

function shaped(id: RowId, row: Words): ScanRow {
  const server = row['server'] === '' ? DEFAULT_SERVER : ((row['server'] as string | null) ?? DEFAULT_SERVER)
  const before = row['before'] as Words | null | undefined
  const after = row['after'] as Words | null | undefined
  const tool = row['tool'] as Words | string | null | undefined
  const listed = (row['tools'] as readonly Words[] | null) ?? (isWords(tool) ? [tool] : undefined)
  const isChange = (before ?? after ?? undefined) !== undefined
  const hasCall = (row['arguments'] ?? row['result'] ?? undefined) !== undefined
  return {
    id,
    server,
    earlier: isChange ? definitionsIn(before) : undefined,
    tools: isChange ? [...(listed ?? []), ...definitionsIn(after)] : listed,
    call: hasCall
      ? {
          tool: typeof tool === 'string' ? tool : nameIn(tool),
          arguments: row['arguments'] ?? undefined,
          result: resultOf(row['result'] ?? undefined),
        }
      : undefined,
  }
}

const definitionsIn = (one: Words | null | undefined): readonly Words[] =>
  (one ?? undefined) === undefined ? [] : [one!]
const nameIn = (tool: Words | null | undefined): string => (typeof tool?.['name'] === 'string' ? tool['name'] : '')

/** A CallToolResult as it is; a text as its one part; anything else is structured content. */
function resultOf(value: unknown): Words | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return { content: [{ type: 'text', text: value }] }
  if (Array.isArray(value)) return value.every(isPart) ? { content: value } : { structuredContent: { result: value } }
  if (!isWords(value)) return { structuredContent: { result: value } }
  return value['content'] !== undefined || value['structuredContent'] !== undefined
    ? value
    : { structuredContent: value }
}
const isPart = (value: unknown): boolean => isWords(value) && typeof value['type'] === 'string'
