/** Words that only look like ASCII are found; other scripts, units and formulas are clean. */
import { describe, expect, test } from 'vitest'
import type { Surface } from '../../../../../collector/scan/classifier.ts'
import { homoglyph } from '../../../../../collector/scan/classifiers/homoglyph.ts'

const classes = (text: string, surface: Surface = 'definition') =>
  homoglyph
    .check({ text, decodings: [] }, { surface, role: 'unknown', path: 'name', toolName: '', otherTools: new Set() })
    .filter((hit) => hit.verdict !== 'benign')
    .map((hit) => hit.class)

describe('homoglyphs', () => {
  test.each([
    ['homoglyph.mixed_script', 'r\u0435ad_file'],
    ['homoglyph.mixed_script', 'send_\u043cail'],
    ['homoglyph.mixed_script', 'list_\u03bfrders'],
    ['homoglyph.mixed_script', 'get_\u0578ame'],
    ['homoglyph.mixed_script', '\u13aadmin_tool'],
    ['homoglyph.whole_script', '\u0441\u043e\u0440\u0443 the file'],
    ['homoglyph.math_alphabet', 'Reads the \u{1d5d9}\u{1d5f6}\u{1d5f9}\u{1d5f2}'],
    ['homoglyph.fullwidth', 'Reads the \uff46\uff49\uff4c\uff45'],
    ['homoglyph.latin_twin', 'confi\u0261_get'],
  ])('%s: %s', (kind, text) => {
    expect(classes(text)).toContain(kind)
  })

  test.each([
    [
      'Russian',
      '\u041f\u043e\u0438\u0441\u043a \u0444\u0430\u0439\u043b\u043e\u0432 \u0432 \u043f\u0430\u043f\u043a\u0435, \u0442\u0430\u043a\u0436\u0435 API',
    ],
    ['Greek', '\u0391\u03bd\u03b1\u03b6\u03ae\u03c4\u03b7\u03c3\u03b7 \u03b1\u03c1\u03c7\u03b5\u03af\u03c9\u03bd'],
    ['units', '5 \u00b5m, 10 k\u03a9, 3 \u03a9m'],
    ['formulas', 'E = \u03b1x + \u03b2y, \u0394t, \u03bbx'],
    ['molecules', 'TNF\u03b1 and IFN\u03b3, \u03b2lactam'],
    ['a mathematical letter', 'for all \u{1d465} in X'],
    ['Japanese with fullwidth', '\u6771\u4eac\u306e\uff21\uff30\uff29\u3092\u4f7f\u3046 \uff21\uff22\uff23'],
    ['accents', 'Gr\u00f6\u00dfe, caf\u00e9, \u0141\u00f3d\u017a, \u0131\u015f\u0131k'],
    [
      'Russian with brands',
      '\u0412 \u043c\u0430\u0433\u0430\u0437\u0438\u043d\u0435 \u0435\u0441\u0442\u044c \u043d\u043e\u0432\u044b\u0439 iPhone\u043e\u043c \u0438 \u0447\u0435\u0445\u043b\u044b \u0434\u043b\u044f \u043d\u0435\u0433\u043e',
    ],
  ])('%s: clean', (_name, text) => {
    expect(classes(text)).toEqual([])
    expect(classes(text, 'result')).toEqual([])
  })
})
