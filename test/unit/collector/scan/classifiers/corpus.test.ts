/**
 * Recall and false positives of the text classifiers per source of the development corpora, so that no later change loses quality
 * unseen. Only rates are held here: no row and no phrase of the corpora. Sources that were looked at while developing are marked.
 */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Surface } from '../../../../../collector/scan/classifier.ts'
import { exfiltrationUrl } from '../../../../../collector/scan/classifiers/exfiltration-url.ts'
import { hiddenUnicode } from '../../../../../collector/scan/classifiers/hidden-unicode.ts'
import { homoglyph } from '../../../../../collector/scan/classifiers/homoglyph.ts'
import { injection } from '../../../../../collector/scan/classifiers/injection.ts'
import { padding } from '../../../../../collector/scan/classifiers/padding.ts'
import { terminal } from '../../../../../collector/scan/classifiers/terminal.ts'
import { scannerOf } from '../../../../../collector/scan/scan.ts'

const FOLDER = resolve(import.meta.dirname, '../../../../../../shared/corpora')
const scanner = scannerOf([injection, hiddenUnicode, homoglyph, terminal, padding, exfiltrationUrl])

interface Row {
  readonly id: string
  readonly label: string
  readonly attack_type: string | null
  readonly source?: string
  readonly source_repo?: string
  readonly tool?: { readonly name: string } | string | null
  readonly result?: unknown
  readonly arguments?: unknown
  readonly after?: unknown
  readonly steps?: readonly { readonly result: unknown }[]
}

const rowsOf = (file: string): readonly Row[] =>
  readFileSync(`${FOLDER}/${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line): Row => JSON.parse(line))

/** The share of rows in which something stands for a verdict. */
function flagged(rows: readonly Row[], surface: Surface, pick: (row: Row) => unknown): number {
  expect(rows.length).toBeGreaterThan(0)
  let found = 0
  for (const row of rows) {
    const toolName = typeof row.tool === 'object' && row.tool !== null ? row.tool.name : (row.tool ?? '')
    const { hits } = scanner.scanValue(pick(row), { surface, toolName, otherTools: new Set() })
    if (hits.some((hit) => hit.verdict !== 'benign')) found++
  }
  return found / rows.length
}

const of = (rows: readonly Row[], source: string, attack?: RegExp): readonly Row[] =>
  rows.filter(
    (row) =>
      (row.source ?? row.source_repo ?? '').includes(source) &&
      (attack === undefined || attack.test(row.attack_type ?? '')),
  )

// Without the corpora beside the project there is nothing to measure.
describe.skipIf(!existsSync(FOLDER))('text classifiers on the development corpora', () => {
  test.each([
    ['MCPSafety', 0.93],
    ['cisco', 0.88],
    ['SAFE-MCP', 0.95],
    ['enkryptai', 0.9],
    ['damn-vulnerable', 0.9],
    ['Vulnerable-MCP-Server', 0.9],
  ])('poisoned and shadowing tools of %s: at least %d are found', (source, floor) => {
    const rows = of(rowsOf('tools.malicious.jsonl'), source, /poisoning|shadowing/)
    expect(flagged(rows, 'definition', (row) => row.tool)).toBeGreaterThanOrEqual(floor)
  })

  test('hidden Unicode and look-alike names: all are found', () => {
    expect(flagged(rowsOf('tools.malicious-unicode.jsonl'), 'definition', (row) => row.tool)).toBe(1)
  })

  test.each([
    ['MCPSafety', 0.9],
    ['garak', 0.95],
    ['ASB', 0.9],
    ['enkryptai', 0.7],
    ['BIPIA', 0.15],
  ])('injected results of %s: at least %d are found', (source, floor) => {
    const rows = of(rowsOf('calls.malicious.jsonl'), source, /result_injection/)
    expect(flagged(rows, 'result', (row) => row.result)).toBeGreaterThanOrEqual(floor)
  })

  test('injected steps of recorded sessions: at least 0.9 are found, none in benign ones', () => {
    const rows = rowsOf('sessions.craibench.jsonl')
    const results = (row: Row): unknown => row.steps?.map((step) => step.result)
    expect(
      flagged(
        rows.filter((row) => row.label === 'malicious'),
        'result',
        results,
      ),
    ).toBeGreaterThanOrEqual(0.9)
    expect(
      flagged(
        rows.filter((row) => row.label === 'benign'),
        'result',
        results,
      ),
    ).toBe(0)
  })

  test.each([
    ['docker/mcp-registry', 0.002],
    ['awslabs', 0.003],
    ['cisco', 0.005],
    ['github-mcp-server', 0],
    ['MCP-Universe', 0],
  ])('benign tools of %s: at most %d are flagged', (source, ceiling) => {
    expect(flagged(of(rowsOf('tools.benign.jsonl'), source), 'definition', (row) => row.tool)).toBeLessThanOrEqual(
      ceiling,
    )
  })

  test('tools whose manuals read like orders: at most 0.02 are flagged', () => {
    expect(flagged(rowsOf('extra/tools.benign-hard.jsonl'), 'definition', (row) => row.tool)).toBeLessThanOrEqual(0.02)
  })

  test('benign changes, results and arguments: at most 0.005 are flagged', () => {
    const changes = rowsOf('changes.benign.jsonl').filter((row) => row.after !== null)
    expect(flagged(changes, 'definition', (row) => row.after)).toBeLessThanOrEqual(0.005)
    const calls = rowsOf('calls.benign.jsonl')
    const results = calls.filter((row) => row.result !== undefined)
    expect(flagged(results, 'result', (row) => row.result)).toBeLessThanOrEqual(0.005)
    const passed = calls.filter((row) => row.arguments !== undefined)
    expect(flagged(passed, 'arguments', (row) => row.arguments)).toBeLessThanOrEqual(0.005)
  })
})
