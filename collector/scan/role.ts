/** What a parameter is for, read from its name, its JSON Schema and the name of its tool. */
import type { ParameterRole } from './classifier.ts'

/** Names that say it alone; the last word of a name decides (`source_path` is a path, `path_count` is not). */
const BY_WORD: Readonly<Record<Exclude<ParameterRole, 'unknown'>, string>> = {
  path: 'path paths filepath filename filenames file files dir directory directories folder folders cwd workdir pathname dirname basename attachment logfile',
  shell: 'command commands cmd cmds shell exec bash powershell argv cli commandline',
  sql: 'sql statement where clause predicate querystring sqlquery having',
  url: 'url urls uri uris link links href endpoint webhook host hostname hosts domain ip ipaddress origin callback redirect baseurl website src feed proxy',
  code: 'code script scripts expression expr eval snippet source python javascript js formula template lambda program function jq',
  text: 'text message messages content body description title comment comments prompt summary note notes subject reason question answer bio caption instruction instructions label feedback review paragraph sentence markdown string str replacement replace diff patch thought html',
}
const WORDS: ReadonlyMap<string, ParameterRole> = new Map(
  (Object.entries(BY_WORD) as [ParameterRole, string][]).flatMap(([role, words]) =>
    words.split(' ').map((word): [string, ParameterRole] => [word, role]),
  ),
)
/** Names that say nothing: then the name of the tool may. */
const VAGUE: ReadonlySet<string> = new Set(
  'query q input value arg args argument arguments data filter search params'.split(' '),
)
const TOOL_ROLES: readonly (readonly [RegExp, ParameterRole])[] = [
  [
    /(?:^|[_.-])(?:sql|mysql|postgres|postgresql|sqlite|database|db|bigquery|snowflake|duckdb|clickhouse)(?:$|[_.-])/,
    'sql',
  ],
  [/(?:^|[_.-])(?:shell|bash|terminal|command|cmd|exec|execute|powershell)(?:$|[_.-])/, 'shell'],
  [/(?:^|[_.-])(?:eval|evaluate|python|javascript|calculator|calculate|code|template|render)(?:$|[_.-])/, 'code'],
]
const FORMATS: ReadonlyMap<string, ParameterRole> = new Map([
  ['uri', 'url'],
  ['url', 'url'],
  ['uri-reference', 'url'],
  ['iri', 'url'],
  ['hostname', 'url'],
  ['ipv4', 'url'],
  ['ipv6', 'url'],
  ['path', 'path'],
  ['file-path', 'path'],
  ['directory-path', 'path'],
  ['sql', 'sql'],
])
/** What a description says a parameter is, where its name is vague. The first that matches. */
const DESCRIPTIONS: readonly (readonly [RegExp, ParameterRole])[] = [
  [/\bsql\b|\bselect statement\b|\bwhere clause\b/i, 'sql'],
  [/\bshell command|\bcommand (?:line )?to (?:run|execute)|\bbash\b/i, 'shell'],
  [/\b(?:file|directory|folder) ?(?:path|name)\b|\bpath (?:to|of)\b|\bpath\b/i, 'path'],
  [/\burl\b|\buri\b|\bhost ?name\b|\bweb address\b/i, 'url'],
  [/\b(?:python|javascript|source) code\b|\bcode to (?:run|execute)\b|\bexpression to evaluate\b/i, 'code'],
]
const DESCRIPTION_CHARACTERS = 512

/** What of a parameter's JSON Schema matters here. */
export interface ParameterSchema {
  readonly format?: unknown
  readonly description?: unknown
  readonly enum?: unknown
}

/** By tool, then by parameter. Both names are the caller's: what is full is emptied rather than let grow. */
const remembered = new Map<string, Map<string, ParameterRole>>()
const REMEMBERED_TOOLS = 256
const REMEMBERED_NAMES = 128
const MAX_NAME = 64

function rememberedRole(name: string, toolName: string): ParameterRole {
  if (name.length > MAX_NAME || toolName.length > MAX_NAME) return roleOfName(name, toolName)
  let byName = remembered.get(toolName)
  if (byName === undefined) {
    if (remembered.size >= REMEMBERED_TOOLS) remembered.clear()
    byName = new Map()
    remembered.set(toolName, byName)
  }
  let role = byName.get(name)
  if (role === undefined) {
    if (byName.size >= REMEMBERED_NAMES) byName.clear()
    role = roleOfName(name, toolName)
    byName.set(name, role)
  }
  return role
}

/** `unknown` when nothing says it; a choice from an enumeration is none of these. */
export function roleOf(name: string, schema?: ParameterSchema, toolName = ''): ParameterRole {
  if (schema === undefined) return rememberedRole(name, toolName)
  if (Array.isArray(schema.enum)) return 'unknown'
  const formatted = typeof schema.format === 'string' ? FORMATS.get(schema.format) : undefined
  if (formatted !== undefined) return formatted
  const named = roleOfName(name, toolName)
  if (named !== 'unknown' || typeof schema.description !== 'string') return named
  const description = schema.description.slice(0, DESCRIPTION_CHARACTERS)
  return DESCRIPTIONS.find(([pattern]) => pattern.test(description))?.[1] ?? 'unknown'
}

function roleOfName(name: string, toolName: string): ParameterRole {
  const words = wordsOf(name)
  const last = words.at(-1) ?? ''
  const whole = WORDS.get(words.join('')) ?? WORDS.get(last)
  if (whole !== undefined) return whole
  // `path1`, `file_2`, `url_to_fetch`: a number or a purpose behind the word.
  const numbered =
    WORDS.get(last.replace(/\d+$/, '')) ?? (/^\d+$/.test(last) ? WORDS.get(words.at(-2) ?? '') : undefined)
  if (numbered !== undefined) return numbered
  const purpose = words.findIndex((word) => word === 'to' || word === 'for')
  if (purpose > 0) return WORDS.get(words[purpose - 1]!) ?? 'unknown'
  if (!VAGUE.has(last) && last !== '') return 'unknown'
  const tool = wordsOf(toolName).join('_')
  return TOOL_ROLES.find(([pattern]) => pattern.test(tool))?.[1] ?? 'unknown'
}

/** `sourceFilePath`, `source_file-path` -> source, file, path. */
const wordsOf = (name: string): string[] =>
  name
    .slice(0, 128)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')

const MAX_PARAMETERS = 512
const MAX_DEPTH = 6
/** Roles of the parameters of a tool by leaf path, such as `query`, `options.cwd`, `files[]`; those that are unknown are left out. */
export function rolesOf(inputSchema: unknown, toolName: string): ReadonlyMap<string, ParameterRole> {
  const roles = new Map<string, ParameterRole>()
  try {
    addRoles(roles, inputSchema, '', toolName, 0)
  } catch {
    // A schema that cannot be read says nothing; names are left.
  }
  return roles
}

function addRoles(
  roles: Map<string, ParameterRole>,
  schema: unknown,
  path: string,
  toolName: string,
  depth: number,
): void {
  if (schema === null || typeof schema !== 'object' || depth > MAX_DEPTH) return
  const { properties, items } = schema as { properties?: unknown; items?: unknown }
  if (items !== undefined && path !== '') addRoles(roles, items, `${path}[]`, toolName, depth + 1)
  if (properties === null || typeof properties !== 'object') return
  for (const [name, parameter] of Object.entries(properties)) {
    if (roles.size >= MAX_PARAMETERS) return
    const inner = path === '' ? name : `${path}.${name}`
    const role = roleOf(name, (parameter ?? {}) as ParameterSchema, toolName)
    if (role !== 'unknown') roles.set(inner, role)
    addRoles(roles, parameter, inner, toolName, depth + 1)
  }
}
