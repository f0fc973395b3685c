// Laws about files: names, size, first line, barrels, marks, paths, and that nothing is registered by hand.
import { describe, expect, it } from 'vitest'
import {
  barrelViolations,
  firstLineViolations,
  lineCount,
  markViolations,
  nameViolations,
  placeViolations,
  registrationViolations,
  sizeViolations,
  topLevelViolations,
  WARN_LINES,
  wordViolations,
} from './shape.ts'
import { isTest, parseSource, readTracked, sources, trackedFiles } from './sources.ts'

const at = (path: string, text: string) => [parseSource(path, text)]
/** Texts people write: code, SQL, shell, settings, prose. Fixtures are other people's bytes; this law's own text names what it forbids. */
const texts = trackedFiles()
  .filter((path) => /\.(m?ts|mjs|sql|sh|ya?ml|json|md|xml)$|(^|\/)(run|Dockerfile)$/.test(path))
  .filter((path) => !path.startsWith('test/fixtures/') && !path.startsWith('test/repo/shape'))
  .filter((path) => path !== 'package-lock.json' && !path.includes('.gen.'))
  .map((path) => ({ path, text: readTracked(path) }))

describe('the tree', () => {
  it('the top level holds the allowed names only', () => {
    expect(topLevelViolations(trackedFiles())).toEqual([])
    expect(topLevelViolations(['src/a.ts', 'schemas/a.ts', 'utils.ts'])).toEqual(['src', 'utils.ts'])
  })
  it('names say what is inside, in kebab-case', () => {
    expect(nameViolations(trackedFiles())).toEqual([])
    const bad = [
      'cli/utils.ts',
      'cli/lib/a.ts',
      'cli/state-manager.ts',
      'cli/aB.ts',
      'cli/index.ts',
      'schemas/types.ts',
    ]
    expect(nameViolations(bad)).toHaveLength(bad.length)
    expect(nameViolations(['collector/instrument/index.ts', 'test/unit/cli/wire.test.ts'])).toEqual([])
  })
  it('every test file belongs to a tier that vitest.config.ts runs', () => {
    const tiers = /const TIERS = \[(.*)\]/.exec(readTracked('vitest.config.ts'))![1]!.match(/\w+/g)!
    const tests = trackedFiles().filter((path) => path.endsWith('.test.ts'))
    const orphans = (paths: readonly string[]) =>
      paths.filter((path) => !tiers.some((tier) => path.startsWith(`test/${tier}/`) || path === `test/${tier}.test.ts`))
    expect(orphans(tests)).toEqual([])
    expect(orphans(['test/nowhere/a.test.ts', 'cli/a.test.ts'])).toHaveLength(2)
  })
})

describe('a file', () => {
  const code = sources()
  it('has at most 400 lines, a rule 150', () => {
    const long = code.filter(({ text }) => lineCount(text) > WARN_LINES)
    if (long.length > 0) console.info(`Longer than ${WARN_LINES} lines:`, long.map(({ path }) => path).join(', '))
    expect(sizeViolations(code)).toEqual([])
    const lines = (path: string, count: number) => sizeViolations([{ path, text: 'x\n'.repeat(count) }]).length
    expect([lines('cli/a.ts', 400), lines('cli/a.ts', 401)]).toEqual([0, 1])
    expect([lines('detectors/rules/tok/a.ts', 150), lines('detectors/rules/tok/a.ts', 151)]).toEqual([0, 1])
  })
  it('opens with a sentence that says what it is', () => {
    expect(firstLineViolations(code.filter(({ path }) => !path.endsWith('.test.ts')))).toEqual([])
    expect(firstLineViolations(at('cli/a.ts', "import { b } from './b.ts'\n"))).toHaveLength(1)
    expect(firstLineViolations(at('cli/a.ts', '#!/usr/bin/env node\n// Says it.\n'))).toEqual([])
  })
  it('is no barrel', () => {
    expect(barrelViolations(code)).toEqual([])
    expect(barrelViolations(at('cli/a.ts', "export * from './b.ts'\nexport { c } from './c.ts'"))).toHaveLength(1)
    expect(barrelViolations(at('cli/a.ts', "export * from './b.ts'\nexport const a = 1"))).toEqual([])
  })
  it('names what it declares', () => {
    expect(wordViolations(code)).toEqual([])
    expect(wordViolations(at('cli/a.ts', 'class StateManager {}\nfunction parseHelper() {}\ntype T = 1'))).toHaveLength(
      2,
    )
  })
  it('holds no promises and no test that is switched off', () => {
    expect(markViolations(texts)).toEqual([])
    const mark = `// ${'TO'}${'DO'} later`
    expect(markViolations([{ path: 'cli/a.ts', text: mark }])).toHaveLength(1)
    const off = ['it.skip(', 'describe.only(', 'it.concurrent.only(', 'test.todo(', 'xit('].join('\n')
    expect(markViolations([{ path: 'test/unit/a.test.ts', text: off }])).toHaveLength(5)
    expect(markViolations([{ path: 'test/unit/a.test.ts', text: 'it.skipIf(x)(' }])).toEqual([])
  })
  it('names no registry host and nothing outside the repository', () => {
    expect(placeViolations(texts)).toEqual([])
    const bad = ['https://registry.npmjs.org/zod', 'repo1.maven.org', "readFile('../shared/corpora')"]
    expect(placeViolations(bad.map((text) => ({ path: 'cli/a.ts', text })))).toHaveLength(3)
    expect(placeViolations([{ path: 'test/unit/a.test.ts', text: "'../shared/corpora'" }])).toEqual([])
  })
})

describe('registration', () => {
  it('rules, commands, targets and scenarios are found by folder, never imported by name', () => {
    expect(registrationViolations(sources())).toEqual([])
  })
  it.each([
    ['a rule', "import rule from '../detectors/rules/tok/tok-001.ts'"],
    ['something of a rule', "import { sameAudience } from '../detectors/rules/tok/tok-001.ts'"],
    ['a rule, re-exported', "export { x } from '../detectors/rules/tok/tok-001.ts'"],
    ['a rule, by import()', "await import('../detectors/rules/tok/tok-001.ts')"],
    ['a command', "import up from './commands/up.ts'"],
    ['a target', "import * as slack from '../connectors/webhook/targets/slack.ts'"],
    ['a scenario', "import reuse from './demo/scenarios/ses-001.ts'"],
  ])('%s imported by name is found', (_, text) => {
    expect(registrationViolations(at('cli/a.ts', text))).toHaveLength(1)
  })
  it.each([
    ['a type', "import type { R } from '../detectors/rules/tok/a.ts'"],
    ['a function of a target', "import { alertText } from '../connectors/webhook/targets/console.ts'"],
    ['the loader', "import { loadTargets } from '../connectors/webhook/targets/load.ts'"],
    ['a file by a computed path', 'await import(file)'],
  ])('%s is no registration', (_, text) => {
    expect(registrationViolations(at('cli/a.ts', text))).toEqual([])
  })
  it('the laws see the repository', () => {
    expect(sources().filter(({ path }) => !isTest(path)).length).toBeGreaterThan(20)
    expect(texts.length).toBeGreaterThan(sources().length)
  })
})
