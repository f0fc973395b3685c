/** The loader: every file under rules/<category>/ is a rule. Nothing is registered; what is wrong is refused before the first event. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AuditdError } from '../schemas/errors.ts'
import type { Suppression } from '../schemas/suppression.ts'
import { modeOf, patternsWithout, type RuleMode } from './disposition.ts'
import { type AnyRule, configure, isRuleId, type LoadedRule, type LoadedRules } from './loaded-rule.ts'

export type { AnyRule, LoadedRule, LoadedRules }
export interface LoadOptions {
  /** Options of rules by rule id: `rules` of the configuration. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Rules that are off or only watch, by pattern. */
  readonly modes?: Readonly<Record<string, RuleMode>>
  readonly suppressions?: readonly Suppression[]
  /** Rules beside those of the folder. */
  readonly extra?: readonly AnyRule[]
  /** Another folder of rules, for tests. */
  readonly folder?: string
  /** Rules of the operator beside ours. */
  readonly userFolder?: UserFolder
}
/** Files named like a rule, in the folder or one below, are rules; others are modules of theirs. */
export interface UserFolder {
  readonly path: string
  /** Put behind each URL that is imported: a changed file is another module. */
  readonly version: string
}

const RULES = join(import.meta.dirname, 'rules')
const SOURCE = /(?<!\.d)\.[jt]s$/
/** Modules a rule takes its decision from, and theirs; the contract itself is not part of a rule’s meaning. */
const IMPORTED = /from '(\.\.?\/[^']+)'/g
const CONTRACT = new Set(['rule.ts', 'sample.ts', 'rule.js', 'sample.js'])

export async function loadRules(options: LoadOptions = {}): Promise<LoadedRules> {
  const { config = {}, extra = [], folder = RULES, userFolder } = options
  const hash = createHash('sha256')
  const found: AnyRule[] = []
  for (const path of ruleFiles(folder)) {
    hash.update(JSON.stringify([path.replace(SOURCE, ''), ...sourcesOf(join(folder, path))]))
    const rule = await ruleIn(folder, path, '')
    if (rule.id.slice(0, 3) !== path.split('/')[0])
      throw new AuditdError('config_invalid', 'rules', path, 'stands in the folder of another family')
    found.push(rule)
  }
  if (userFolder !== undefined)
    for (const path of userFiles(userFolder.path)) {
      hash.update(JSON.stringify([path.replace(SOURCE, ''), userFolder.version]))
      found.push(await ruleIn(userFolder.path, path, userFolder.version))
    }
  const { modes = {}, suppressions = [] } = options
  return operated(assemble([...found, ...extra], config, hash.digest('hex')), modes, suppressions)
}

/** The same rules, some of them off or only watching, some findings known. A pattern that fits no rule is refused. */
function operated(
  { rules, hash }: LoadedRules,
  modes: Readonly<Record<string, RuleMode>>,
  suppressions: readonly Suppression[],
): LoadedRules {
  const ids = rules.map(({ id }) => id)
  for (const pattern of patternsWithout(Object.keys(modes), ids))
    throw new AuditdError('config_invalid', 'configuration', `ruleModes.${pattern}`, 'fits no rule')
  for (const pattern of patternsWithout(
    suppressions.map(({ rule }) => rule),
    ids,
  ))
    throw new AuditdError('config_invalid', 'configuration', 'suppressions', `${pattern} fits no rule`)
  if (Object.keys(modes).length === 0 && suppressions.length === 0) return { rules, hash }
  const changed = rules.map((rule) => ({ ...rule, mode: modeOf(rule.id, modes) }))
  const parts = [hash, changed.map(({ mode }) => mode), suppressions]
  return { rules: changed, hash: createHash('sha256').update(JSON.stringify(parts)).digest('hex'), suppressions }
}

async function ruleIn(folder: string, path: string, version: string): Promise<AnyRule> {
  const url = pathToFileURL(join(folder, path)).href
  let loaded: { default?: AnyRule }
  try {
    loaded = (await import(version === '' ? url : `${url}?v=${version}`)) as { default?: AnyRule }
  } catch (error) {
    throw new AuditdError('config_invalid', 'rules', path, `cannot be loaded: ${(error as Error).message}`, error)
  }
  const rule = loaded.default
  if (rule?.id === undefined)
    throw new AuditdError('config_invalid', 'rules', path, 'has no rule as its default export')
  if (rule.id !== path.split('/').at(-1)!.replace(SOURCE, ''))
    throw new AuditdError('config_invalid', 'rules', path, `its rule says id ${rule.id}`)
  return rule
}

/** Rules made elsewhere, as the engine takes them. `basis` stands for their sources in the hash. */
export function assemble(all: readonly AnyRule[], config: LoadOptions['config'] = {}, basis = ''): LoadedRules {
  const ids = new Set<string>()
  for (const { id } of all) {
    if (ids.has(id)) throw new AuditdError('config_invalid', 'rules', id, 'there are two rules with this id')
    ids.add(id)
  }
  for (const id of Object.keys(config))
    if (!ids.has(id)) throw new AuditdError('config_invalid', 'rules', id, 'no such rule')
  const rules: LoadedRule[] = all.map((rule) => configure(rule, config[rule.id])).sort((a, b) => (a.id < b.id ? -1 : 1))
  const parts = rules.map(({ id, version, options }) => [id, version, options])
  return {
    rules,
    hash: createHash('sha256')
      .update(JSON.stringify([basis, parts]))
      .digest('hex'),
  }
}

/** Paths below the folder, sorted, with `/`. */
function sourcesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => SOURCE.test(path) && !path.includes('node_modules/'))
      .sort()
  } catch (error) {
    throw new AuditdError('config_invalid', 'rules', folder, 'is no folder that can be read', error)
  }
}
const ruleFiles = (folder: string): readonly string[] =>
  sourcesIn(folder).filter((path) => path.split('/').length === 2)
export const userFiles = (folder: string): readonly string[] =>
  sourcesIn(folder).filter(
    (path) => path.split('/').length <= 2 && isRuleId(path.split('/').at(-1)!.replace(SOURCE, '')),
  )

/** The text of a module and of all it imports by a path, each once. */
function sourcesOf(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const source = readFileSync(file, 'utf8')
  const imported = [...source.matchAll(IMPORTED)]
    .map(([, specifier]) => join(file, '..', specifier!))
    .filter((path) => !CONTRACT.has(path.split(/[\\/]/).at(-1)!))
    .sort()
  return [source, ...imported.flatMap((path) => sourcesOf(path, seen))]
}
