// Laws about files: names, size, first line, barrels, marks, paths, and that nothing is registered by hand.
import { type Import, isTest, type Node, type Source, walk } from './sources.ts'

export const TOP_LEVEL = new Set([
  ...['collector', 'connectors', 'cli', 'deploy', 'detectors', 'schemas', 'test'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'vitest.config.ts', 'biome.json'],
  ...['README.md', 'LICENSE', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'DECISIONS.md', 'WORDS.md'],
  ...['.ci', '.gitignore', '.dockerignore', '.npmrc', '.gitattributes', '.editorconfig'],
])
export const topLevelViolations = (paths: readonly string[]): string[] => [
  ...new Set(paths.map((path) => path.split('/')[0]!).filter((name) => !TOP_LEVEL.has(name))),
]

/** Names that say nothing about what is inside: the first set as any part of a name, the second as the whole of it. */
const EMPTY_PART = /^(utils?|helpers?|common|managers?|misc)$/
const EMPTY_NAME = /^(types?|libs?|src|shared|stuff|core|base|items?|data)$/
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** Folders and code files: kebab-case, no empty word anywhere, `index.ts` only where a package begins. */
export function nameViolations(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (path.startsWith('test/fixtures/')) return []
    const parts = path.split('/').map((part) => part.replace(/^\./, '').split('.')[0]!)
    const words = parts.flatMap((part) => part.split(/[-_]/)).filter((word) => EMPTY_PART.test(word.toLowerCase()))
    const empty = [...words, ...parts.filter((part) => EMPTY_NAME.test(part.toLowerCase()))]
    const faults = empty.map((word) => `${path}: "${word}" says nothing`)
    if (path.endsWith('.ts') && !parts.every((part) => KEBAB.test(part))) faults.push(`${path}: not kebab-case`)
    if (path.endsWith('/index.ts') && path !== 'collector/instrument/index.ts') faults.push(`${path}: no index.ts`)
    return faults
  })
}

export const WARN_LINES = 300
/** Examples that found no room in the file of their rule. */
const ofExamples = (path: string): boolean => /^detectors\/rules\/[a-z]+\/examples\//.test(path)
/** Hard stop: 150 lines for a rule, 400 for any other source. */
export const lineLimit = (path: string): number =>
  path.startsWith('detectors/rules/') && !ofExamples(path) ? 150 : 400
export const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
export const sizeViolations = (files: readonly { readonly path: string; readonly text: string }[]): string[] =>
  files
    .filter(({ path, text }) => lineCount(text) > lineLimit(path))
    .map(({ path, text }) => `${path}: ${lineCount(text)} lines, at most ${lineLimit(path)}`)

/** A file opens with a sentence that says what it is (after a `#!` line). */
export const firstLineViolations = (files: readonly Source[]): string[] =>
  files
    .filter(({ text }) => !/^(#!.*\n)?(\/\/ \S|\/\*\*? ?\S|\/\*\*\n)/.test(text))
    .map(({ path }) => `${path}: the first line does not say what it is`)

/** A file of nothing but re-exports. */
export const barrelViolations = (files: readonly Source[]): string[] =>
  files
    .filter(({ path }) => path !== 'collector/instrument/index.ts')
    .filter(({ body }) => body.length > 0 && body.every((node) => node.type.startsWith('Export') && node['source']))
    .map(({ path }) => `${path}: only re-exports`)

/** Functions, classes and shapes with an empty word at their end. */
export function wordViolations(files: readonly Source[]): string[] {
  return files.flatMap(({ path, body }) => {
    const found: string[] = []
    walk(body, (node, _parent, field) => {
      const name = (node['id'] as Node | null | undefined)?.['name']
      const declares = /^(Function|Class|TSInterface|TSTypeAlias)/.test(node.type) && field !== 'superClass'
      if (declares && typeof name === 'string' && /(Manager|Helper|Utils?|Data|Item)$/.test(name))
        found.push(`${path}: ${name} says nothing`)
    })
    return found
  })
}

const MARKS = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
const FOCUS = /\b(describe|it|test|suite|bench)(\.\w+)?\.(only|skip|todo)\b|\b(fdescribe|fit|xdescribe|xit)\(/
/** Promises instead of work, tests that are switched off. */
export const markViolations = (files: readonly { readonly path: string; readonly text: string }[]): string[] =>
  files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => {
      const mark = MARKS.exec(line)?.[0] ?? (path.endsWith('.test.ts') ? FOCUS.exec(line)?.[0] : undefined)
      return mark === undefined ? [] : [`${path}:${at + 1}: ${mark}`]
    }),
  )

const HOSTS =
  /registry\.(npmjs|yarnpkg)|npmjs\.(org|com)|repo1?\.maven|maven\.org|\bpypi\b|jfrog|artifactory|proxy\.golang/i
const OUTSIDE = /\.\.\/shared\b/
/** Package registries by host, and paths outside the repository (tests may read ../shared, and skip without it). */
export const placeViolations = (files: readonly { readonly path: string; readonly text: string }[]): string[] =>
  files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => {
      const host = HOSTS.exec(line)?.[0]
      const outside = isTest(path) ? undefined : OUTSIDE.exec(line)?.[0]
      return [host, outside].flatMap((found) => (found === undefined ? [] : [`${path}:${at + 1}: ${found}`]))
    }),
  )

/** Folders whose files are found by walking them (by a `load.ts` beside or in them): adding one is creating one file. */
const RULE = /^detectors\/rules\//
const FOUND_BY_FOLDER = [
  /^cli\/commands\//,
  /^cli\/jobs\//,
  /^cli\/admin\/routes\//,
  /^connectors\/webhook\/targets\//,
  /^cli\/(demo\/)?scenarios\//,
]
/** What is registered is a default export; a rule may not be imported for anything else either. */
function isByName({ path = '', typeOnly, names }: Import): boolean {
  if (typeOnly || path.endsWith('/load.ts')) return false
  if (RULE.test(path)) return !ofExamples(path)
  const whole = names.includes('default') || names.includes('*')
  return whole && FOUND_BY_FOLDER.some((folder) => folder.test(path))
}
/** Imports that would be a list kept by hand. Types and tests are free. */
export const registrationViolations = (files: readonly Source[]): string[] =>
  files
    .filter(({ path }) => !isTest(path))
    .flatMap(({ path, imports }) => imports.filter(isByName).map((used) => `${path} imports ${used.path} by name`))
