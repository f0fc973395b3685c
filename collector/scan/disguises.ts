/**
 * Readings of a text whose letters are in disguise: full width, apart, by thirteen places on, backwards, as digits. A reading is made only
 * where it is plain that it gives words: a disguised order is still read by a model, and everything else stays as it is.
 */
import { codeUnitsOf } from './code-units.ts'
import { TRAIT } from './traits.ts'

/** What a text says in plain letters, and the offsets in the text of a span of it. */
export interface Plain {
  readonly text: string
  readonly kind: 'full_width' | 'letters_apart' | 'rot13' | 'reversed' | 'leetspeak'
  span(start: number, end: number): readonly [start: number, end: number]
}

/** Of a longer text no other reading is made. */
const MAX_CHARACTERS = 65_536
const MIN_CHARACTERS = 24
const same: Plain['span'] = (start, end) => [start, end]

/** Next to nothing where there is no sign of any: signs are looked for in samples. `traits`: of the text. */
export function plainReadings(text: string, traits: number): readonly Plain[] {
  const isWide = (traits & TRAIT.nonAscii) !== 0 && FULL_WIDTH.test(text)
  const isLong = text.length >= MIN_CHARACTERS && text.length <= MAX_CHARACTERS && (traits & TRAIT.space) !== 0
  const signs = isLong ? signsIn(text) : 0
  if (!isWide && signs === 0) return NONE
  const found: Plain[] = []
  if (isWide) found.push({ text: narrow(text), kind: 'full_width', span: same })
  if ((signs & APART) !== 0) {
    const apart = lettersApart(text)
    if (apart !== undefined) found.push(apart)
  }
  if ((signs & TURNED) !== 0 && countOf(text, ROTATED) >= SURE)
    found.push({ text: rotated(text), kind: 'rot13', span: same })
  if ((signs & TURNED) !== 0 && countOf(text, REVERSED) >= SURE) {
    const { length } = text
    const backwards = Array.from({ length }, (_, i) => text[length - 1 - i]).join('')
    found.push({ text: backwards, kind: 'reversed', span: (start, end) => [length - end, length - start] })
  }
  if ((signs & MIXED) !== 0 && hasLeet(text)) found.push({ text: unleetText(text), kind: 'leetspeak', span: same })
  return found
}
const NONE: readonly Plain[] = []

/** Letters with blanks between; function words in disguise; digits between letters. */
const APART = 1
const TURNED = 2
const MIXED = 4
/** Of so many characters so many are looked at. */
const SAMPLE_EVERY = 640
const SAMPLE_CHARACTERS = 160
/** Signs in one sample. */
const FEW = 2
const SEVERAL = 4

function signsIn(text: string): number {
  const units = codeUnitsOf(text)
  let signs = 0
  for (let from = 0; from < text.length; from += SAMPLE_EVERY) {
    const to = Math.min(text.length, from + SAMPLE_CHARACTERS)
    let apart = 0
    let turned = 0
    let mixed = 0
    for (let i = from; i < to; i++) {
      const code = units[i]!
      if (code === 32) {
        if (units[i + 2] === 32) apart++
        else if (isTurned(units, i + 1)) turned++
      } else if (code < 56 && code >= 48 && (isLate(units[i + 1]!) || isLate(units[i - 1] ?? 0))) mixed++
    }
    if (apart > SEVERAL) signs |= APART
    if (turned >= FEW) signs |= TURNED
    if (mixed > SEVERAL) signs |= MIXED
  }
  return signs
}

/** g to z: no digit of a hexadecimal number. */
const isLate = (code: number): boolean => (code | 32) >= 103 && (code | 32) <= 122

/** `eht `, `gur `, `dna `, `naq `, `ot `, `gb `, `fo `, `bs `: at the beginning of a word. */
function isTurned(units: Uint16Array, at: number): boolean {
  const first = units[at]! | 32
  // e g d n o b f
  if (first > 111 || ((1 << (first - 97)) & TURNED_FIRSTS) === 0) return false
  if (units[at + 2] === 32) return TURNED_PAIRS.has(first * 128 + (units[at + 1]! | 32))
  return units[at + 3] === 32 && TURNED_TRIPLES.has((first * 128 + (units[at + 1]! | 32)) * 128 + (units[at + 2]! | 32))
}
const coded = (word: string): number => [...word].reduce((sum, letter) => sum * 128 + letter.charCodeAt(0), 0)
const TURNED_FIRSTS = [...'egdnobf'].reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 97)), 0)
const TURNED_PAIRS = new Set(['ot', 'fo', 'gb', 'bs', 'ni'].map(coded))
const TURNED_TRIPLES = new Set(['eht', 'dna', 'gur', 'naq'].map(coded))

/** Full-width letters and the signs that paths, queries and markup are made of; the commas of Chinese are none. */
const FULL_WIDTH = /[\uff02-\uff07\uff0f-\uff19\uff1c-\uff1e\uff20-\uff3a\uff3c\uff3f\uff41-\uff5e]/
const narrow = (text: string): string =>
  text.replace(/[\uff01-\uff5e\u3000]/g, (wide) =>
    wide === '\u3000' ? ' ' : String.fromCharCode(wide.charCodeAt(0) - 0xfee0),
  )

/** `the`, `and`, `you` and the like by thirteen places on, and backwards; so many different ones are no accident. */
const ROTATED = [' gur ', ' naq ', ' lbh ', ' lbhe ', ' gb ', ' bs ', ' sebz ', ' nyy ', ' vf ', ' guvf ', ' jvgu ']
const REVERSED = [' eht ', ' dna ', ' uoy ', ' ruoy ', ' ot ', ' fo ', ' morf ', ' lla ', ' siht ', ' htiw ', ' rof ']
const SURE = 2
function countOf(text: string, words: readonly string[]): number {
  let count = 0
  for (const word of words) if (text.includes(word) && ++count >= SURE) break
  return count
}
const rotated = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => {
    const code = letter.charCodeAt(0)
    const base = code & 96
    return String.fromCharCode(base + ((code - base - 1 + 13) % 26) + 1)
  })

const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122
/** `i g n o r e`: so many letters with a blank behind each. */
const MIN_APART = 10
const STRIDE = 12

/** The longest stretch of letters that stand apart, put together; two blanks between them are one. */
function lettersApart(text: string): Plain | undefined {
  const units = codeUnitsOf(text)
  const { length } = text
  for (let i = STRIDE; i < length; i += STRIDE) {
    if (!alternates(units, i) && !alternates(units, i - 1)) continue
    let from = i
    while (from > 0 && (units[from - 1] === 32 || units[from - 2] === 32 || from === 1)) from--
    let to = i
    while (to < length && (units[to] === 32 || units[to + 1] === 32 || to === length - 1)) to++
    if (to - from < MIN_APART * 2) continue
    const joined = text
      .slice(from, to)
      .replace(/(\S) (?! )/g, '$1')
      .replace(/ {2,}/g, ' ')
    return { text: joined, kind: 'letters_apart', span: () => [from, to] }
  }
  return undefined
}
/** Blanks at every second place up to `i`, letters between them. */
const alternates = (units: Uint16Array, i: number): boolean =>
  units[i] === 32 &&
  units[i - 2] === 32 &&
  isLetter(units[i - 1]!) &&
  isLetter(units[i - 3]!) &&
  (units[i - 4] === 32 || units[i - 5] === 32)

/** Digits that stand for letters; 0 for none. */
const LEET = new Uint8Array(128)
for (const [digit, letter] of ['0o', '1i', '3e', '4a', '5s', '7t']) LEET[digit!.charCodeAt(0)] = letter!.charCodeAt(0)
/** So many words with a digit between letters; tokens and numbers of versions have other letters or other digits. */
const MIN_LEET = 6
const MAX_LEET_WORD = 16

function hasLeet(text: string): boolean {
  const units = codeUnitsOf(text)
  const { length } = text
  let words = 0
  for (let i = 0; i < length; i++) {
    const start = i
    let letters = 0
    let inner = 0
    let other = false
    for (; i < length && i - start <= MAX_LEET_WORD; i++) {
      const code = units[i]!
      if (code >= 97 && code <= 122) letters++
      else if (code < 128 && LEET[code] !== 0) inner += i > start || isLetter(units[i + 1]!) ? 1 : 0
      else if (code > 64 && isLetter(code)) letters++
      else {
        other = code !== 32 && code !== 44 && code !== 46 && code !== 10 && code !== 33 && code !== 58
        break
      }
    }
    if (!other && inner > 0 && letters > 0 && i - start <= MAX_LEET_WORD && inner <= letters + 1 && ++words >= MIN_LEET)
      return true
    if (other || i - start > MAX_LEET_WORD) while (i < length && units[i]! > 32) i++
  }
  return false
}
const unleetText = (text: string): string =>
  text.replace(/[A-Za-z0-9]{2,16}/g, (word) =>
    /[A-Za-z]/.test(word)
      ? word.replace(/[013457]/g, (digit) => String.fromCharCode(LEET[digit.charCodeAt(0)]!))
      : word,
  )
