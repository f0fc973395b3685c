// Law: every counter, gauge and log line that the service emits is in the catalogue, and the reverse.
import { describe, expect, it } from 'vitest'
import { COUNTERS, GAUGES, LOGS } from '../../schemas/telemetry.ts'
import { isTest, type Node, parseSource, type Source, sources, walk } from './sources.ts'

const CATALOGUE = 'schemas/telemetry.ts'
const names = { count: Object.keys(COUNTERS), gauge: Object.keys(GAUGES), log: Object.keys(LOGS) }

/** Texts a node can be: a literal, or either side of a condition. */
function texts(node: Node | undefined): string[] {
  if (node?.type === 'Literal') return typeof node['value'] === 'string' ? [node['value']] : []
  if (node?.type === 'ConditionalExpression')
    return [...texts(node['consequent'] as Node), ...texts(node['alternate'] as Node)]
  return []
}
/** Names given to `….count('…'`, `….gauge('…'` and `….log('…'` of a telemetry port. */
function emitted({ body }: Source): { readonly kind: keyof typeof names; readonly name: string }[] {
  const found: { kind: keyof typeof names; name: string }[] = []
  walk(body, (node) => {
    const callee = node['callee'] as Node | undefined
    if (node.type !== 'CallExpression' || callee?.type !== 'MemberExpression') return
    const kind = (callee['property'] as Node)['name'] as string
    const owner = JSON.stringify(callee['object'])
    if (!Object.hasOwn(names, kind) || !/telemetry/i.test(owner)) return
    for (const name of texts((node['arguments'] as Node[])[0])) found.push({ kind: kind as keyof typeof names, name })
  })
  return found
}
const unknown = (source: Source): string[] =>
  emitted(source)
    .filter(({ kind, name }) => !names[kind].includes(name))
    .map(({ kind, name }) => `${source.path}: ${kind}('${name}')`)

describe('telemetry', () => {
  const service = sources().filter(({ path }) => !isTest(path) && path !== CATALOGUE)

  it('every name that is emitted is in the catalogue', () => {
    expect(service.flatMap(unknown)).toEqual([])
    expect(unknown(parseSource('cli/a.ts', "telemetry.count('mcp_auditd_nothing_total', 1)"))).toHaveLength(1)
    expect(unknown(parseSource('cli/a.ts', "this.telemetry.log(ok ? 'started' : 'nothing')"))).toHaveLength(1)
    expect(unknown(parseSource('cli/a.ts', "console.log('nothing')"))).toEqual([])
  })
  it('every name of the catalogue is used', () => {
    const written = new Set<string>()
    for (const { body } of service) walk(body, (node) => void texts(node).forEach((text) => void written.add(text)))
    const unused = [...names.count, ...names.gauge, ...names.log].filter((name) => !written.has(name))
    expect(unused).toEqual([])
    expect(written.size).toBeGreaterThan(0)
  })
  it('a metric says its unit and kind in its name', () => {
    expect(names.count.filter((name) => !/^mcp_auditd_[a-z_]+_total$/.test(name))).toEqual([])
    expect(names.gauge.filter((name) => !/^mcp_auditd_[a-z_]+$/.test(name) || name.endsWith('_total'))).toEqual([])
  })
})
