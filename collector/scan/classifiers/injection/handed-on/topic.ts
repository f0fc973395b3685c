/**
 * Whether a sentence has anything to do with the text that it stands in: how many of its words stand elsewhere in the text, too. An
 * order that was slipped into a mail, a table or a page speaks of something else; the orders of a manual speak of what it is about.
 */
import { codeUnitsOf } from '../../../code-units.ts'

/** Letters of a word that count: with the rest go most endings. */
const STEM = 5
const MIN_LETTERS = 4
const SLOTS = 1 << 14
/** Words that stand in any text. */
const COMMON = new Set(
  'with your that this from have will should please must following when what which then than them they there their these those would could about into only also more most some such each other every very just like make makes made using used uses after before where while here were been being does done and the for you are not can any all but'.split(
    ' ',
  ),
)
const common = new Set(Array.from(COMMON, (word) => stemOf(word)))

function stemOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < Math.min(STEM, word.length); i++) hash = Math.imul(hash ^ word.charCodeAt(i), 16777619)
  return hash
}

const counts = new Uint16Array(SLOTS)
const slotOf = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> 18
let counted = ''

/** Calls `visit` with the stem of every word that counts. Linear. */
function eachStem(text: string, from: number, to: number, visit: (hash: number) => void): void {
  const units = codeUnitsOf(text)
  for (let i = from; i < to; ) {
    let letters = 0
    let hash = 0x811c9dc5
    for (; i < to; i++) {
      const code = units[i]!
      const lower = code | 32
      if (code < 128 ? lower < 97 || lower > 122 : code < 0xc0) break
      if (letters++ < STEM) hash = Math.imul(hash ^ (code < 128 ? lower : code), 16777619)
    }
    if (letters >= MIN_LETTERS && !common.has(hash)) visit(hash)
    if (letters === 0) i++
  }
}

/** Of the words between `from` and `to`, the share that stands nowhere else in the text; -1: too few to tell, here or there. */
export function strangeness(text: string, from: number, to: number): number {
  if (counted !== text) {
    counts.fill(0)
    eachStem(text, 0, text.length, (hash) => {
      counts[slotOf(hash)]!++
    })
    counted = text
  }
  const own = new Map<number, number>()
  let words = 0
  eachStem(text, from, to, (hash) => {
    own.set(hash, (own.get(hash) ?? 0) + 1)
    words++
  })
  if (words < 2 || text.length - (to - from) < MIN_REST) return -1
  let strange = 0
  for (const [hash, count] of own) if (counts[slotOf(hash)]! <= count) strange++
  return strange / own.size
}
/** Characters of other text below which there is no topic. */
const MIN_REST = 80
