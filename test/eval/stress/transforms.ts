/** One text in other clothes: encodings and disguises that a model or a tool still reads as what it is. Deterministic. */

import { inOtherWords } from './synonyms.ts'

export interface Transform {
  readonly name: string
  /** Texts of definitions and results, or what a caller passes. */
  readonly of: readonly ('prose' | 'argument')[]
  readonly apply: (text: string) => string
}

const LETTER = /\p{L}/u
const mapLetters = (text: string, to: (letter: string, index: number) => string): string =>
  [...text].map((char, index) => (LETTER.test(char) ? to(char, index) : char)).join('')
const swapped = (pairs: Readonly<Record<string, string>>) => (text: string) =>
  [...text].map((char) => pairs[char] ?? char).join('')
const codeOf = (char: string): number => char.codePointAt(0)!
const hexOf = (char: string): string => codeOf(char).toString(16).padStart(4, '0')

const CYRILLIC = { a: 'а', c: 'с', e: 'е', i: 'і', o: 'о', p: 'р', x: 'х', y: 'у' }
const LEET = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7', A: '4', E: '3', I: '1', O: '0', S: '5', T: '7' }

function rot13(letter: string): string {
  const code = codeOf(letter)
  const base = code >= 97 && code <= 122 ? 97 : code >= 65 && code <= 90 ? 65 : 0
  return base === 0 ? letter : String.fromCharCode(((code - base + 13) % 26) + base)
}
/** Two letters in the middle of every third long word change places. */
const misspelled = (text: string): string => {
  let words = 0
  return text.replace(/\p{L}{6,}/gu, (word) =>
    words++ % 3 === 0 ? `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}` : word,
  )
}
const fullwidth = (text: string): string =>
  [...text].map((char) => (/[!-~]/.test(char) ? String.fromCharCode(codeOf(char) + 0xfee0) : char)).join('')
const tagged = (text: string): string =>
  `Looks up the weather of a place.${[...text]
    .filter((char) => codeOf(char) < 0x80)
    .map((char) => String.fromCodePoint(0xe0000 + codeOf(char)))
    .join('')}`
const percent = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('')

const PROSE = ['prose'] as const
const ARGUMENT = ['argument'] as const
const BOTH = ['prose', 'argument'] as const

export const TRANSFORMS: readonly Transform[] = [
  { name: 'as it is', of: BOTH, apply: (text) => text },
  { name: 'in other words', of: PROSE, apply: inOtherWords(0) },
  { name: 'in yet other words', of: PROSE, apply: inOtherWords(1) },
  { name: 'upper case', of: PROSE, apply: (text) => text.toUpperCase() },
  { name: 'each word on a line', of: PROSE, apply: (text) => text.replace(/ +/g, '\n') },
  { name: 'bold words', of: PROSE, apply: (text) => text.replace(/\p{L}{4,}/gu, '**$&**') },
  { name: 'misspelled', of: PROSE, apply: misspelled },
  { name: 'leetspeak', of: PROSE, apply: swapped(LEET) },
  { name: 'Cyrillic look-alikes', of: PROSE, apply: swapped(CYRILLIC) },
  { name: 'full width', of: BOTH, apply: fullwidth },
  { name: 'zero width between letters', of: PROSE, apply: (text) => mapLetters(text, (letter) => `${letter}\u200b`) },
  { name: 'tag characters', of: PROSE, apply: tagged },
  { name: 'letters apart', of: PROSE, apply: (text) => mapLetters(text, (letter) => `${letter} `) },
  { name: 'HTML entities', of: PROSE, apply: (text) => mapLetters(text, (letter) => `&#${codeOf(letter)};`) },
  { name: 'Unicode escapes', of: BOTH, apply: (text) => mapLetters(text, (letter) => `\\u${hexOf(letter)}`) },
  { name: 'percent', of: BOTH, apply: percent },
  { name: 'percent twice', of: ARGUMENT, apply: (text) => percent(percent(text)) },
  { name: 'base64', of: PROSE, apply: (text) => Buffer.from(text).toString('base64') },
  {
    name: 'base64 in a sentence',
    of: PROSE,
    apply: (text) => `Configuration: ${Buffer.from(text).toString('base64')} (do not edit)`,
  },
  { name: 'hex', of: PROSE, apply: (text) => Buffer.from(text).toString('hex') },
  { name: 'ROT13', of: PROSE, apply: (text) => mapLetters(text, rot13) },
  { name: 'backwards', of: PROSE, apply: (text) => [...text].reverse().join('') },
]
