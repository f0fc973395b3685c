/**
 * Text that a model reads and a person does not see: tag characters, zero-width and bidi controls, variation selectors that carry data,
 * invisible operators, fillers. What they spell is decoded and read again for orders. Emoji, flags and the scripts that need joiners are clean.
 */
import type { Classifier, Hit, Reading, Subject, Surface } from '../classifier.ts'
import { TRAIT } from '../traits.ts'
import {
  CANCEL_TAG,
  isAsciiLetter,
  MAX_HIDDEN_CHARACTERS,
  selectorByte,
  spelled,
  textOfBits,
  textUnderOverride,
} from './hidden-text.ts'
import { injection } from './injection.ts'
import {
  isBidiControl,
  isBidiMark,
  isFiller,
  isIdeographic,
  isInvisibleOperator,
  isJoiningScript,
  isOddSpace,
  isPictograph,
  isPrivateUse,
  isRightToLeft,
  isSupplementSelector,
  isTag,
  isVariationSelector,
  isZeroWidth,
} from './unicode-ranges.ts'

const ALL_SURFACES: ReadonlySet<Surface> = new Set([
  'definition',
  'instructions',
  'arguments',
  'result',
  'resource',
  'prompt',
  'elicitation',
  'sampling',
  'error',
])

const KINDS = [
  'tag',
  'variation_selector',
  'zero_width',
  'invisible_operator',
  'filler',
  'bidi_override',
  'bidi',
  'bidi_mark',
  'soft_hyphen',
  'private_use',
  'odd_space',
] as const
type Kind = (typeof KINDS)[number]

/** What one kind adds up to in a text. */
interface Tally {
  count: number
  start: number
  end: number
  /** Longest unbroken run. */
  longest: number
  run: number
  /** Stands between two letters of one word. */
  inWord: number
  hidden: string
  /** The same in the other way of counting. */
  other: string
}

const BLACK_FLAG = 0x1f3f4
/** Longest tag sequence of a flag: `gbeng` and its end. */
const MAX_FLAG_TAGS = 7

export const hiddenUnicode: Classifier = {
  name: 'hidden-unicode',
  version: '1.0.0',
  surfaces: ALL_SURFACES,
  needs: TRAIT.nonAscii,
  check(reading: Reading, subject: Subject): readonly Hit[] {
    const pass = new Pass(reading.text)
    if (!pass.run()) return NONE
    return pass.hits(subject)
  },
}

const NONE: readonly Hit[] = []

class Pass {
  readonly text: string
  readonly #tallies = new Map<Kind, Tally>()
  #hasRightToLeft = false
  #openBidi = 0
  #unbalancedBidi = false

  constructor(text: string) {
    this.text = text
  }

  /** Reads the text; answers whether anything hidden was met. */
  run(): boolean {
    const { text } = this
    let previous = 0
    let last: Kind | undefined
    for (let i = 0; i < text.length; i++) {
      let code = text.charCodeAt(i)
      if (code < 0xa0) {
        previous = code
        if (last !== undefined) this.#tallies.get(last)!.run = 0
        last = undefined
        continue
      }
      const start = i
      if (code >= 0xd800 && code <= 0xdbff) {
        code = text.codePointAt(i)!
        if (code > 0xffff) i++
      }
      if (isRightToLeft(code)) this.#hasRightToLeft = true
      const kind = this.#kindOf(code, previous, start, i + 1)
      if (kind !== last && last !== undefined) this.#tallies.get(last)!.run = 0
      last = kind
      if (kind === undefined) {
        previous = code
        continue
      }
      this.#add(kind, code, previous, start, i + 1)
    }
    if (this.#openBidi > 0) this.#unbalancedBidi = true
    return this.#tallies.size > 0
  }

  /** What is hidden in this character where it stands; undefined: nothing, it belongs there. */
  #kindOf(code: number, previous: number, start: number, end: number): Kind | undefined {
    if (code < 0x2000) {
      if (code === 0xad) return 'soft_hyphen'
      if (isFiller(code)) return 'filler'
      if (isZeroWidth(code)) return isJoiningScript(previous) ? undefined : 'zero_width'
      return isBidiMark(code) ? 'bidi_mark' : isOddSpace(code) ? 'odd_space' : undefined
    }
    if (isTag(code)) return this.#isFlag(start) ? undefined : 'tag'
    if (isSupplementSelector(code))
      return isIdeographic(previous) && !isSupplementSelector(next(this.text, end)) ? undefined : 'variation_selector'
    // One selector after a visible character chooses its form.
    if (isVariationSelector(code))
      return previous > 0x20 && !isVariationSelector(previous) && !isVariationSelector(next(this.text, end))
        ? undefined
        : 'variation_selector'
    if (isZeroWidth(code)) return this.#belongs(code, previous, start, end) ? undefined : 'zero_width'
    if (isInvisibleOperator(code)) return 'invisible_operator'
    if (isFiller(code)) return 'filler'
    if (isBidiControl(code)) return code === 0x202d || code === 0x202e ? 'bidi_override' : 'bidi'
    if (isBidiMark(code)) return 'bidi_mark'
    if (isPrivateUse(code)) return 'private_use'
    return isOddSpace(code) ? 'odd_space' : undefined
  }

  /** A zero-width character that spelling or emoji ask for; the mark at the very start of a file. */
  #belongs(code: number, previous: number, start: number, end: number): boolean {
    const following = next(this.text, end)
    if (code === 0xfeff) return start === 0
    if (isJoiningScript(previous) || isJoiningScript(following)) return true
    if (code === 0x200d) return isPictograph(previous) && isPictograph(following)
    // A place where a line may break between ideographs.
    return code === 0x200b && isIdeographic(previous) && isIdeographic(following)
  }

  /** Tags that spell a flag: a black flag, letters or digits, the end. */
  #isFlag(start: number): boolean {
    const { text } = this
    let at = start
    while (at >= 2 && isTag(text.codePointAt(at - 2) ?? 0) && start - at < MAX_FLAG_TAGS * 2) at -= 2
    if (text.codePointAt(at - 2) !== BLACK_FLAG) return false
    let length = 0
    for (let code = text.codePointAt(at)!; ; code = text.codePointAt(at + length * 2) ?? 0) {
      if (code === CANCEL_TAG) return length > 0
      const ascii = code - 0xe0000
      const spells = (ascii >= 0x61 && ascii <= 0x7a) || (ascii >= 0x30 && ascii <= 0x39)
      if (!spells || ++length > MAX_FLAG_TAGS) return false
    }
  }

  #add(kind: Kind, code: number, previous: number, start: number, end: number): void {
    let tally = this.#tallies.get(kind)
    if (tally === undefined) {
      tally = { count: 0, start, end, longest: 0, run: 0, inWord: 0, hidden: '', other: '' }
      this.#tallies.set(kind, tally)
    }
    tally.count++
    tally.end = end
    tally.run++
    tally.longest = Math.max(tally.longest, tally.run)
    if (isAsciiLetter(previous) && isAsciiLetter(next(this.text, end))) tally.inWord++
    if (tally.hidden.length < MAX_HIDDEN_CHARACTERS) {
      tally.hidden += spelled(code)
      if (kind === 'variation_selector') tally.other += selectorByte(code)
    }
    if (kind === 'bidi' || kind === 'bidi_override') {
      const closes = code === 0x202c || code === 0x2069
      this.#openBidi += closes ? -1 : 1
      if (this.#openBidi < 0) {
        this.#unbalancedBidi = true
        this.#openBidi = 0
      }
    }
  }

  hits(subject: Subject): readonly Hit[] {
    // What a server declares has no reason for any of it; what it fetched may have come from a word processor.
    const isRead = subject.surface === 'result' || subject.surface === 'resource' || subject.surface === 'error'
    const hits: Hit[] = []
    for (const [kind, tally] of this.#tallies) {
      let { score } = this.#judge(kind, tally, isRead)
      const hidden =
        kind === 'bidi_override'
          ? textUnderOverride(this.text, tally.start)
          : kind === 'invisible_operator'
            ? textOfBits(tally.hidden)
            : tally.hidden
      for (const text of [hidden, tally.other])
        for (const order of injection.check({ text, decodings: [] }, subject)) {
          if (order.score < 0.3) continue
          score = 0.98
          const sure = Math.max(order.score, 0.9)
          hits.push({ class: order.class, score: sure, verdict: 'malicious', start: tally.start, end: tally.end })
        }
      if (score < 0.3) continue
      const verdict = score >= 0.8 ? 'malicious' : score >= 0.5 ? 'suspicious' : 'benign'
      hits.push({ class: `unicode.${kind}`, score, verdict, start: tally.start, end: tally.end })
    }
    return hits
  }

  #judge(kind: Kind, tally: Tally, isRead: boolean): { score: number } {
    const { count, longest, inWord } = tally
    const score = (declared: number, read: number): { score: number } => ({ score: isRead ? read : declared })
    switch (kind) {
      case 'tag':
        return { score: count > 2 ? 0.97 : 0.85 }
      case 'variation_selector':
        return longest > 2 ? { score: 0.95 } : score(0.6, 0.4)
      case 'zero_width':
        if (longest >= 6) return { score: 0.9 }
        return score(inWord > 2 ? 0.8 : 0.6, inWord > 3 ? 0.7 : longest >= 3 ? 0.5 : 0.3)
      case 'invisible_operator':
        return longest >= 4 ? { score: 0.9 } : score(0.6, 0.3)
      case 'filler':
        return score(0.6, longest >= 8 ? 0.6 : 0.2)
      case 'bidi_override':
        return this.#hasRightToLeft && !this.#unbalancedBidi ? score(0.5, 0.3) : score(0.9, 0.8)
      case 'bidi':
        if (this.#tallies.has('bidi_override') || (this.#hasRightToLeft && !this.#unbalancedBidi)) return { score: 0 }
        return this.#hasRightToLeft ? { score: 0.3 } : this.#unbalancedBidi ? score(0.8, 0.6) : score(0.6, 0.3)
      case 'bidi_mark':
        return this.#hasRightToLeft ? { score: 0 } : score(count > 3 ? 0.6 : 0.5, count > 16 && longest > 3 ? 0.5 : 0.2)
      case 'soft_hyphen':
        return longest >= 3 ? { score: 0.6 } : score(count > 2 ? 0.5 : 0.3, 0.1)
      case 'private_use':
        return longest >= 12 ? score(0.7, 0.5) : score(longest >= 4 ? 0.5 : 0.2, 0.1)
      default:
        return longest >= 40 ? { score: 0.5 } : { score: 0 }
    }
  }
}

const next = (text: string, at: number): number => text.codePointAt(at) ?? 0
