/** The loader: every file under rules/<category>/ is a rule. Nothing is registered; what is wrong is refused before the first event. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AuditdError } from '../schemas/errors.ts'
import { type AnyRule, configure, type LoadedRule, type LoadedRules } from './loaded-rule.ts'

export type { AnyRule, LoadedRule, LoadedRules }
export interface LoadOptions {
  /** Options of rules by rule id: `rules` of the configuration. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Rules beside those of the folder. */
  readonly extra?: readonly AnyRule[]
  /** Another folder of rules, for tests. */
  readonly folder?: string
}

const RULES = join(import.meta.dirname, 'rules')
const SOURCE = /(?<!\.d)\.[jt]s$/
/** Modules a rule takes its decision from; the contract itself is not part of a rule’s meaning. */
const IMPORTED = /from '(\.\.?\/[^']+)'/g
const CONTRACT = new Set(['rule.ts', 'sample.ts', 'rule.js', 'sample.js'])

export async function loadRules({ config = {}, extra = [], folder = RULES }: LoadOptions = {}): Promise<LoadedRules> {
  const hash = createHash('sha256')
  const found: AnyRule[] = []
  for (const path of ruleFiles(folder)) {
    const source = readFileSync(join(folder, path), 'utf8')
    hash.update(JSON.stringify([path.replace(SOURCE, ''), source, ...importedBy(folder, path, source)]))
    const rule = ((await import(pathToFileURL(join(folder, path)).href)) as { default?: AnyRule }).default
    const file = path.split('/').at(-1)!.replace(SOURCE, '')
    if (rule?.id === undefined)
      throw new AuditdError('config_invalid', 'rules', path, 'has no rule as its default export')
    if (rule.id !== file) throw new AuditdError('config_invalid', 'rules', path, `its rule says id ${rule.id}`)
    if (rule.id.slice(0, 3) !== path.split('/')[0])
      throw new AuditdError('config_invalid', 'rules', path, 'stands in the folder of another family')
    found.push(rule)
  }
  return assemble([...found, ...extra], config, hash.digest('hex'))
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
function ruleFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => SOURCE.test(path) && path.split('/').length === 2)
    .sort()
}

function importedBy(folder: string, path: string, source: string): readonly string[] {
  return [...source.matchAll(IMPORTED)]
    .map(([, specifier]) => join(folder, path, '..', specifier!))
    .filter((file) => !CONTRACT.has(file.split(/[\\/]/).at(-1)!))
    .sort()
    .map((file) => readFileSync(file, 'utf8'))
}
