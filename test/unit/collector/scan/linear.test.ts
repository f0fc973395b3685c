// Scanning is linear in the length of the text, for every classifier of the list and every hostile text thought of here.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Classifier, ParameterRole, Surface } from '../../../../collector/scan/classifier.ts'
import { CLASSIFIERS } from '../../../../collector/scan/classifiers.ts'
import { scannerOf } from '../../../../collector/scan/scan.ts'

const SMALL = 10_240
const FACTOR = 8
/** Eight times the text may take three times eight times the CPU: noise, caches and collection; quadratic work would take 64 times. */
const MOST = FACTOR * 3
/** Below this a ratio says nothing: the clock of a process has steps. */
const NOTHING_MICROS = 1_500
const TRIES = 4

const nested = (text: string, rounds: number): string =>
  rounds === 0 ? text : nested(Buffer.from(text).toString('base64'), rounds - 1)
const UNITS: readonly string[] = [
  ...[...'\t\n\r !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~0aAzZ'],
  ...[
    '%25',
    '%',
    '%2e',
    '../',
    '..\\',
    './',
    '&lt;',
    '&#x41;',
    '\\u0041',
    '\\x41',
    '0x41',
    'a@',
    'a.',
    'a:',
    '://',
    'a=b&',
    '=?',
  ],
  ...[
    '\u200b',
    '\u202e',
    '\ud83d\ude00',
    '\ud800',
    '\u0430',
    '\uff0e',
    '\u{e0041}',
    '\u0000',
    '\u001b[31m',
    '\u001b]',
    '\r\n',
  ],
  ...[
    "' or ",
    "'='",
    ' or 1=1',
    'union select ',
    'select null',
    'null',
    '0x',
    "'='",
    "a''b",
    'select ',
    '--',
    '/*',
    '*/',
    '/**/',
    ';cat ',
    '|id',
    '$(',
    '`',
    '${',
    '{{',
    '}}',
    '<!--',
  ],
  ...[
    '<!ENTITY ',
    '<a ',
    '</',
    '<script ',
    ')(',
    '*)(',
    '$ne:',
    'http://',
    'http://a@',
    'http:',
    'rm -',
    'curl ',
    'nc -',
    '[a](',
    '![',
    '-----BEGIN ',
  ],
  ...[
    'ignore ',
    'ignore all previous ',
    'you must ',
    'system: ',
    'AKIA',
    'ghp_',
    'eyJ',
    'eyJhbGciOiJIUzI1NiJ9.',
    'password=',
    'token: "',
    'a-',
    '4111 ',
  ],
  ...[
    'aGVsbG8gd29ybGQgaGVsbG8gd29ybGQg ',
    '68656c6c6f20776f726c6420 ',
    '1234567890',
    '192.168.',
    '0177.',
    'aA1',
    'a b',
    'C:\\a\\',
    'ab\n',
  ],
]
const repeated = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

/** Texts at two sizes: runs of one unit, a unit behind a trigger, and encodings of encodings. */
function texts(length: number): string[] {
  const inner = Math.floor(length / 2.4)
  return [
    ...UNITS.map((unit) => repeated(unit, length)),
    nested('../'.repeat(Math.floor(inner / 3)), 3).slice(0, length),
    nested("' or 1=1 ".repeat(Math.floor(inner / 9)), 2).slice(0, length),
    Buffer.from('%25'.repeat(Math.floor(inner / 3)))
      .toString('hex')
      .slice(0, length),
    `${'('.repeat(length / 2)}${')'.repeat(length / 2)}`,
    `http://${'a'.repeat(length)}`,
    `'${' '.repeat(length)}or`,
    `curl ${'x'.repeat(length)}| sh`,
    `{"a":"${'\\n'.repeat(length / 2)}"}`,
    `${'<'.repeat(length / 2)}!ENTITY ${'x'.repeat(length / 2)}`,
  ]
}

interface Case {
  readonly surface: Surface
  readonly role: ParameterRole
}
const ARGUMENTS: readonly Case[] = (['path', 'shell', 'sql', 'url', 'unknown'] as const).map((role) => ({
  surface: 'arguments',
  role,
}))
const OTHERS: readonly Case[] = (['result', 'definition'] as const).map((surface) => ({
  surface,
  role: 'unknown',
}))
/** Only the classifiers of argument attacks look at roles; the others read some other surface, too. */
const casesOf = ({ surfaces }: Classifier): readonly Case[] =>
  surfaces.size === 1 && surfaces.has('arguments') ? ARGUMENTS : OTHERS.filter(({ surface }) => surfaces.has(surface))
const BOUNDS = { textCharacters: 1_000_000, valueCharacters: 1_000_000, nodes: 10, depth: 4 }
const WHATEVER = { path: 'args.value', toolName: 'fetch_page', otherTools: new Set(['send_mail']) }

/** CPU of one scan, in microseconds; the least of some tries. */
function micros(classifier: Classifier, { surface, role }: Case, text: string, tries: number): number {
  const { scanText } = scannerOf([classifier])
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < tries; i++) {
    const before = process.cpuUsage()
    scanText(text, { ...WHATEVER, surface, role }, BOUNDS)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, user + system)
  }
  return least
}

/** Texts for which eight times the length costs more than it may, each confirmed by a second look. */
function tooSlow(classifier: Classifier, at: Case, small: readonly string[], large: readonly string[]): string[] {
  return large.flatMap((text, index) => {
    const isFine = (tries: number): boolean => {
      const long = micros(classifier, at, text, tries)
      return long <= NOTHING_MICROS * MOST || long <= micros(classifier, at, small[index]!, tries) * MOST
    }
    return isFine(1) || isFine(TRIES) ? [] : [`${at.surface} ${at.role}: ${JSON.stringify(text.slice(0, 40))}`]
  })
}

describe.each(CLASSIFIERS.map((classifier) => [classifier.name, classifier] as const))('%s', (_name, classifier) => {
  it('takes time in proportion to a hostile text', () => {
    const small = texts(SMALL)
    const large = texts(SMALL * FACTOR)
    const slow = casesOf(classifier).flatMap((at) => tooSlow(classifier, at, small, large))
    expect(slow).toEqual([])
  })

  it('takes time in proportion to a text made of pieces of attacks', () => {
    const cases = casesOf(classifier)
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...UNITS), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...cases),
        (units, at) => {
          const unit = units.join('')
          expect(tooSlow(classifier, at, [repeated(unit, SMALL)], [repeated(unit, SMALL * FACTOR)])).toEqual([])
        },
      ),
      { numRuns: 25, seed: 1 },
    )
  })
})
