/**
 * Words that look like ASCII and are not: scripts mixed within one word, whole words of look-alikes, fullwidth and mathematical letters
 * (confusables.ts, after UTS #39). Text in Cyrillic, Greek or Japanese, units and single letters of formulas are clean.
 */
import type { Classifier, Hit, Reading, Subject, Surface } from '../classifier.ts'
import { TRAIT } from '../traits.ts'
import { asciiTwin } from './confusables.ts'
import {
  isArmenian,
  isCherokee,
  isCyrillic,
  isEnclosedLetter,
  isFullwidthLetter,
  isGreek,
  isIdeographic,
  isMathLetter,
} from './unicode-ranges.ts'

const SURFACES: ReadonlySet<Surface> = new Set([
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
const WORD = /[\p{L}\p{N}\p{M}_]{2,64}/gu
/** Letters of formulas, units and names of molecules: alone at the edge of a word they are what they are. */
const FORMULA = /^[αβγδεηθικλμνπρστυφχψωΓΔΘΛΞΠΣΦΨΩµ]$/u
const MAX_HITS = 16

interface Scripts {
  ascii: number
  foreign: number
  /** Foreign letters that look like an ASCII letter. */
  twins: number
  formula: boolean
  fullwidth: number
  math: number
  latinTwin: number
}

export const homoglyph: Classifier = {
  name: 'homoglyph',
  version: '1.0.0',
  surfaces: SURFACES,
  needs: TRAIT.nonAscii,
  check(reading: Reading, subject: Subject): readonly Hit[] {
    const { text } = reading
    if (!NON_ASCII_LETTER.test(text)) return NONE
    const mixed: Hit[] = []
    const whole: { readonly start: number; readonly end: number }[] = []
    /** Words that are plainly of another script: then a mixture may be an ending put to a brand name. */
    let trulyForeign = 0
    let hasIdeographs = false
    const isRead = subject.surface === 'result' || subject.surface === 'resource' || subject.surface === 'error'
    for (const match of text.matchAll(WORD)) {
      const word = match[0]
      if (!NON_ASCII.test(word)) continue
      const start = match.index
      const end = start + word.length
      const scripts = scriptsOf(word)
      if (scripts === undefined) {
        hasIdeographs = true
        continue
      }
      if (scripts.foreign > scripts.twins) trulyForeign++
      const hit = (score: number, kind: string): void => {
        if (mixed.length < MAX_HITS)
          mixed.push({
            class: `homoglyph.${kind}`,
            score,
            verdict: score >= 0.8 ? 'malicious' : score >= 0.5 ? 'suspicious' : 'benign',
            start,
            end,
          })
      }
      if (scripts.foreign > 0 && scripts.ascii > 0 && scripts.foreign === scripts.twins) {
        if (!(scripts.formula && isAtEdge(word))) hit(0.9, 'mixed_script')
      } else if (scripts.foreign >= 3 && scripts.foreign === scripts.twins && scripts.ascii === 0)
        whole.push({ start, end })
      else if (scripts.math >= 3) hit(isRead ? 0.4 : 0.8, 'math_alphabet')
      else if (scripts.fullwidth >= 3) hit(isRead ? 0.3 : 0.7, 'fullwidth')
      else if (scripts.latinTwin > 0 && scripts.ascii > 1 && word.includes('_')) hit(0.8, 'latin_twin')
    }
    if (trulyForeign === 0)
      for (const { start, end } of whole.slice(0, MAX_HITS))
        mixed.push({
          class: 'homoglyph.whole_script',
          score: isRead ? 0.5 : 0.8,
          verdict: isRead ? 'suspicious' : 'malicious',
          start,
          end,
        })
    if (mixed.length === 0) return NONE
    return mixed.map((hit) => soften(hit, trulyForeign, hasIdeographs)).filter((hit) => hit.score >= 0.3)
  },
}

const NONE: readonly Hit[] = []
const NON_ASCII = /[^\x00-\x7f]/
/** Scripts with look-alikes; anything else cannot be found here. */
const NON_ASCII_LETTER =
  /[\u0131\u0180-\u02af\u0370-\u0587\u13a0-\u13ff\u1d00-\u1d7f\u24b6-\u24e9\uab70-\uabbf\uff21-\uff5a\u{1d400}-\u{1d7cb}\u{1f130}-\u{1f189}]/u

/** Among real text of that script a mixture is often an ending; among ideographs fullwidth letters are usual. */
function soften(hit: Hit, trulyForeign: number, hasIdeographs: boolean): Hit {
  const usual =
    (hit.class === 'homoglyph.mixed_script' && trulyForeign >= 4) ||
    (hit.class === 'homoglyph.fullwidth' && hasIdeographs)
  return usual ? { ...hit, score: 0.2, verdict: 'benign' } : hit
}

/** Letters by script; undefined for words with ideographs or kana. */
function scriptsOf(word: string): Scripts | undefined {
  const scripts: Scripts = { ascii: 0, foreign: 0, twins: 0, formula: true, fullwidth: 0, math: 0, latinTwin: 0 }
  for (const letter of word) {
    const code = letter.codePointAt(0)!
    if (code < 128) {
      if ((code | 32) >= 97 && (code | 32) <= 122) scripts.ascii++
    } else if (isCyrillic(code) || isGreek(code) || isArmenian(code) || isCherokee(code)) {
      scripts.foreign++
      if (asciiTwin(letter) !== undefined) scripts.twins++
      if (!FORMULA.test(letter)) scripts.formula = false
    } else if (isFullwidthLetter(code)) scripts.fullwidth++
    else if (isMathLetter(code) || isEnclosedLetter(code)) scripts.math++
    else if (isIdeographic(code)) return undefined
    else if (asciiTwin(letter) !== undefined) scripts.latinTwin++
  }
  return scripts
}

/** All foreign letters stand at one end of the word: `TNFα`, `βlactam`. */
const isAtEdge = (word: string): boolean => /^[^\x00-\x7f]{1,2}[\x00-\x7f]+$|^[\x00-\x7f]+[^\x00-\x7f]{1,2}$/.test(word)
