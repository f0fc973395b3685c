/**
 * What every injection matcher reads: the words of a text that mean something, where they stand, and where sentences end. Arrays of
 * integers, one per property, that live as long as the module and are written anew by every text (tokenize.ts).
 */
import type { Meaning } from './lexicon.ts'

/** What a token is apart from its meaning. */
export const IS = {
  /** Inside quotation marks or an inline code span. */
  quoted: 1 << 0,
  /** Inside a code block. */
  fenced: 1 << 1,
  /** Two or more letters, all of them capitals. */
  capitals: 1 << 2,
  /** First word of its line. */
  lineStart: 1 << 3,
  /** First word of its sentence or part of a sentence. */
  clauseStart: 1 << 4,
  /** A colon follows. */
  colon: 1 << 5,
} as const

const MAX_SENTENCE_TOKENS = 200

/** The tokens of a text, one array per property; sentences are runs of tokens. */
export class Tokens {
  text = ''
  /** The text may hold quotation marks of some kind. */
  mayQuote = true
  count = 0
  starts = new Int32Array(1024)
  ends = new Int32Array(1024)
  /** Number of the word in the text, those without meaning counted: distances between tokens. */
  at = new Int32Array(1024)
  doing = new Int32Array(1024)
  to = new Int32Array(1024)
  how = new Int32Array(1024)
  is = new Int32Array(1024)
  as = new Int32Array(1024)
  of = new Int32Array(1024)
  sentences = 0
  /** First token of each sentence; one more than there are sentences. */
  firsts = new Int32Array(256)
  sentenceDoing = new Int32Array(256)
  sentenceTo = new Int32Array(256)
  sentenceHow = new Int32Array(256)
  sentenceAs = new Int32Array(256)
  sentenceOf = new Int32Array(256)
  /** Where `<`, `[` and `|` stand: what the role matcher looks at. */
  marks: number[] = []
  /** Whether some sentence calls a tool unusable; asked for once per text (cross-tool.ts). */
  condemns: boolean | undefined
  doingAll = 0
  toAll = 0
  howAll = 0
  asAll = 0

  push(start: number, end: number, word: number, meaning: Meaning, is: number): void {
    // Matchers compare words within a sentence: text without full stops must not make that quadratic.
    if (this.count - this.firsts[this.sentences]! >= MAX_SENTENCE_TOKENS) this.cut()
    if (this.count === this.starts.length) this.#grow()
    const i = this.count++
    this.starts[i] = start
    this.ends[i] = end
    this.at[i] = word
    this.doing[i] = meaning.doing
    this.to[i] = meaning.to
    this.how[i] = meaning.how
    this.is[i] = is
    this.as[i] = meaning.as
    const s = this.sentences
    this.sentenceDoing[s]! |= meaning.doing
    this.sentenceTo[s]! |= meaning.to
    this.sentenceHow[s]! |= meaning.how
    if (meaning.as !== 0) this.sentenceAs[s]! |= meaning.as
    this.of[i] = meaning.of
    if (meaning.of !== 0) this.sentenceOf[s]! |= meaning.of
  }

  /** Ends the sentence, if it has tokens. */
  cut(): void {
    const s = this.sentences
    if (this.firsts[s] === this.count) return
    this.doingAll |= this.sentenceDoing[s]!
    this.toAll |= this.sentenceTo[s]!
    this.howAll |= this.sentenceHow[s]!
    this.asAll |= this.sentenceAs[s]!
    if (s + 2 >= this.firsts.length) {
      this.firsts = wider(this.firsts)
      this.sentenceDoing = wider(this.sentenceDoing)
      this.sentenceTo = wider(this.sentenceTo)
      this.sentenceHow = wider(this.sentenceHow)
      this.sentenceAs = wider(this.sentenceAs)
      this.sentenceOf = wider(this.sentenceOf)
    }
    this.sentences = s + 1
    this.#open()
  }

  begin(text: string): void {
    this.text = text
    this.count = 0
    this.sentences = 0
    this.marks.length = 0
    this.condemns = undefined
    this.doingAll = this.toAll = this.howAll = this.asAll = 0
    this.#open()
  }

  #open(): void {
    const s = this.sentences
    this.firsts[s] = this.count
    this.sentenceDoing[s] = 0
    this.sentenceTo[s] = 0
    this.sentenceHow[s] = 0
    this.sentenceAs[s] = 0
    this.sentenceOf[s] = 0
  }

  #grow(): void {
    this.starts = wider(this.starts)
    this.ends = wider(this.ends)
    this.at = wider(this.at)
    this.doing = wider(this.doing)
    this.to = wider(this.to)
    this.how = wider(this.how)
    this.is = wider(this.is)
    this.as = wider(this.as)
    this.of = wider(this.of)
  }
}

function wider(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const next = new Int32Array(array.length * 2)
  next.set(array)
  return next
}
