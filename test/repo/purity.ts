// The law of purity: detectors/ are functions of events. No clock, randomness, I/O or hidden memory.
import { type Node, type Source, walk } from './sources.ts'

/** Globals that read the world or the clock, or act on it. */
const IMPURE_GLOBALS = new Set([
  'process',
  'fetch',
  'performance',
  'console',
  'globalThis',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'require',
])
const LOADER = 'detectors/load.ts'

const nameOf = (node: unknown): string | undefined =>
  (node as Node | undefined)?.type === 'Identifier' ? String((node as Node)['name']) : undefined

/** `a.b` as text when both are plain names. */
function memberText(node: Node): string {
  const object = nameOf(node['object'])
  const property = nameOf(node['property'])
  return node['computed'] === true || object === undefined || property === undefined ? '' : `${object}.${property}`
}

/** An identifier that is only a name (`x.process`, `{ process: 1 }`), not the global. */
const isOnlyName = (parent: Node | undefined, field: string | undefined): boolean =>
  (parent?.type === 'MemberExpression' && field === 'property' && parent['computed'] !== true) ||
  (field === 'key' && parent?.['computed'] !== true && parent?.['shorthand'] !== true) ||
  parent?.type.startsWith('TS') === true ||
  parent?.type === 'ImportSpecifier'

/** What a file of detectors/ may not do, one sentence each. */
export function purityViolations({ path, body }: Source): string[] {
  const found = new Set<string>()
  walk(body, (node, parent, field) => {
    if (node.type === 'MemberExpression') {
      const text = memberText(node)
      if (text === 'Date.now' || text === 'Math.random') found.add(text)
    }
    const calls = node.type === 'NewExpression' || node.type === 'CallExpression'
    if (calls && nameOf(node['callee']) === 'Date')
      if (node.type === 'CallExpression' || (node['arguments'] as Node[]).length === 0) found.add('Date without a time')
    if (node.type === 'ImportExpression' && path !== LOADER) found.add('import()')
    const name = nameOf(node)
    if (name !== undefined && IMPURE_GLOBALS.has(name) && !isOnlyName(parent, field)) found.add(name)
  })
  if (path.startsWith('detectors/rules/')) for (const memory of hiddenMemory(body)) found.add(memory)
  return [...found].map((what) => `${path} uses ${what}`)
}

/** Module-level variables of a rule that can change between events: state the engine does not know of. */
function hiddenMemory(body: readonly Node[]): string[] {
  const declarations = body
    .map((node) => (node.type === 'ExportNamedDeclaration' ? (node['declaration'] as Node | null) : node))
    .filter((node): node is Node => node?.type === 'VariableDeclaration')
  return declarations.flatMap((declaration) => {
    if (declaration['kind'] !== 'const') return [`a module-level ${String(declaration['kind'])}`]
    return (declaration['declarations'] as Node[]).flatMap((each) => {
      const init = each['init'] as Node | null
      const empty = init?.type === 'NewExpression' && (init['arguments'] as Node[]).length === 0
      return empty && /^(Map|Set|WeakMap|WeakSet)$/.test(nameOf(init['callee']) ?? '') ? ['an empty collection'] : []
    })
  })
}
