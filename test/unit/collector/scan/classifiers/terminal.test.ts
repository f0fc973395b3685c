/** Terminal control that hides, rewrites or copies is found; colours of a program's output and line ends are not worth a word. */
import { describe, expect, test } from 'vitest'
import type { Surface } from '../../../../../collector/scan/classifier.ts'
import { terminal } from '../../../../../collector/scan/classifiers/terminal.ts'

const classes = (text: string, surface: Surface = 'result') =>
  terminal
    .check({ text, decodings: [] }, { surface, role: 'unknown', path: '', toolName: '', otherTools: new Set() })
    .filter((hit) => hit.verdict !== 'benign')
    .map((hit) => hit.class)

describe('terminal control', () => {
  test.each([
    ['terminal.clipboard', 'ok \u001b]52;c;cm0gLXJm\u0007 done'],
    ['terminal.hyperlink', '\u001b]8;;https://a.example\u001b\\click\u001b]8;;\u001b\\'],
    ['terminal.title', '\u001b]0;sudo\u0007'],
    ['terminal.conceal', 'ok \u001b[8mhidden\u001b[0m'],
    ['terminal.conceal', 'ok \u001b[37;47mhidden\u001b[0m'],
    ['terminal.cursor', 'bad\u001b[2K\u001b[1Ggood'],
    ['terminal.cursor', 'bad\u009b2Jgood'],
    ['terminal.reset', '\u001bc'],
    ['terminal.backspace', 'rm -rf\b\b\b\b\b\bls'],
  ])('%s in a result', (kind, text) => {
    const found = terminal.check(
      { text, decodings: [] },
      { surface: 'result', role: 'unknown', path: '', toolName: '', otherTools: new Set() },
    )
    expect(found.map((hit) => hit.class)).toContain(kind)
  })

  test('colours are odd in a definition', () => {
    expect(classes('\u001b[31mred\u001b[0m', 'definition')).toContain('terminal.colour')
    expect(classes('good\rbad name', 'definition')).toContain('terminal.overwrite')
  })

  test.each([
    ['colours', '\u001b[1;31mFAIL\u001b[0m test \u001b[38;5;8mgrey\u001b[39m'],
    ['Windows line ends', 'one\r\ntwo\r\n'],
    ['old line ends', 'one\rtwo\rthree'],
    ['bold of a manual page', 'N\bNA\bAM\bME\bE'],
    ['text', 'plain [31m text, C:\\new'],
  ])('%s in a result: clean', (_name, text) => {
    expect(classes(text)).toEqual([])
  })
})
