/**
 * One pass over a text, shared by all injection matchers. Words are hashed while they are read; a string is made only for those beyond
 * ASCII and for identifiers, paths, URLs and addresses. What stands in `tokens` must be used before the next text.
 */
import { codeUnitsOf } from '../../code-units.ts'
import { FOLDED_LETTERS, foldedLetter, foldWord, unleet } from './fold.ts'
import { HASH_SEED, hashStep, hashWord, type Lexicon, type Meaning, meaningOf } from './lexicon.ts'
import { endsAtLineBreak } from './line-break.ts'
import { HOW } from './meaning.ts'
import { type KnownNames, meaningOfName, meaningOfPath, pathEnd } from './names.ts'
import { IS, type Tokens } from './tokens.ts'

const SPACE = 0
const LETTER = 1
const UPPER = 2
const DIGIT = 3
const UNDERSCORE = 4
const OTHER = 5
const kinds = new Uint8Array(128).fill(OTHER)
for (const blank of [9, 10, 11, 12, 13, 32]) kinds[blank] = SPACE
for (let code = 97; code <= 122; code++) kinds[code] = LETTER
for (let code = 65; code <= 90; code++) kinds[code] = UPPER
for (let code = 48; code <= 57; code++) kinds[code] = DIGIT
kinds[95] = UNDERSCORE

const MAX_MARKS = 2_000
/** More digits than these, or a longer word: an identifier. */
const MAX_LEET_DIGITS = 3
const MAX_LEET_CHARACTERS = 14
const SAMPLE: Meaning = { doing: 0, to: 0, how: HOW.example, as: 0, of: 0 }
const NONE: Meaning = { doing: 0, to: 0, how: 0, as: 0, of: 0 }
/** Han, kana and Hangul: words are found as substrings. */
const isCjk = (code: number): boolean =>
  (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7a3)
/** Letters beyond ASCII, with what may hide inside a word: marks, zero-width characters, surrogates of mathematical letters. */
const isWordBeyondAscii = (code: number): boolean =>
  code >= 0xaa &&
  !(code >= 0x2000 && code <= 0x200a) &&
  !(code >= 0x2010 && code <= 0x205f) &&
  !(code >= 0x2190 && code <= 0x2bff) &&
  !(code >= 0x3000 && code <= 0x303f) &&
  code !== 0xab &&
  code !== 0xb7 &&
  code !== 0xbb &&
  code !== 0xbf &&
  code !== 0x964 &&
  !isCjk(code) &&
  !(code >= 0xff00 && code <= 0xff0f)

/** Reads the text into `tokens`, with the words of `lexicon`. */
export function tokenize(tokens: Tokens, text: string, lexicon: Lexicon, names: KnownNames): void {
  const { otherTools } = names
  tokens.begin(text)
  const length = text.length
  const codes = codeUnitsOf(text)
  let word = 0
  let fenced = 0
  /** First token since a quotation mark was opened, and the mark; -1: none is open. */
  let quoteToken = -1
  let quoteMark = 0
  let quoteAt = 0
  let clause: number = IS.clauseStart
  let line: number = IS.lineStart
  /** What ends here was taken for a path or an address already, and is none. */
  let triedUpTo = 0
  /** End of the chunk with hyphens that is being read, such as `send-mail`. */
  let hyphenated = 0
  let i = 0
  while (i < length) {
    const code = codes[i]!
    const kind = code < 128 ? kinds[code]! : OTHER
    if (kind === SPACE) {
      if (code === 10) {
        line = IS.lineStart
        if (endsAtLineBreak(codes, length, i)) {
          tokens.cut()
          clause = IS.clauseStart
        }
      }
      i++
      continue
    }
    // Most words are letters up to a blank, a comma or the end of a sentence; nothing else needs to be known of them.
    if (kind === LETTER || kind === UPPER) {
      let hash = hashStep(HASH_SEED, code | 32)
      let end = i + 1
      let c = codes[end]!
      while (c >= 97 && c <= 122) {
        hash = Math.imul(hash ^ c, 16777619)
        c = codes[++end]!
      }
      if (c === 32 || c === 44 || c === 10 || c === 59 || c === 41 || (c === 46 && codes[end + 1]! <= 32)) {
        word++
        const meaning = meaningOf(lexicon, hash)
        if (meaning !== undefined) tokens.push(i, end, word, meaning, clause | line | fenced)
        clause = line = 0
        i = c === 32 ? end + 1 : end
        continue
      }
    }
    // A number means nothing.
    if (kind === DIGIT) {
      let end = i + 1
      while (codes[end]! >= 48 && codes[end]! <= 57) end++
      const c = codes[end]!
      if (c === 32 || c === 44 || c === 10) {
        word++
        clause = line = 0
        i = end
        continue
      }
    }
    if (kind !== OTHER || isWordBeyondAscii(code)) {
      // A word: letters, digits, underscores, inner apostrophes.
      const start = i
      let hash = HASH_SEED
      let uppers = 0
      let lowerThenUpper = false
      let underscores = 0
      let digits = 0
      let beyond = false
      let foreign = 0
      let apostrophe = -1
      for (; i < length; i++) {
        const c = codes[i]!
        // Most characters of most texts.
        if (c >= 97 && c <= 122) {
          hash = Math.imul(hash ^ c, 16777619)
          continue
        }
        if (c >= 128) {
          // The typographic apostrophe counts as the plain one.
          if (c === 0x2019 && i > start && kinds[codes[i + 1]!] === LETTER) {
            hash = Math.imul(hash ^ 39, 16777619)
            apostrophe = i
            continue
          }
          if (!isWordBeyondAscii(c)) break
          const folded = c < FOLDED_LETTERS ? foldedLetter[c]! : 0
          if (folded === 0) beyond = true
          else {
            hash = Math.imul(hash ^ folded, 16777619)
            if (folded >= 128) foreign++
          }
          continue
        }
        const k = kinds[c]!
        if (k === UPPER) {
          hash = Math.imul(hash ^ (c | 32), 16777619)
          uppers++
          if (i > start && kinds[codes[i - 1]!] === LETTER) lowerThenUpper = true
        } else if (k === DIGIT) {
          hash = Math.imul(hash ^ c, 16777619)
          digits++
        } else if (k === UNDERSCORE) {
          hash = Math.imul(hash ^ c, 16777619)
          underscores++
        } else if (
          c === 39 &&
          i > start &&
          i + 1 < length &&
          (codes[i + 1]! | 32) >= 97 &&
          (codes[i + 1]! | 32) <= 122
        ) {
          apostrophe = i
          hash = Math.imul(hash ^ c, 16777619)
        } else break
      }
      word++
      const next = i < length ? codes[i]! : 32
      const after = i + 1 < length ? codes[i + 1]! : 32
      let is = clause | line | fenced
      if (uppers > 1 && uppers === i - start - underscores) is |= IS.capitals
      if (next === 58 && after !== 47) is |= IS.colon
      // A dot, slash, at sign or colon inside: an identifier, a path, a URL, an address.
      if (
        i >= triedUpTo &&
        (next === 46 || next === 47 || next === 64 || next === 58 || next === 92) &&
        after > 32 &&
        after !== 34 &&
        after !== 39 &&
        after !== 96
      ) {
        const end = pathEnd(text, i)
        const meaning = end > i + 1 ? meaningOfPath(text.slice(start, end)) : undefined
        triedUpTo = end
        if (meaning !== undefined) {
          tokens.push(start, end, word, meaning, is)
          clause = line = 0
          i = end
          continue
        }
      }
      // `e.g.`: what follows is a sample
      if (i - start === 1 && (codes[start]! | 32) === 101 && next === 46 && (after | 32) === 103) {
        tokens.push(start, i + 2, word, SAMPLE, is)
        clause = line = 0
        i += 2
        if (codes[i]! === 46) i++
        continue
      }
      let meaning: Meaning | undefined
      // Letters of another script among ASCII ones may be look-alikes.
      if (beyond || (foreign > 0 && foreign < i - start))
        meaning = meaningOf(lexicon, hashWord(foldWord(text.slice(start, i))))
      else {
        meaning = meaningOf(lexicon, hash)
        if (
          meaning === undefined &&
          digits > 0 &&
          digits <= MAX_LEET_DIGITS &&
          digits * 2 <= i - start &&
          i - start <= MAX_LEET_CHARACTERS
        )
          meaning = meaningOf(lexicon, hashWord(unleet(text.slice(start, i).toLowerCase())))
        // l'utente: the article is no part of the word
        if (meaning === undefined && apostrophe > 0 && apostrophe - start < 5)
          meaning = meaningOf(lexicon, hashWord(foldWord(text.slice(apostrophe + 1, i))))
      }
      const before = start > 0 ? codes[start - 1]! : 32
      const isHyphenated = next === 45 && otherTools.size > 0
      if (isHyphenated && i >= hyphenated) hyphenated = pathEnd(text, i)
      const isNamed = (before === 96 || before === 39 || before === 34) && next === before
      if (
        (underscores > 0 && underscores < i - start) ||
        lowerThenUpper ||
        (next === 40 && after === 41) ||
        isNamed ||
        isHyphenated
      ) {
        meaning = meaningOfName(
          text,
          start,
          i,
          isHyphenated ? hyphenated : i,
          meaning ?? NONE,
          names,
          isNamed,
          underscores > 0 || lowerThenUpper || next === 40,
        )
      }
      if (meaning !== undefined) {
        tokens.push(start, i, word, meaning, is)
      }
      clause = line = 0
      continue
    }
    if (code >= 128) {
      if (isCjk(code)) {
        const found = lexicon.cjkMeaningAt(text, i)
        word++
        if (found !== undefined) {
          tokens.push(i, i + found.length, word, found.meaning, clause | line | fenced)
          i += found.length
        } else i++
        clause = line = 0
        continue
      }
      if (code === 0x3002 || code === 0xff01 || code === 0xff1f || code === 0x964) tokens.cut()
      i++
      continue
    }
    switch (code) {
      case 46: // .
      case 33: // !
      case 63: {
        // ?
        const after = i + 1 < length ? codes[i + 1]! : 32
        if (
          after <= 32 ||
          after === 34 ||
          after === 59 ||
          after === 39 ||
          after === 41 ||
          after === 60 ||
          after === 93 ||
          after === 96
        ) {
          // `e.g. x` and `1. x` go on.
          const isAbbreviation =
            code === 46 && i > 1 && (codes[i - 2]! === 46 || (i > 0 && kinds[codes[i - 1]!] === DIGIT && line !== 0))
          if (!isAbbreviation) {
            tokens.cut()
            clause = IS.clauseStart
          }
        } else if (code === 46 && (i === 0 || codes[i - 1]! <= 42 || codes[i - 1]! === 96)) {
          if (i >= triedUpTo) {
            triedUpTo = pathEnd(text, i)
            i = pushPath(tokens, text, i, triedUpTo, ++word, clause | line | fenced)
          } else i++
          continue
        }
        break
      }
      case 47: // /
      case 126: {
        // ~
        const before = i > 0 ? codes[i - 1]! : 32
        if (before <= 47 || before === 58 || before === 61 || before === 96 || before === 91) {
          if (i >= triedUpTo) {
            triedUpTo = pathEnd(text, i)
            i = pushPath(tokens, text, i, triedUpTo, ++word, clause | line | fenced)
          } else i++
          clause = line = 0
          continue
        }
        break
      }
      case 96: // `
      case 34: {
        // " and a code span are quotations; three backticks open or close a block
        if (code === 96 && codes[i + 1]! === 96 && codes[i + 2]! === 96) {
          fenced = fenced === 0 ? IS.fenced : 0
          i += 3
          continue
        }
        if (quoteMark === code && i - quoteAt < 400) {
          for (let t = quoteToken; t < tokens.count; t++) tokens.is[t]! |= IS.quoted
          quoteMark = 0
        } else {
          quoteMark = code
          quoteToken = tokens.count
          quoteAt = i
        }
        break
      }
      case 60: // <
      case 91: // [
      case 124: // |
        if (tokens.marks.length < MAX_MARKS) tokens.marks.push(i)
        clause = IS.clauseStart
        break
      case 45: // -
        // A dash between blanks; not the one of a word or of a command's option.
        if (codes[i + 1]! <= 32) clause = IS.clauseStart
        break
      case 58: // :
      case 59: // ;
      case 44: // ,
      case 40: // (
      case 42: // *
      case 93: // ]
      case 62: // >
        clause = IS.clauseStart
        break
    }
    i++
  }
  tokens.cut()
}

/** Answers where to go on: after the path, or at the next character when it means nothing. */
function pushPath(tokens: Tokens, text: string, start: number, end: number, word: number, is: number): number {
  const meaning = end > start + 1 ? meaningOfPath(text.slice(start, end)) : undefined
  if (meaning === undefined) return start + 1
  tokens.push(start, end, word, meaning, is)
  return end
}
