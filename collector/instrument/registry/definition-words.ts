/** The words of a definition: folded, so that spacing and case do not count; its name as people read it; the tools it speaks of. */
import { asciiTwin } from '../../scan/classifiers/confusables.ts'
import { trustedName } from '../names.ts'

/** Every word, without case, spacing and punctuation. */
export const foldedWords = (texts: readonly string[]): string =>
  texts
    .join('\n')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** Digits that stand for letters in a name that has letters. */
const DIGIT_TWINS: Readonly<Record<string, string>> = { '0': 'o', '1': 'l' }

/** A renamed or imitated tool keeps this: no case, no separators, look-alikes as the letters they look like. */
export function nameSkeleton(name: string): string {
  const bare = name.normalize('NFKC').replace(/[\s_\-./:\p{Cf}]/gu, '')
  let folded = ''
  for (const letter of bare) folded += asciiTwin(letter) ?? letter
  folded = folded.toLowerCase()
  return /[a-z]/.test(folded) ? folded.replace(/[01]/g, (digit) => DIGIT_TWINS[digit]!) : folded
}

/** What has the form of a name that a program gives: parts joined by `_`, `-`, `.` or humps. Bounded, so that no text costs more than its length. */
const IDENTIFIER =
  /(?<![\w.\-/@])[A-Za-z][A-Za-z0-9]{0,31}(?:(?:[_\-.][A-Za-z0-9]{1,31}){1,8}|(?:(?<=[a-z0-9])[A-Z][a-z0-9]{1,31}){1,8})(?![\w/@])/g
const MAX_MENTIONS = 32
/** Of the words of one definition. */
const READ_CHARACTERS = 16_384

/**
 * Names of tools in these texts: those of this list (`isTool`) as they are; of others only what is joined by `_` or humps and is no
 * parameter, because a hyphen also makes words.
 */
export function mentionsIn(
  texts: readonly string[],
  own: string,
  isTool: (name: string) => boolean,
  isParameter: (name: string) => boolean,
): string[] {
  const found = new Set<string>()
  let room = READ_CHARACTERS
  for (const text of texts) {
    const read = text.slice(0, room)
    room -= read.length
    for (const [name] of read.matchAll(IDENTIFIER)) {
      if (name === own || found.size >= MAX_MENTIONS) continue
      if (
        isTool(name) ||
        (/^[a-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+|[A-Z])/.test(name) && !name.includes('.') && !isParameter(name))
      )
        found.add(trustedName(name).slice(0, 128))
    }
    if (room === 0) break
  }
  return [...found].sort()
}
