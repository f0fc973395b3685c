// Mutants of a rule or of a module that decides for rules: a clause dropped, a condition turned, a threshold moved by one.
import { type Node, parseSource, walk } from '../repo/sources.ts'

export interface Mutant {
  readonly start: number
  readonly end: number
  readonly text: string
  /** What was done, for people. */
  readonly what: string
}

/** Words of a rule that say something and decide nothing. */
const TOLD = new Set(
  'id version title why falsePositives blindSpots triage refs requires occasional producerGaps examples evidence saw expected ttl cooldown per about'.split(
    ' ',
  ),
)
/** Constants that bound what is remembered: they decide how much, not what. */
const BOUND = /^(MAX|KEPT|KEEP|REMEMBERED|BOUND|SAID|LOOKED)(_|$)|_(CHARS|LENGTH|HASHES|KEPT|BYTES)$/
/** Calls whose numbers only cut or show. */
const SHOWN = new Set(
  'slice at padStart padEnd toFixed toPrecision substring round repeat toString describe min max'.split(' '),
)
const SWAPPED: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
}

const field = (node: Node, name: string): Node => node[name] as Node
const nameOf = (node: Node | undefined): string => String(node?.['name'] ?? node?.['value'] ?? '')

/** Top-level statements that the logic of a rule reaches by name, so that what only builds examples is left alone. */
function decidingParts(body: readonly Node[]): readonly Node[] {
  const rule = body.find(({ type }) => type === 'ExportDefaultDeclaration')
  if (rule === undefined) return body
  const named = new Map<string, Node>()
  for (const statement of body)
    for (const declaration of (statement['declarations'] as Node[] | undefined) ?? [statement]) {
      const name = nameOf(declaration['id'] as Node | undefined)
      if (name !== '') named.set(name, declaration)
    }
  const call = field(rule, 'declaration')
  const object = (call['arguments'] as Node[])[0]!
  const logic = (object['properties'] as Node[]).filter((property) => !TOLD.has(nameOf(property['key'] as Node)))
  const reached = new Set<Node>(logic)
  for (const part of reached)
    walk([part], (node, parent, at) => {
      const isProperty = at === 'property' || (at === 'key' && parent?.['computed'] !== true)
      const target = node.type === 'Identifier' && !isProperty ? named.get(nameOf(node)) : undefined
      if (target !== undefined) reached.add(target)
    })
  return [...reached]
}

/** Mutants of a file, in the order of the text. */
export function mutantsOf(path: string, text: string): readonly Mutant[] {
  const { body } = parseSource(path, text)
  const mutants = new Map<string, Mutant>()
  const put = (node: Node, replacement: string, what: string): void => {
    const end = node['end'] as number
    mutants.set(`${node.start} ${end} ${replacement}`, { start: node.start, end, text: replacement, what })
  }
  const source = (node: Node): string => text.slice(node.start, node['end'] as number)
  const short = (node: Node): string => source(node).replace(/\s+/g, ' ').slice(0, 70)
  const visit = (node: Node, ancestors: readonly Node[]): void => {
    const parent = ancestors.at(-1)
    if (isTold(node, ancestors)) return
    mutate(node, parent)
    for (const value of Object.values(node)) {
      const inner = Array.isArray(value) ? (value as Node[]) : [value as Node]
      for (const each of inner) if (typeof each?.type === 'string') visit(each, [...ancestors, node])
    }
  }
  const mutate = (node: Node, parent: Node | undefined): void => {
    if (node.type === 'LogicalExpression' && node['operator'] !== '??') {
      put(node, source(field(node, 'left')), `without ${short(field(node, 'right'))}`)
      put(node, source(field(node, 'right')), `without ${short(field(node, 'left'))}`)
    }
    if (node.type === 'IfStatement') {
      put(field(node, 'test'), 'true', `always: if (${short(field(node, 'test'))})`)
      put(field(node, 'test'), 'false', `never: if (${short(field(node, 'test'))})`)
    }
    if (node.type === 'ConditionalExpression') {
      put(node, `(${source(field(node, 'consequent'))})`, `always: ${short(field(node, 'test'))} ?`)
      put(node, `(${source(field(node, 'alternate'))})`, `never: ${short(field(node, 'test'))} ?`)
    }
    const operator = String(node['operator'] ?? '')
    if (node.type === 'BinaryExpression' && SWAPPED[operator] !== undefined)
      put(
        node,
        `${source(field(node, 'left'))} ${SWAPPED[operator]} ${source(field(node, 'right'))}`,
        `${operator} becomes ${SWAPPED[operator]}: ${short(node)}`,
      )
    if (node.type === 'UnaryExpression' && operator === '!')
      put(node, source(field(node, 'argument')), `not: ${short(node)}`)
    if (node.type === 'Literal' && typeof node['value'] === 'number' && isThreshold(node, parent)) {
      const value = node['value'] as number
      put(node, String(value + 1), `${short(node)} becomes ${value + 1}`)
      if (value > 0) put(node, String(value - 1), `${short(node)} becomes ${value - 1}`)
    }
  }
  for (const part of decidingParts(body)) visit(part, [])
  return [...mutants.values()].sort((a, b) => a.start - b.start)
}

/** A number that decides: not an index, not the width of what is shown. */
function isThreshold(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return true
  if (parent.type === 'MemberExpression') return false
  if (parent.type === 'UnaryExpression' && parent['operator'] === '-') return false
  // `x.indexOf(…) < 0` and `list.length === 0` move with their operator already.
  if (parent.type === 'BinaryExpression' && node['value'] === 0) return false
  return true
}

function isTold(node: Node, ancestors: readonly Node[]): boolean {
  const parent = ancestors.at(-1)
  if (node.type.startsWith('TS') || node.type === 'TemplateLiteral') return true
  if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return true
  if (node.type === 'Property' && TOLD.has(nameOf(node['key'] as Node))) return true
  if (node.type === 'VariableDeclarator' && BOUND.test(nameOf(node['id'] as Node))) return true
  if (node.type !== 'CallExpression') return false
  const callee = node['callee'] as Node
  const called = callee.type === 'MemberExpression' ? nameOf(callee['property'] as Node) : nameOf(callee)
  if (['sample', 'example', 'exampleWith', 'graded'].includes(called)) return true
  // The object of `x.slice(0, 3)` still decides, its numbers do not.
  return SHOWN.has(called) && parent?.type !== 'MemberExpression' && !hasLogic(node)
}
function hasLogic(node: Node): boolean {
  let found = false
  walk([node], ({ type }) => {
    found ||= type === 'LogicalExpression' || type === 'ConditionalExpression' || type === 'IfStatement'
  })
  return found
}
