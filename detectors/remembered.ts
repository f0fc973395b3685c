/** Answers that depend on one text alone, remembered: issuers, hosts and scopes are few, and each comes with every event. */

/** Texts remembered; all are forgotten when there are more. */
const MOST = 1_024
/** A longer text is worked out each time, so that what is remembered stays below a megabyte. */
const MAX_CHARS = 512

/** `of` as it is, asked once for each of the texts of late. It must be a function of its text. */
export function remembered<T>(of: (text: string) => T): (text: string) => T {
  const known = new Map<string, { readonly answer: T }>()
  return (text) => {
    if (text.length > MAX_CHARS) return of(text)
    let entry = known.get(text)
    if (entry === undefined) {
      entry = { answer: of(text) }
      if (known.size >= MOST) known.clear()
      known.set(text, entry)
    }
    return entry.answer
  }
}
