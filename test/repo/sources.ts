// The tracked TypeScript files with their syntax trees and imports: what the laws of the repository are checked on.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vitest/node'

export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)))

/** A node of the ESTree that the parser gives; only the fields that the laws look at are named. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}
export interface Import {
  /** As written. */
  readonly specifier: string
  /** Path from the root for a relative import, else undefined. */
  readonly path: string | undefined
  /** Nothing of it exists at run time. */
  readonly typeOnly: boolean
  /** Imported names; `default`, and `*` for a namespace, `import()` or a re-export of everything. */
  readonly names: readonly string[]
}
export interface Source {
  readonly path: string
  readonly text: string
  readonly body: readonly Node[]
  readonly imports: readonly Import[]
}

/** Every file git knows and that is there, with forward slashes. */
export const trackedFiles = (): string[] =>
  execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\0')
    .filter((path) => path !== '' && existsSync(resolve(ROOT, path)))

export const readTracked = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8')

const isNode = (value: unknown): value is Node =>
  value !== null && typeof value === 'object' && typeof (value as { type?: unknown }).type === 'string'

/** Calls `visit` for every node below, with its parent and the field it stands in. */
export function walk(nodes: readonly Node[], visit: (node: Node, parent?: Node, field?: string) => void): void {
  const below = (node: Node, parent?: Node, field?: string): void => {
    visit(node, parent, field)
    for (const [name, value] of Object.entries(node)) {
      if (Array.isArray(value)) for (const inner of value) isNode(inner) && below(inner, node, name)
      else if (isNode(value)) below(value, node, name)
    }
  }
  for (const node of nodes) below(node)
}

/** One file as a source; `path` decides how its relative imports resolve. */
export function parseSource(path: string, text: string): Source {
  const body = parseAst(text, { lang: 'ts' }, path).body as unknown as readonly Node[]
  const imports: Import[] = []
  const add = (specifier: unknown, typeOnly: boolean, names: readonly string[]) => {
    if (typeof specifier !== 'string') return
    const relative = specifier.startsWith('.')
    const target = relative ? posix.normalize(posix.join(posix.dirname(path), specifier)) : undefined
    imports.push({ specifier, path: target, typeOnly, names })
  }
  walk(body, (node) => {
    const kind = node['importKind'] ?? node['exportKind']
    if (node.type === 'ImportDeclaration') add(literal(node['source']), kind === 'type', importedNames(node))
    else if (node.type === 'ExportAllDeclaration') add(literal(node['source']), kind === 'type', ['*'])
    else if (node.type === 'ExportNamedDeclaration' && node['source'])
      add(literal(node['source']), kind === 'type', importedNames(node))
    else if (node.type === 'ImportExpression') add(literal(node['source']), false, ['*'])
    else if (node.type === 'TSImportType') add(literal(node['source'] ?? node['argument']), true, ['*'])
  })
  return { path, text, body, imports }
}

function literal(node: unknown): unknown {
  return isNode(node) ? (node['value'] ?? literal(node['literal'])) : undefined
}
function importedNames(node: Node): string[] {
  return ((node['specifiers'] as Node[] | undefined) ?? []).map((specifier) => {
    const imported = (specifier['imported'] ?? specifier['local']) as Node
    if (specifier.type === 'ImportNamespaceSpecifier') return '*'
    return specifier.type === 'ImportDefaultSpecifier' ? 'default' : String(imported['name'])
  })
}

let cached: readonly Source[] | undefined
/** All tracked TypeScript files, parsed once. */
export const sources = (): readonly Source[] => {
  cached ??= trackedFiles()
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.startsWith('test/fixtures/'))
    .map((path) => parseSource(path, readTracked(path)))
  return cached
}

/** Tests and what only runs them: the floors do not bind them, and nothing we ship may import them. */
export const isTest = (path: string): boolean => /^(test\/|\.ci\/|vitest\.config\.ts$)/.test(path)
/** `kafkajs` of `kafkajs`, `@a/b` of `@a/b/c`, `node:fs` of `node:fs`. */
export const packageOf = (specifier: string): string =>
  specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]!
