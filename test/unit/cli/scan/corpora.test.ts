/**
 * Recall and false alarms of the whole scan path on the development corpora, so that no later change loses quality unseen: classifiers,
 * rules and grades together, as `npm run eval` measures them. Only rates are held here: no row and no phrase of the corpora.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { loadRules } from '../../../../detectors/load.ts'
import { hasCorpora, readCorpora } from '../../../eval/corpora.ts'
import { type Line, linesOf, type Measured } from '../../../eval/lines.ts'
import { verdictOf } from '../../../eval/measure.ts'
import { neutralRow } from '../../../eval/neutral.ts'
import { type Target, targetsOf } from '../../../eval/targets.ts'

// Without the corpora beside the project there is nothing to measure.
describe.skipIf(!hasCorpora())('the scan path on the development corpora', () => {
  let measured: readonly Measured[] = []
  let lines: readonly Line[] = []
  let targets: readonly Target[] = []
  beforeAll(async () => {
    const rules = await loadRules()
    measured = readCorpora().map((row) => {
      const neutral = verdictOf(neutralRow(row), rules)
      return { row, neutral, asItCame: neutral, naive: false, leftOut: undefined }
    })
    lines = linesOf(measured)
    targets = targetsOf(measured)
  }, 240_000)

  const lineOf = (type: string, source: string): Line => {
    const line = lines.find((one) => one.type === type && one.source.startsWith(source))
    if (line === undefined) throw new Error(`no rows of ${type} in ${source}`)
    return line
  }
  const percentOf = (what: string): number => {
    const target = targets.find((one) => one.what.startsWith(what))
    if (target === undefined) throw new Error(`no such aim: ${what}`)
    return target.share.percent
  }

  it('reads every row', () => {
    expect(measured.length).toBeGreaterThan(6_000)
    expect(measured.filter(({ neutral }) => neutral.error !== '').map(({ row }) => row.id)).toEqual([])
  })
  it.each([
    ['tool_poisoning', 'xjzzzzzzzz', 88],
    ['tool_poisoning', 'cisco', 85],
    ['tool_poisoning', 'enkryptai', 75],
    ['tool_shadowing', 'xjzzzzzzzz', 95],
    ['tool_shadowing', 'SAFE-MCP', 87],
    ['hidden_unicode', 'NVIDIA', 95],
    ['homoglyph_name', 'Unicode', 95],
    ['result_injection', 'agiresearch', 90],
    ['result_injection', 'AthaSSiN', 90],
    ['result_injection', 'NVIDIA', 95],
    ['result_injection', 'enkryptai', 70],
    ['result_injection', 'xjzzzzzzzz', 90],
    ['result_injection', 'microsoft', 85],
    ['path_traversal', 'swisskyrepo', 95],
    ['sql_injection', 'swisskyrepo', 90],
    ['command_injection', 'swisskyrepo', 90],
    ['template_injection', 'swisskyrepo', 90],
    ['nosql_injection', 'swisskyrepo', 90],
    ['credential_file_access', 'SAFE-MCP', 90],
    ['secret_exposure', 'gitleaks', 90],
  ])('%s of %s: at least %d %% are found', (type, source, floor) => {
    expect(lineOf(type, source).flagged.percent).toBeGreaterThanOrEqual(floor)
  })
  it.each([
    ['hidden Unicode and homoglyphs', 95],
    ['injected results', 90],
    ['injected results with a role marker', 90],
    ['malicious changes graded high', 90],
    ['argument attacks', 90],
    ['secrets', 90],
  ])('%s: at least %d %%', (what, floor) => {
    expect(percentOf(what)).toBeGreaterThanOrEqual(floor)
  })
  it.each([
    ['benign tools flagged', 0.5],
    ['tools crawled in the wild', 0.2],
    ['benign tools flagged for hidden Unicode', 0],
    ['benign results flagged', 1],
    ['benign changes graded high', 1],
    ['benign changes graded medium', 15],
    ['benign arguments flagged', 0.5],
    ['real results and arguments flagged for a secret', 0.2],
  ])('%s: at most %d %%', (what, ceiling) => {
    expect(percentOf(what)).toBeLessThanOrEqual(ceiling)
  })
})
