/** Bringing a word to the spelling of the word lists: lower case, without accents and invisible characters, look-alikes as ASCII. */
import { foldConfusables } from '../confusables.ts'

const MARKS = /[\u0300-\u036f]|[\u200b-\u200f]|[\u2060-\u2064]|[\ufe00-\ufe0f]|\ufeff|\u00ad/g

/** For words that hold anything beyond ASCII; they are rare in most texts, so this may cost. */
export function foldWord(word: string): string {
  const plain = word.normalize('NFKD').replace(MARKS, '').toLowerCase().replaceAll('ß', 'ss')
  return foldConfusables(plain)
}

/** Digits and signs that stand for letters, as in `1gn0r3`. */
const LEET: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' }

export function unleet(word: string): string {
  let folded = ''
  for (const sign of word) folded += LEET[sign] ?? sign
  return folded
}

/** Letters below this are folded by table, without making a string: Latin with accents, Greek, Cyrillic. */
export const FOLDED_LETTERS = 0x530
/** What a letter folds to; 0: foldWord has to look at the word. */
export const foldedLetter = new Uint16Array(FOLDED_LETTERS)
for (let code = 0xaa; code < FOLDED_LETTERS; code++) {
  const folded = String.fromCharCode(code).normalize('NFKD').replace(MARKS, '').toLowerCase()
  if (folded.length === 1 && /\p{L}/u.test(folded)) foldedLetter[code] = folded.charCodeAt(0)
}
