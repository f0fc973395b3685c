/** Whitespace that pushes what follows out of sight: a run of 200 and more blanks and line breaks between two pieces of text. */
import type { Classifier, Hit, Reading, Subject, Surface } from '../classifier.ts'
import { TRAIT } from '../traits.ts'

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
const RUN_CHARACTERS = 200
/** What is fetched may be a page full of layout: only a far longer run is odd there. */
const READ_RUN_CHARACTERS = 2_000

const isBlank = (code: number): boolean =>
  code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000 || (code >= 0x2000 && code <= 0x200b)

export const padding: Classifier = {
  name: 'padding',
  version: '1.0.0',
  surfaces: SURFACES,
  needs: TRAIT.space | TRAIT.lineBreak | TRAIT.nonAscii,
  check(reading: Reading, subject: Subject): readonly Hit[] {
    const { text } = reading
    const isRead = subject.surface === 'result' || subject.surface === 'resource'
    const step = isRead ? READ_RUN_CHARACTERS : RUN_CHARACTERS
    // A run that long covers one of these places: nothing else is looked at.
    for (let at = step - 1; at < text.length; at += step) {
      if (!isBlank(text.charCodeAt(at))) continue
      let start = at
      let end = at + 1
      while (start > 0 && isBlank(text.charCodeAt(start - 1))) start--
      while (end < text.length && isBlank(text.charCodeAt(end))) end++
      if (end - start >= step && start > 0 && end < text.length) {
        const score = isRead ? 0.4 : 0.7
        return [{ class: 'unicode.padding', score, verdict: isRead ? 'benign' : 'suspicious', start, end }]
      }
      at = Math.max(at, end - (end % step))
    }
    return []
  },
}
