// Laws about phrases: no text or pattern of classifiers and rules, their examples included, quotes an attack of the corpora.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { patternTexts, quotedPhrases, runsOf, textsOf, wordsOf } from './corpus-phrases.ts'
import { parseSource, ROOT, sources } from './sources.ts'

const FOLDER = resolve(ROOT, '../shared/corpora')
const HARMLESS = new Set(['benign', 'benign_assumed', 'clean_metadata'])
/** Where content stands in a row; everything else is its collector's remarks. */
const CONTENT = ['tool', 'before', 'after', 'arguments', 'result', 'steps', 'events', 'hidden_text']

type Row = Readonly<Record<string, unknown>>
function* strings(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (value !== null && typeof value === 'object') for (const inner of Object.values(value)) yield* strings(inner)
}

describe('phrases of attacks', () => {
  it('are read from strings, templates, sums, lists of words and patterns', () => {
    const text = [
      "const a = 'one two three four five'",
      `const b = \`six seven \${a} eight nine ten\``,
      "const c = 'alpha beta ' + 'gamma ' + a + ' delta'",
      "const d = ['uno', 'due', 'tre', a, 'quattro']",
      'const e = /(?:red|green) blue\\s+(?:not )?violet/u',
    ].join('\n')
    const words = textsOf(parseSource('detectors/a.ts', text)).map((each) => wordsOf(each).join(' '))
    expect(words).toEqual(
      expect.arrayContaining([
        'one two three four five',
        'six seven',
        'eight nine ten',
        'alpha beta gamma',
        'delta',
        'uno due tre quattro',
        'red blue not violet',
        'green blue not violet',
        'blue violet',
      ]),
    )
  })
  it('are found when an attack has them and no benign text does', () => {
    const files = [{ path: 'detectors/a.ts', texts: ['Bring me two LARGE, ripe apples'] }]
    expect(quotedPhrases(files, ['please bring me two large ripe pears'], [])).toEqual([
      'detectors/a.ts: "bring me two large ripe" is a phrase of an attack',
    ])
    expect(quotedPhrases(files, ['bring me two large ripe pears'], ['Bring me two large ripe plums'])).toEqual([])
    expect(quotedPhrases(files, ['bring me two large'], [])).toEqual([])
    expect(runsOf("don't go there, my dear friend")).toEqual(['dont go there my dear', 'go there my dear friend'])
    expect(patternTexts('a\\.b')).toContain('a b')
  })
  // Without the corpora beside the project there is nothing to quote.
  it.skipIf(!existsSync(FOLDER))('stand in no classifier, no rule and no example of one', () => {
    const texts: Record<'malicious' | 'benign', string[]> = { malicious: [], benign: [] }
    for (const file of globSync('**/*.jsonl', { cwd: FOLDER }))
      for (const line of readFileSync(resolve(FOLDER, file), 'utf8').split('\n')) {
        if (line === '') continue
        const row = JSON.parse(line) as Row
        const own = texts[HARMLESS.has(String(row['label'])) ? 'benign' : 'malicious']
        for (const field of CONTENT) own.push(...strings(row[field]))
      }
    const files = sources()
      .filter(({ path }) => path.startsWith('collector/scan/') || path.startsWith('detectors/'))
      .map((source) => ({ path: source.path, texts: textsOf(source) }))
    expect(files.length).toBeGreaterThan(50)
    expect(quotedPhrases(files, texts.malicious, texts.benign)).toEqual([])
  })
})
