/** Answers of pure functions by their text: names, hosts and paths of a server come again with every call. */

/** Longer texts are hardly repeated, and callers choose them: they are not kept. */
const KEPT_CHARACTERS = 64
const KEPT_ANSWERS = 1_024

/** `answer`, asked once per text as long as there is room; what is full is emptied. */
export function remembered<T>(answer: (text: string) => T): (text: string) => T {
  const known = new Map<string, { readonly is: T }>()
  return (text) => {
    if (text.length > KEPT_CHARACTERS) return answer(text)
    const kept = known.get(text)
    if (kept !== undefined) return kept.is
    if (known.size >= KEPT_ANSWERS) known.clear()
    const is = answer(text)
    known.set(copyOf(text), { is })
    return is
  }
}

/** A part of a text keeps the whole of it in memory; this does not. */
export const copyOf = (part: string): string => Buffer.from(part, 'utf16le').toString('utf16le')
